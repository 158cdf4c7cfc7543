"""A proxy between a gateway and its store that cuts, delays, doubles or refuses a share of all requests."""

from __future__ import annotations

import http.client
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "proxy-connection", "te", "upgrade"}


class FaultProxy:
    """Runs while it is entered; `share` of all requests suffer from each of the four faults."""

    def __init__(self, target: str, seed: int, share: float, delay_seconds: float):
        self.share = share
        self.faults = 0
        self._delay_seconds = delay_seconds
        self._random = random.Random(f"{seed}/proxy")
        self._lock = threading.Lock()
        self._target = target.split("://")[1]
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (ConnectionError, TimeoutError):
                    self.close_connection = True

            def __getattr__(self, name: str):
                if name.startswith("do_"):
                    return self._forward
                raise AttributeError(name)

            def _forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = proxy._draw()
                if fault == "refused":
                    self.send_response(503)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if fault == "cut" and proxy._flip():
                    # Half of those that are cut never reach the store.
                    self.close_connection = True
                    return
                if fault == "delayed":
                    time.sleep(proxy._delay_seconds)
                for _ in range(2 if fault == "doubled" else 1):
                    status, headers, answer = proxy._ask(self.command, self.path, self.headers, body)
                if fault == "cut":
                    self.close_connection = True
                    return
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in _HOP_BY_HOP:
                        self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FaultProxy:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _draw(self) -> str | None:
        with self._lock:
            number = self._random.random()
            for index, fault in enumerate(("cut", "delayed", "doubled", "refused")):
                if number < (index + 1) * self.share:
                    self.faults += 1
                    return fault
            return None

    def _flip(self) -> bool:
        with self._lock:
            return self._random.random() < 0.5

    def _ask(self, method: str, path: str, headers, body: bytes):
        connection = http.client.HTTPConnection(self._target, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()
