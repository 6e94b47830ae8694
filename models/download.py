"""Bring one file over a bad network: time-outs, retries, resumption, and a way out at any moment."""

import hashlib
import logging
import os
import re
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any
from urllib.parse import urlsplit

import httpx2
from unearth.auth import MultiDomainBasicAuth
from unearth.fetchers import PyPIClient

from models.errors import StoreError
from models.hashes import CHUNK
from models.progress import Progress

log = logging.getLogger(__name__)

CONNECT_S = 10.0              # longest wait for a connection
READ_S = 20.0                 # longest silence of a connection
PAUSES_S = (0.5, 2.0)         # before the second and the third attempt
BUSY = {429, 500, 502, 503, 504}   # answers that may be better a moment later


class Client(PyPIClient):
    """An HTTP client that knows the user's certificates and proxy, tries again, and can be shut any time.

    Args:
        progress: told of retries; when it is given up, every open connection is shut.
        indexes: URLs of package indexes, for the credentials in them.
        trusted: hosts whose certificates are not checked.
        cert: a file of certificate authorities; "" for the system's.
        client_cert: a file with the user's own certificate; "" for none.
        proxy: URL; "" for the one of the environment.
    """

    def __init__(
        self, progress: Progress, indexes: Iterable[str] = (), trusted: Iterable[str] = (),
        cert: str = "", client_cert: str = "", proxy: str = "",
    ) -> None:
        super().__init__(
            trusted_hosts=trusted, verify=_certificates(cert, client_cert), proxy=proxy or None,
            timeout=httpx2.Timeout(READ_S, connect=CONNECT_S), follow_redirects=True,
        )
        self.auth = MultiDomainBasicAuth(prompting=False, index_urls=indexes)
        self.trouble = ""   # why the last request came to nothing, a clause; "" also when nothing is there
        self._progress = progress
        self._sockets: list[socket.socket] = []
        progress.on_abort(self._shut)

    def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
        """Send a request, again if the server is silent or busy."""
        request.extensions = {**request.extensions, "trace": self._trace}
        text = self._progress.text
        for attempt, pause_s in enumerate((*PAUSES_S, None), start=2):
            self._progress.check()
            try:
                response = super().send(request, **how)
            except httpx2.TransportError as error:
                self._progress.check()
                self.trouble = describe(error, str(request.url))
                if pause_s is None or isinstance(error, httpx2.ConnectError | httpx2.UnsupportedProtocol):
                    raise
            else:
                self.trouble = "" if response.status_code == 404 else refusal(response)
                if response.status_code not in BUSY or pause_s is None:
                    return response
                response.close()
            self._progress.say(f"{text} (attempt {attempt}: {self.trouble})")
            self._progress.pause(pause_s)
        raise AssertionError("the last attempt returns or raises")

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        """Note the socket of each connection as it is made."""
        stream = info.get("return_value")
        if event.endswith(("connect_tcp.complete", "start_tls.complete")) and stream is not None:
            self._sockets.append(stream.get_extra_info("socket"))

    def _shut(self) -> None:
        """End every wait for a server, whatever thread it is in."""
        for link in list(self._sockets):
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)


def _certificates(cert: str, client_cert: str) -> ssl.SSLContext | bool:
    """What to trust, and who we are; True for the system's certificates."""
    if not cert and not client_cert:
        return True
    try:
        folder = os.path.isdir(cert)
        context = ssl.create_default_context(
            cafile=cert if cert and not folder else None, capath=cert if folder else None
        )
        if client_cert:
            context.load_cert_chain(client_cert)
    except OSError as error:   # ssl's own errors are OSErrors too
        log.warning("%s cannot be read, the system's certificates are used: %s", cert or client_cert, error)
        return True
    return context


