"""A proxy on loopback that makes a server slow, or lets calls fail: before they arrive, or after they were done."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class FaultyProxy:
    """Passes calls on to a server.

    Each takes ``delay`` seconds longer. One of ``every`` fails with status 500: in turn without having reached the
    server, and having been carried out there, so that only its answer is lost. While it is ``down`` nothing arrives.
    The first call that has ``losing`` in its body gets status 503 when it was carried out. Calls of the method and path
    ``holding``, but for the first ``passing`` ones, say that they have ``arrived``, and are passed on once they are
    ``released``; when it is ``over`` by then, their connection ends without an answer.
    """

    def __init__(
        self,
        target: str,
        *,
        delay: float = 0.0,
        every: int = 0,
        losing: bytes = b"",
        holding: str = "",
        passing: int = 0,
    ) -> None:
        self.target, self.delay, self.every, self.losing = urlsplit(target), delay, every, losing
        self.holding, self.arrived, self.released = holding, threading.Event(), threading.Event()
        self.passing = passing
        self.calls, self.failed, self.down, self.over = 0, 0, False, False
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @contextmanager
    def running(self) -> Iterator["FaultyProxy"]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self.over = True
            self.server.shutdown()
            self.server.server_close()
            thread.join()

    def loses(self, body: bytes) -> bool:
        """Whether the answer to this call is the one to be lost."""
        with self.lock:
            found = bool(self.losing) and self.losing in body
            self.losing = b"" if found else self.losing
            return found

    def holds(self, call: str) -> bool:
        """Whether a call, by its method and path, is one of those to be held."""
        with self.lock:
            found = call == self.holding
            self.passing -= found
            return found and self.passing < 0

    def fault(self) -> str:
        """What happens to the next call: nothing, or it is ``unheard``, or its answer ``lost``."""
        with self.lock:
            self.calls += 1
            if not self.every or self.calls % self.every:
                return ""
            self.failed += 1
            return "unheard" if self.failed % 2 else "lost"


class _Handler(BaseHTTPRequestHandler):
    proxy: FaultyProxy
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.proxy.delay)
        if self.proxy.holds(f"{self.command} {self.path}"):
            self.proxy.arrived.set()
            self.proxy.released.wait(60)
        if self.proxy.over:
            self.close_connection = True
            return
        if self.proxy.down:
            self._answer(502, [], b"")
            return
        fault = self.proxy.fault()
        if fault == "unheard":
            self._answer(500, [], b"")
            return
        status, headers, content = self._asked(body)
        if fault == "lost":
            status, headers, content = 500, [], b""
        if self.proxy.loses(body):
            status, headers, content = 503, [], b""
        self._answer(status, headers, content)

    def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(str(self.proxy.target.hostname), self.proxy.target.port, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            connection.request(self.command, self.path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.getheaders(), reply.read()
        except OSError:
            return 502, [], b""
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""
