"""Find one distribution where the user's pip would look for it. It is found here, never built or run."""

import ast
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx2
from unearth import Link, PackageFinder
from unearth.collector import is_secure_origin
from unearth.fetchers import Fetcher

from models.card import PackageMember
from models.download import Client, host
from models.progress import Progress

log = logging.getLogger(__name__)
logging.getLogger("unearth").setLevel(logging.ERROR)   # an index without the project is no news

PIP_S = 20.0   # longest wait for `pip config list`

# sections of pip's configuration, weakest first: what holds for `pip install` holds here
SECTIONS = ("global", "install", "download", ":env:")


@dataclass(frozen=True, slots=True)
class Indexes:
    """Where packages come from. An empty `indexes` without `find_links` means the default index."""

    indexes: tuple[str, ...] = ()       # URLs or folders of simple indexes
    find_links: tuple[str, ...] = ()    # URLs or folders of plain lists of files
    trusted: tuple[str, ...] = ()       # hosts whose certificates are not checked
    cert: str = ""                      # file of certificate authorities
    client_cert: str = ""               # file of the user's own certificate
    proxy: str = ""                     # URL
    default: bool = True                # look into the default index as well

    def client(self, progress: Progress) -> Client:
        """A client with these settings; close it."""
        urls = [index for index in self.indexes if "://" in index]
        return Client(progress, urls, self.trusted, self.cert, self.client_cert, self.proxy)


def read_indexes(
    environ: Mapping[str, str] = os.environ, on_abort: Callable[[Callable[[], None]], None] = lambda _action: None
) -> Indexes:
    """The user's own settings: pip's configuration files, PIP_* and, for the index, UV_*.

    `on_abort` takes what ends the process that is asked for the first of them.
    """
    found = pip_settings(_pip_config(environ, on_abort))
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value

    def words(key: str) -> list[str]:
        return found.get(key, "").split()

    uv_first = [environ[name] for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL") if environ.get(name)]
    uv_more = [word for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL") for word in environ.get(name, "").split()]
    first = words("index-url") + [_unnamed(url) for url in uv_first]
    no_index = found.get("no-index", "").lower() in ("1", "true", "yes", "on")
    return Indexes(
        indexes=() if no_index else tuple(dict.fromkeys(
            first + words("extra-index-url") + [_unnamed(url) for url in uv_more]
        )),
        find_links=tuple(dict.fromkeys(words("find-links") + environ.get("UV_FIND_LINKS", "").split())),
        trusted=tuple(words("trusted-host")),
        cert=found.get("cert", ""),
        client_cert=found.get("client-cert", ""),
        proxy=found.get("proxy", ""),
        default=not first and not no_index,
    )


def pip_settings(listing: str) -> dict[str, str]:
    """What `pip config list` says, by option; its lines are `section.option='value'`, others are left out."""
    found: dict[str, str] = {}
    for section in SECTIONS:
        for line in listing.splitlines():
            name, equals, value = line.partition("=")
            where, _, key = name.rpartition(".")
            if equals and where == section:
                try:
                    found[key.lower().replace("_", "-")] = str(ast.literal_eval(value.strip()))
                except (ValueError, SyntaxError):
                    log.debug("pip's setting is not understood: %s", name)
    return found


def _pip_config(environ: Mapping[str, str], on_abort: Callable[[Callable[[], None]], None]) -> str:
    """The output of `pip config list`; "" where there is no pip."""
    if getattr(sys, "frozen", False):   # the executable is this program then, not Python
        return ""
    try:
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "pip", "config", "list"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**environ, "PYTHONIOENCODING": "utf-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ) as asked:
            on_abort(asked.kill)
            try:
                told, _ = asked.communicate(timeout=PIP_S)
            finally:
                asked.kill()   # which does nothing where it has ended
    except (OSError, subprocess.TimeoutExpired) as error:
        log.info("pip's settings cannot be read: %s", error)
        return ""
    return told.decode("utf-8", "replace") if asked.returncode == 0 else ""


def _unnamed(url: str) -> str:
    """The URL of uv's `name=url`; a URL may hold `=` itself, but not before its `://`."""
    name, equals, rest = url.partition("=")
    return rest if equals and name.replace("-", "").replace("_", "").isalnum() else url


def locate(
    package: PackageMember, where: Indexes, client: Client, troubles: list[str]
) -> Iterator[Path | str]:
    """The places that offer this very archive, as files or URLs: folders first, then the others in their order.

    A place that cannot be read adds a clause to `troubles` and the next one is asked.
    """
    places = [(place, "find_links") for place in where.find_links] + [(url, "index") for url in where.indexes]
    if where.default:
        places.append(("", "index"))
    places.sort(key=lambda place: not _is_local(place[0]))   # stable: the order within each stays
    seen: set[str] = set()
    for place, kind in places:
        for link in _links(package, place, kind, client, troubles):
            if link.filename != package.archive or link.url_without_fragment in seen:
                continue
            seen.add(link.url_without_fragment)
            stated = (link.hash_option or {}).get("sha256", [package.sha256])
            if package.sha256.lower() not in (value.lower() for value in stated):
                troubles.append(f"{_name(place)} has another file under that name")
            elif not link.is_file:
                yield link.url_without_fragment
            elif link.file_path.is_file():
                yield link.file_path


def _links(package: PackageMember, place: str, kind: str, client: Client, troubles: list[str]) -> list[Link]:
    """Every distribution of the project that `place` lists; "" is the default index."""
    client.trouble = ""
    # What this machine could install does not matter: no line of the package will run.
    finder = PackageFinder(
        session=cast(Fetcher, client), ignore_compatibility=True,
        index_urls=[place] if place and kind == "index" else (),
        find_links=[place] if place and kind == "find_links" else (),
    )
    try:
        links = [found.link for found in finder.find_all_packages(package.project, allow_yanked=True)]
    except httpx2.HTTPError:
        troubles.append(client.trouble or f"{_name(place)} cannot be read")
        return []
    except (OSError, ValueError, LookupError, httpx2.InvalidURL) as error:   # no such folder, not a page
        log.info("%s is left out: %s", _name(place), error)
        troubles.append(f"{_name(place)} cannot be read")
        return []
    if not links and place and not _is_local(place) and not is_secure_origin(cast(Fetcher, client), Link(place)):
        troubles.append(f"{_name(place)} is left out, as it is neither https nor one of pip's trusted hosts")
    elif not links and client.trouble:
        troubles.append(client.trouble)
    return links


def _is_local(place: str) -> bool:
    return place.startswith("file:") or (bool(place) and "://" not in place)


def _name(place: str) -> str:
    """A place as a message may show it, without any password."""
    return host(place) if place else "the default index"
