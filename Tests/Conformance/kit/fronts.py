"""Proxies in front of the server under test: nginx and haproxy, each telling what it sent on."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .wire import address

NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    log_format sent '$upstream_addr $upstream_http_x_oss_request_id $request';
    access_log {folder}/front.log sent;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_header_timeout 2s;
    client_body_timeout 2s;
    upstream store {{
        server {store};
        keepalive 4;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://store;
            proxy_http_version 1.1;
            proxy_request_buffering {buffering};
            proxy_next_upstream off;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""

HAPROXY = """
global
    log stdout format raw local0
defaults
    mode http
    option http-keep-alive
    timeout connect 5s
    timeout client 2s
    timeout server 10s
    http-reuse always
frontend front
    bind 127.0.0.1:{port}
    log global
    declare capture response len 64
    http-response capture res.hdr(x-oss-request-id) id 0
    log-format "%s %[capture.res.hdr(0)] %{{+Q}}r"
    default_backend store
backend store
    retries 0
    {checks}
    server store {store}
"""


@dataclass(frozen=True)
class Sent:
    """A request that a proxy sent on: its request line, and the ID in the answer, which may have been cut off."""

    line: str
    request_id: str | None


class Front:
    """A proxy that runs."""

    def __init__(self, kind: str, folder: Path, endpoint: str):
        self.kind, self.folder = kind, folder
        host, port = address(endpoint)
        folder.mkdir(parents=True)
        self.endpoint = f"http://127.0.0.1:{_free_port()}"
        name, _, way = kind.partition(" ")
        fields = {"folder": folder, "port": address(self.endpoint)[1], "store": f"{host}:{port}"}
        program = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        assert program is not None, f"{name} is not installed; scripts/setup --tests installs it"
        configuration = folder / "configuration"
        if name == "nginx":
            configuration.write_text(NGINX.format(buffering="on" if way == "buffering" else "off", **fields))
            command = [program, "-c", str(configuration), "-p", str(folder), "-e", str(folder / "error.log")]
        else:
            checks = "option http-buffer-request" if way == "buffering" else ""
            configuration.write_text(HAPROXY.format(checks=checks, **fields))
            command = [program, "-db", "-f", str(configuration)]
        self._log = folder / "front.log"
        with open(folder / ("output.log" if name == "nginx" else "front.log"), "wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(address(self.endpoint), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < deadline, self._said
                time.sleep(0.02)

    @property
    def _said(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))

    def sent(self) -> list[Sent]:
        """What it sent on so far; what it answered itself is left out."""
        found = []
        for line in self._log.read_text(errors="replace").splitlines():
            match = re.match(r"(\S+) (\S+) \"?([A-Z]+ .*?)\"?$", line)
            if match is None or match[1] in ("-", "<NOSRV>"):
                continue
            found.append(Sent(match[3], None if match[2] == "-" else match[2]))
        return found

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
