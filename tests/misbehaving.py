"""An HTTP server on loopback that behaves as badly as the network of a venue."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread

Answer = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request; looks its answer up in the server's routes."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        with self.server.guard:
            self.server.asked.append((self.path, self.headers.get("Range", "")))
            self.count = sum(path == self.path for path, _ in self.server.asked)
        self.server.routes.get(self.path, missing)(self)

    do_HEAD = do_GET

    def head(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True

    def part(self, body: bytes, ranges: bool) -> bytes:
        """Send the head for `body`, or for the part that was asked for; what is to follow."""
        start = self.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
        if ranges and start and int(start) >= len(body):
            self.head(416, 0)
            return b""
        if ranges and start:
            rest = body[int(start):]
            self.head(206, len(rest), Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
            return rest
        self.head(200, len(body))
        return body

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """`routes` maps a path to its answer; `asked` holds (path, Range header) of every request so far."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.routes: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []
        self.guard = Lock()
        self.waiting = Event()   # set when an answer has come to its slow place
        self.released = Event()  # ends every slow place

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """A client that went away is what the tests are about."""

    def paths(self) -> list[str]:
        with self.guard:
            return [path for path, _ in self.asked]

    def index(self, project: str, *links: str) -> None:
        """Serve the page of a project in a simple index at /simple: links are `href` or whole `<a>` tags."""
        tags = [link if link.startswith("<") else f'<a href="{link}">{link.split("#")[0].rsplit("/")[-1]}</a>'
                for link in links]
        self.routes[f"/simple/{project}/"] = whole("<!DOCTYPE html><html><body>" + "\n".join(tags), "text/html")


@contextmanager
def serving() -> Iterator[Server]:
    """A server at work; every thread of it has ended afterwards."""
    server = Server()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def missing(request: Request) -> None:
    request.head(404, 0)


def whole(body: bytes | str, kind: str = "application/octet-stream") -> Answer:
    """All of it, without ranges."""
    data = body.encode() if isinstance(body, str) else body

    def answer(request: Request) -> None:
        request.head(200, len(data), Content_Type=kind)
        request.wfile.write(data)

    return answer


def busy(status: int, times: int, then: Answer) -> Answer:
    """Refuse the first `times` requests."""

    def answer(request: Request) -> None:
        if request.count <= times:
            request.head(status, 0)
        else:
            then(request)

    return answer


def endless(body: bytes) -> Answer:
    """No length; the end of the connection is the end of the file."""

    def answer(request: Request) -> None:
        request.head(200, None, Connection="close")
        request.wfile.write(body)
        request.hang_up()

    return answer


def cut(body: bytes, at: int, *, times: int = 1, ranges: bool = True, later: bytes | None = None) -> Answer:
    """Hang up after `at` bytes, `times` times; serve ranges or not; of `later` from the second request on."""

    def answer(request: Request) -> None:
        rest = request.part(body if request.count == 1 or later is None else later, ranges)
        request.wfile.write(rest[:at] if request.count <= times else rest)
        if request.count <= times:
            request.hang_up()

    return answer


def slow(body: bytes, at: int) -> Answer:
    """Fall silent after `at` bytes until the server is released."""

    def answer(request: Request) -> None:
        request.head(200, len(body))
        request.wfile.write(body[:at])
        request.wfile.flush()
        request.server.waiting.set()
        request.server.released.wait(60)
        request.hang_up()

    return answer


def silent(request: Request) -> None:
    """Accept the request and say nothing at all until the server is released."""
    request.server.waiting.set()
    request.server.released.wait(60)
    request.hang_up()