def download(
    client: Client, url: str, target: IO[bytes], size: int, sha256: str, name: str, progress: Progress
) -> None:
    """Write what `url` answers into `target`: exactly `size` bytes with this sha256.

    What `target` holds at the beginning is taken for the beginning of the file, left there by a transfer that was cut
    off. One that is cut now goes on where it stopped, if the server can; after three attempts in a row that brought
    nothing new it is given up, and what came stays in `target`. Bytes of another file do not stay. The text of
    `progress` stays, or tells of an attempt.

    Raises:
        StoreError: there is no connection, no such file, or it is another file.
        OSError: `target` cannot be written.
    """
    text = progress.text
    digest, have = _already(target, size, progress)
    best, idle = have, 0
    while have < size or digest.hexdigest() != sha256.lower():
        if have == size:   # whole already, and another file
            digest, have = _anew(target)
        progress.say(text, size)
        progress.done = start = have
        answered, why = False, f"{host(url)} cut the connection"
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        try:
            with client.stream("GET", url, headers=headers) as response:
                answered = True
                _check(response, size, name)
                progress.say(text, size)   # the client may have spoken of its own attempts
                if not _goes_on(response, start):
                    digest, have = _anew(target)
                    start = 0
                for chunk in response.iter_raw() if response.status_code < 300 else ():
                    progress.check()
                    have += len(chunk)
                    if have > size:
                        _anew(target)
                        raise _wrong_size(name, url, f"more than {size:,}", size)
                    target.write(chunk)
                    digest.update(chunk)
                    progress.done = have
        except httpx2.TransportError as error:
            progress.check()
            why = describe(error, url)
            if not answered:   # the client has tried often enough
                raise _no_use(name, why) from error
        except (httpx2.InvalidURL, httpx2.TooManyRedirects) as error:
            raise StoreError(f"{name} cannot be fetched: {error}.", "Correct the URL in the card.") from error
        if have == size:
            if digest.hexdigest() == sha256.lower():
                return
            if not start:
                _anew(target)
                raise StoreError(
                    f"{name} from {host(url)} is not the file that the card names: its sha256 is "
                    f"{digest.hexdigest()[:16]}…, not {sha256[:16].lower()}….",
                    "It may have been replaced there: do not use it, or correct the card if you trust it.",
                )
            digest, have = _anew(target)   # the rest may be that of another file: once more, whole
        idle = 0 if have > best else idle + 1
        best = max(best, have)
        if idle > len(PAUSES_S):
            raise _no_use(name, f"{why} after {best:,} of {size:,} bytes")
        progress.say(f"{text} (going on: {why})", size)
        progress.done = have
        progress.pause(PAUSES_S[max(idle - 1, 0)])


def _already(target: IO[bytes], size: int, progress: Progress) -> "tuple[hashlib._Hash, int]":
    """The hash and the number of the bytes that `target` holds; it is left at its end."""
    digest, have = hashlib.sha256(), 0
    target.seek(0)
    while chunk := target.read(CHUNK):
        progress.check()
        digest.update(chunk)
        have += len(chunk)
    return (digest, have) if have <= size else _anew(target)


def _anew(target: IO[bytes]) -> "tuple[hashlib._Hash, int]":
    """Empty `target`; what belongs to nothing."""
    target.seek(0)
    target.truncate()
    return hashlib.sha256(), 0


def _check(response: httpx2.Response, size: int, name: str) -> None:
    """Look at the head of an answer.

    Raises:
        StoreError: it is of no use, and another attempt would not help.
    """
    status, url = response.status_code, str(response.url)
    if status >= 400 and status != 416:   # 416: nothing after this offset; begins anew
        if status in (401, 403, 407):
            raise _no_use(name, refusal(response), "Sign in there (netrc, or pip's index URL).")
        raise _no_use(name, refusal(response), "Try again later.")
    length = response.headers.get("Content-Length", "")
    if status == 200 and length.isdecimal() and int(length) != size:
        raise _wrong_size(name, url, f"{int(length):,}", size)


def _goes_on(response: httpx2.Response, offset: int) -> bool:
    """Whether the body begins at `offset`."""
    if not offset:
        return response.status_code != 206
    part = str(response.headers.get("Content-Range", ""))
    return response.status_code == 206 and part.startswith(f"bytes {offset}-")


def _no_use(name: str, why: str, hint: str = "Check the network and try again.") -> StoreError:
    return StoreError(f"{name} could not be fetched: {why}.", hint)


def _wrong_size(name: str, url: str, found: str, size: int) -> StoreError:
    return StoreError(
        f"{name} from {host(url)} has {found} bytes, not the {size:,} that the card states.",
        "It may have been replaced there, or a sign-in page stands in its place.",
    )


def refusal(response: httpx2.Response) -> str:
    """A clause for an answer that is none: "127.0.0.1:80 answers 404 (Not Found)"; "" for a good one."""
    if response.status_code < 400:
        return ""
    reason = f" ({response.reason_phrase})" if response.reason_phrase else ""
    return f"{host(str(response.url))} answers {response.status_code}{reason}"


def describe(error: httpx2.TransportError, url: str) -> str:
    """A clause for a connection that failed."""
    there = host(url)
    if isinstance(error, httpx2.ConnectTimeout):
        return f"{there} did not answer within {CONNECT_S:.0f} s"
    if isinstance(error, httpx2.TimeoutException):
        return f"{there} fell silent for {READ_S:.0f} s"
    if isinstance(error, httpx2.ConnectError | httpx2.ProxyError):
        if "CERTIFICATE" in str(error):
            return f"no connection to {there}, as its certificate is not trusted here (pip's option cert may help)"
        return f"no connection to {there} ({re.sub(r'^.Errno -?[0-9]+. ', '', str(error)).rstrip('.')})"
    if isinstance(error, httpx2.UnsupportedProtocol):
        return f"no connection to {there} (only http and https addresses can be fetched)"
    return f"{there} cut the connection"


def host(url: str) -> str:
    """The server of a URL, without any password; the URL itself if it names none."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or url


def megabytes(size: int) -> str:
    """A size in bytes as people read it: "4.7 MB", "1.9 kB"."""
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
