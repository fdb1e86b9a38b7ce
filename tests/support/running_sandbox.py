"""A sandbox as its users have it: a process of its own behind a port, and somebody to receive its webhooks."""

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from support.ports import free_port

START_SECONDS = 60.0
ANSWER_SECONDS = 30.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class RunningSandbox:
    """Where it is, and its control."""

    url: str
    pid: int
    home: Path
    wires: Mapping[str, str] = field(default_factory=dict)
    """Where vendors are reached over a wire, without a path."""

    @property
    def replicate(self) -> str:
        """The base address of the simulated Replicate, as a client is given it."""
        return f"{self.url}/replicate"

    def set(self, **options: Any) -> None:
        """`PUT /sandbox/replicate`"""
        httpx.put(f"{self.url}/sandbox/replicate", json=options, timeout=ANSWER_SECONDS).raise_for_status()

    def set_wire(self, vendor: str, **options: Any) -> None:
        """`PUT /sandbox/wire`"""
        body = {"vendor": vendor, **options}
        httpx.put(f"{self.url}/sandbox/wire", json=body, timeout=ANSWER_SECONDS).raise_for_status()

    def calls(self, **query: Any) -> list[dict[str, Any]]:
        """`GET /sandbox/calls`"""
        answer = httpx.get(f"{self.url}/sandbox/calls", params=query, timeout=ANSWER_SECONDS)
        found: list[dict[str, Any]] = answer.json()["calls"]
        return found


@contextmanager
def running_sandbox(home: Path, **settings: str) -> Iterator[RunningSandbox]:
    """Starts a sandbox (`settings`: by their environment names), waits until it is ready, stops it at the end."""
    port = free_port()
    environment = os.environ | {"DARKROOM_SANDBOX_PORT": str(port), "DARKROOM_SANDBOX_HOME": str(home), **settings}
    with subprocess.Popen([sys.executable, "-m", "darkroom_sandbox"], env=environment) as process:
        try:
            url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + START_SECONDS
            while not _is_ready(url):
                assert process.poll() is None, "the sandbox ended while starting"
                assert time.monotonic() < deadline, "the sandbox is not ready"
                time.sleep(0.05)
            wires = httpx.get(f"{url}/sandbox/wire").json()["wires"]
            yield RunningSandbox(url, process.pid, home, {vendor: wire["url"] for vendor, wire in wires.items()})
        finally:
            process.terminate()
            process.wait(timeout=STOP_SECONDS)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


@dataclass(frozen=True)
class Received:
    """One webhook as it arrived."""

    path: str
    headers: dict[str, str]
    body: str
    at: float


@dataclass
class WebhookReceiver:
    """Takes webhooks; answers 200, or first what stands in `answers`."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: deque[int] = field(default_factory=deque)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int, *, within_seconds: float = 60) -> list[Received]:
        """The webhooks, once there are `count`."""
        with self.changed:
            arrived = self.changed.wait_for(lambda: len(self.received) >= count, within_seconds)
            assert arrived, f"{len(self.received)} of {count} webhooks came"
            return list(self.received)


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """A receiver behind a port of its own."""
    receiver = WebhookReceiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            with receiver.changed:
                receiver.received.append(Received(self.path, dict(self.headers.items()), body, time.time()))
                status = receiver.answers.popleft() if receiver.answers else 200
                receiver.changed.notify_all()
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # of its own five, one too many would be let in a second later

    server = Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?token=t0k"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
