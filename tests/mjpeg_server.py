"""An MJPEG server on loopback that can stall, die, come back, and repeat one picture."""

import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def noise(index: int, size: tuple[int, int] = (160, 120)) -> NDArray[np.uint8]:
    """A picture that differs from every other, as a camera's always does. `size` is (width, height)."""
    rng = np.random.default_rng(index)
    small = rng.integers(40, 255, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    return cv2.resize(small, size, interpolation=cv2.INTER_NEAREST)


class MjpegServer:
    """Serves `url`. Set `stalled`, `repeating` or `black` at any time; `die` and `revive` it."""

    def __init__(self, fps: float = 30.0) -> None:
        self.period_s = 1 / fps
        self.stalled, self.repeating, self.black = Event(), Event(), Event()
        self.mute = Event()          # accepts a connection and never says a word
        self.requests = 0
        self.port = 0
        self._server: Server | None = None
        self.revive()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/camera.mjpg"

    def revive(self) -> None:
        """Listen, on the same port as before."""
        self._server = Server(self, self.port)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=(0.02,), name="mjpeg server", daemon=True).start()

    def die(self) -> None:
        """Cut every connection and refuse new ones."""
        server, self._server = self._server, None
        if server:
            server.gone.set()
            server.shutdown()
            server.cut()
            server.server_close()

    def __enter__(self) -> "MjpegServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.die()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, owner: MjpegServer, port: int) -> None:
        self.owner = owner
        self.gone = Event()
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def cut(self) -> None:
        for connection in list(self.connections):
            with suppress(OSError):   # it was gone already
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, owner = self.server, self.server.owner
        owner.requests += 1
        while owner.mute.is_set() and not server.gone.wait(0.02):
            pass
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        index = 0
        while not server.gone.wait(owner.period_s):
            if owner.stalled.is_set():
                continue
            if not owner.repeating.is_set():
                index += 1
            picture = np.zeros((120, 160, 3), np.uint8) if owner.black.is_set() else noise(index)
            jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
            self.wfile.write(
                b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(jpeg), jpeg)
            )

    def log_message(self, *_: object) -> None:
        """Quiet."""
