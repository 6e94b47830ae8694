"""One distribution is found where the user's pip would look, and only that one."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

import httpx2
import misbehaving as bad
import psutil
import pytest

import models.download
from models.card import ModelFile, PackageMember
from models.download import Client, describe, host, megabytes
from models.errors import Cancelled
from models.progress import Progress
from models.registry import Indexes, locate, pip_settings, read_indexes
from models.store import Store

PACKAGE = PackageMember("My.Net", "1.0", "my_net-1.0-cp34-none-plan9.whl", "a" * 64, 10, "my_net/w.bin")
WHEEL = PACKAGE.archive


@pytest.fixture
def server() -> Iterator[bad.Server]:
    with bad.serving() as server:
        yield server


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.download, "PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(models.download, "READ_S", 0.5)
    for name in list(os.environ):   # the settings of whoever runs the tests
        if name.startswith(("PIP_", "UV_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def places(where: Indexes) -> tuple[list[Path | str], list[str]]:
    troubles: list[str] = []
    with where.client(Progress()) as client:
        return list(locate(PACKAGE, where, client, troubles)), troubles


# ---- the user's settings

@pytest.mark.skipif(sys.platform == "win32", reason="a script of a shell of POSIX")
def test_the_question_to_pip_ends_when_the_fetch_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\necho $$ > " + str(tmp_path / "pid") + "\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    store, cancelled, ended = Store(tmp_path / "cache"), Event(), Event()
    file = ModelFile("w.bin", "b" * 64, 10, package=PACKAGE)

    def fetch() -> None:
        with pytest.raises(Cancelled):
            store.get(file, lambda *_: None, cancelled)
        ended.set()

    fetching = Thread(target=fetch)
    fetching.start()
    until = perf_counter() + 5
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert perf_counter() < until
    cancelled.set()
    assert ended.wait(3)
    fetching.join()
    while psutil.pid_exists(int((tmp_path / "pid").read_text())):
        assert perf_counter() < until
    assert store._fetch._indexes is None   # what was ended half-way is asked anew



@pytest.mark.parametrize(
    ("listing", "settings"),
    [
        ("", {}),
        ("nonsense\n= 'x'\nglobal.cert=unquoted", {}),
        ("global.index-url='https://a/simple'", {"index-url": "https://a/simple"}),
        ("global.index_url='a'\ninstall.index-url='b'", {"index-url": "b"}),
        (":env:.index-url='c'\nglobal.index-url='a'\ninstall.index-url='b'", {"index-url": "c"}),
        (r"global.find-links='a\n  b c'", {"find-links": "a\n  b c"}),
        ("freeze.timeout='10'", {}),
        ("global.index-url='https://u:p=w@a/simple?x=1'", {"index-url": "https://u:p=w@a/simple?x=1"}),
    ],
)
def test_pip_settings(listing: str, settings: dict[str, str]) -> None:
    assert pip_settings(listing) == settings


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, Indexes()),
        ({"PIP_INDEX_URL": "https://a/simple"}, Indexes(("https://a/simple",), default=False)),
        ({"PIP_EXTRA_INDEX_URL": "file:///b /c"}, Indexes(("file:///b", "/c"))),
        ({"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/w https://l/", "PIP_INDEX_URL": "https://a"},
         Indexes((), ("/w", "https://l/"), default=False)),
        ({"UV_INDEX_URL": "https://u/simple"}, Indexes(("https://u/simple",), default=False)),
        ({"UV_DEFAULT_INDEX": "ours=https://u/simple", "UV_INDEX": "https://x/?a=b"},
         Indexes(("https://u/simple", "https://x/?a=b"), default=False)),
        ({"PIP_INDEX_URL": "https://a", "UV_INDEX_URL": "https://a"}, Indexes(("https://a",), default=False)),
        ({"PIP_TRUSTED_HOST": "h:8080 i", "PIP_CERT": "/ca.pem", "PIP_CLIENT_CERT": "/me.pem", "PIP_PROXY": "http://p:1"},
         Indexes(trusted=("h:8080", "i"), cert="/ca.pem", client_cert="/me.pem", proxy="http://p:1")),
    ],
    ids=["none", "index", "extra", "no index", "uv", "uv named", "both", "security"],
)
@pytest.mark.parametrize("pip", [True, False], ids=["pip", "no pip"])
def test_settings_of_the_environment(
    environ: dict[str, str], expected: Indexes, pip: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not pip:
        monkeypatch.setattr(sys, "executable", os.devnull)
    assert read_indexes({**os.environ, **environ}) == expected


def test_settings_of_pips_file(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://a/simple\nextra-index-url =\n    https://b/simple\n    file:///c\n"
        "[install]\nfind-links = /wheels\n"
    )
    found = read_indexes({**os.environ, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})
    assert found.indexes == ("https://a/simple", "https://b/simple", "file:///c")
    assert found.find_links == ("/wheels",)


# ---- the archive

def test_nowhere_to_look() -> None:
    assert places(Indexes(default=False)) == ([], [])


def test_an_index_is_asked_for_exactly_this_file(server: bad.Server) -> None:
    server.index(
        "my-net", "/f/my_net-1.0.tar.gz", "/f/my_net-1.0-py3-none-any.whl", "/f/my_net-1.1-cp34-none-plan9.whl",
        f"/f/{WHEEL}",
    )
    assert places(Indexes((server.url + "/simple",), default=False)) == ([f"{server.url}/f/{WHEEL}"], [])
    assert server.paths() == ["/simple/my-net/"]


@pytest.mark.parametrize("attributes", ["", 'data-yanked="broken"', 'data-requires-python="&lt;3"'])
def test_what_pip_would_not_install_can_still_be_read(server: bad.Server, attributes: str) -> None:
    server.index("my-net", f'<a href="/f/{WHEEL}#sha256={"a" * 64}" {attributes}>{WHEEL}</a>')
    assert places(Indexes((server.url + "/simple/",), default=False)) == ([f"{server.url}/f/{WHEEL}"], [])


def test_another_file_under_that_name_is_left(server: bad.Server) -> None:
    server.index("my-net", f"/f/{WHEEL}#sha256={'b' * 64}")
    found, troubles = places(Indexes((server.url + "/simple",), default=False))
    assert found == []
    assert troubles == [f"{host(server.url)} has another file under that name"]


def test_json_indexes(server: bad.Server) -> None:
    server.routes["/simple/my-net/"] = bad.whole(
        f'{{"files": [{{"url": "../../f/{WHEEL}", "filename": "{WHEEL}", "hashes": {{"sha256": "{"A" * 64}"}}}}]}}',
        "application/vnd.pypi.simple.v1+json",
    )
    assert places(Indexes((server.url + "/simple",), default=False)) == ([f"{server.url}/f/{WHEEL}"], [])


@pytest.mark.parametrize("as_url", [False, True], ids=["path", "file URL"])
def test_folders(tmp_path: Path, as_url: bool) -> None:
    wheels, index = tmp_path / "my wheels", tmp_path / "simple"
    (index / "my-net").mkdir(parents=True)
    wheels.mkdir()
    for path in (wheels / WHEEL, wheels / "other-1.0.tar.gz", index / "my-net" / WHEEL):
        path.write_bytes(b"")
    (index / "my-net" / "index.html").write_text(f'<a href="{WHEEL}">{WHEEL}</a><a href="absent/{WHEEL}">{WHEEL}</a>')

    def name(path: Path) -> str:
        return path.as_uri() if as_url else str(path)

    found, troubles = places(Indexes((name(index),), (name(wheels),), default=False))
    assert found == [wheels / WHEEL, index / "my-net" / WHEEL]
    assert troubles == []


def test_a_list_of_files_on_the_net(server: bad.Server) -> None:
    server.routes["/list.html"] = bad.whole(f'<a href="f/{WHEEL}">x</a><a href="f/zebra-1.tar.gz">x</a>', "text/html")
    found, _ = places(Indexes(find_links=(server.url + "/list.html",), default=False))
    assert found == [f"{server.url}/f/{WHEEL}"]


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (bad.missing, ""),
        (bad.busy(503, 9, bad.missing), "answers 503"),
        (bad.busy(403, 9, bad.missing), "answers 403"),
        (bad.silent, "fell silent"),
        (bad.cut(b"<html>" * 100, 9, times=9), "cut the connection"),
        (bad.whole("{", "application/vnd.pypi.simple.v1+json"), "cannot be read"),
        (bad.whole(b"\xff\0\xff", "text/html"), "cannot be read"),
    ],
    ids=["404", "503", "403", "silent", "cut", "json", "bytes"],
)
def test_a_broken_index_does_not_break_the_others(server: bad.Server, answer: bad.Answer, trouble: str) -> None:
    server.index("my-net", f"/f/{WHEEL}")
    server.routes["/bad/my-net/"] = answer
    urls = (server.url + "/bad", server.url + "/simple")
    found, troubles = places(Indexes(urls, ("/no/such/folder",), default=False))
    assert found == [f"{server.url}/f/{WHEEL}"]
    assert troubles[0] == "/no/such/folder cannot be read"
    assert len(troubles) == 1 + bool(trouble)
    assert trouble in troubles[-1]


def test_an_index_that_is_busy_for_a_moment(server: bad.Server) -> None:
    server.index("my-net", f"/f/{WHEEL}")
    server.routes["/simple/my-net/"] = bad.busy(503, 2, server.routes["/simple/my-net/"])
    assert places(Indexes((server.url + "/simple",), default=False)) == ([f"{server.url}/f/{WHEEL}"], [])


@pytest.mark.parametrize("trusted", [(), ("packages.invalid",)], ids=["plain", "trusted"])
def test_plain_http_wants_trust(trusted: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = record(monkeypatch)
    _, troubles = places(Indexes(("http://packages.invalid/simple",), trusted=trusted, default=False))
    assert bool(asked) == bool(trusted)
    assert ("trusted hosts" in troubles[0]) != bool(trusted)


def record(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No request leaves; their URLs."""
    asked: list[str] = []

    def handle(self: object, request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        raise httpx2.ConnectError("no network here", request=request)

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", handle)
    return asked


def test_without_settings_the_default_index_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = record(monkeypatch)
    found, troubles = places(Indexes())
    assert found == []
    assert len(asked) == 1
    assert asked[0].startswith("https://")
    assert asked[0].endswith("/my-net/")
    assert troubles == [f"no connection to {host(asked[0])} (no network here)"]


def test_passwords_are_used_but_never_shown(server: bad.Server) -> None:
    seen: list[str | None] = []

    def refuse(request: bad.Request) -> None:
        seen.append(request.headers.get("Authorization"))
        request.head(401, 0)

    server.routes["/simple/my-net/"] = refuse
    url = server.url.replace("//", "//me:secret@") + "/simple"
    _, troubles = places(Indexes((url,), default=False))
    assert seen[0] == "Basic bWU6c2VjcmV0"
    assert troubles == [f"{host(server.url)} answers 401 (Unauthorized)"]


def test_a_proxy_is_used(server: bad.Server) -> None:
    url = "http://packages.invalid/simple/my-net/"
    server.routes[url] = bad.whole(f'<a href="/f/{WHEEL}">x</a>', "text/html")
    with Client(Progress(), proxy=server.url) as client:
        assert client.get(url).status_code == 200


def test_certificates_that_cannot_be_read_are_told(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for cert in (tmp_path / "absent.pem", tmp_path / "ca.pem"):
        caplog.clear()
        Client(Progress(), cert=str(cert)).close()
        assert cert.name in caplog.text


def test_a_client_that_was_given_up_sends_nothing(server: bad.Server) -> None:
    progress = Progress()
    with Client(progress) as client:
        progress.abort()
        with pytest.raises(Cancelled):
            client.get(server.url)
    assert server.paths() == []


@pytest.mark.parametrize(
    ("error", "clause"),
    [
        (httpx2.ConnectError("refused."), "no connection to h:1 (refused)"),
        (httpx2.ConnectError("[Errno -2] Name or service not known"), "no connection to h:1 (Name or"),
        (httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] …"), "certificate is not trusted"),
        (httpx2.ConnectTimeout("timed out"), "h:1 did not answer within 10 s"),
        (httpx2.ReadError(""), "h:1 cut the connection"),
    ],
)
def test_a_failed_connection_in_words(error: httpx2.TransportError, clause: str) -> None:
    assert clause in describe(error, "https://me:secret@h:1/simple")
    assert "secret" not in describe(error, "https://me:secret@h:1/simple")


@pytest.mark.parametrize(("size", "text"), [(0, "0.0 kB"), (1914, "1.9 kB"), (4_695_799, "4.7 MB")])
def test_sizes_as_people_read_them(size: int, text: str) -> None:
    assert megabytes(size) == text
