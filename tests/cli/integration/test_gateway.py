"""The one Caddyfile, run by the real Caddy before small servers that say who they are."""

import asyncio
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psutil
import pytest
from darkroom_cli.settings import SERVICES
from darkroom_cli.stack import gateway
from darkroom_cli.stack.assemble import GATEWAY_FOLDER, PAGES_FOLDER
from darkroom_cli.stack.ports import Ports
from darkroom_cli.stack.probes import ask_all
from support.home import wait_until
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

MEGABYTE = 1_000_000


class Replica(ThreadingHTTPServer):
    """Answers every request with its own name and the path it saw."""

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.name = name
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Echo(BaseHTTPRequestHandler):
    server: Replica

    def do_GET(self) -> None:
        if self.headers.get("transfer-encoding") == "chunked":
            while size := int(self.rfile.readline() or b"0", 16):
                self.rfile.read(size + len(b"\r\n"))
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("x-from", self.server.name)
        self.send_header("x-path", self.path)
        self.send_header("x-host", self.headers["host"])
        self.end_headers()

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@dataclass(frozen=True)
class Front:
    """A running gateway and what stands behind it."""

    url: str
    pid: int
    replicas: dict[str, list[Replica]]


@contextmanager
def running_gateway(
    folder: Path, replicas: dict[str, list[Replica]], extra: dict[str, list[int]] | None = None
) -> Iterator[Front]:
    """Caddy as `darkroom up` runs it."""
    port = Ports(folder / "ports.json").of("gateway", running=False)
    part = gateway.Gateway(folder=GATEWAY_FOLDER, site=PAGES_FOLDER, data=folder, port=port, program=gateway.program())
    upstreams = {service: [replica.port for replica in found] for service, found in replicas.items()} | (extra or {})
    task = part.task(upstreams, after=())
    with (folder / "gateway.log").open("w") as log:
        process = subprocess.Popen(task.argv, env={**os.environ, **task.env}, stdout=log, stderr=log)
    try:
        assert task.probe is not None
        probe = task.probe
        wait_until(lambda: ask_all({"gateway": probe})["gateway"], "the gateway answers")
        yield Front(url=part.url, pid=process.pid, replicas=replicas)
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    replicas = {service: [Replica(service)] for service in SERVICES}
    replicas["poller"].append(Replica("poller-2"))
    with ExitStack() as cleanup:
        for replica in (one for found in replicas.values() for one in found):
            cleanup.callback(replica.stop)
        yield cleanup.enter_context(running_gateway(tmp_path_factory.mktemp("gateway"), replicas))


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=front.url, timeout=60) as client:
        yield client


def test_the_caddyfile_is_valid_as_it_stands() -> None:
    answer = subprocess.run(
        [str(gateway.program()), "validate", "--adapter", "caddyfile", "--config", str(GATEWAY_FOLDER / "Caddyfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/api/image-optimization", "jobs-api"),
        ("/api/image-optimization/jobs/7?limit=2", "jobs-api"),
        ("/api/products", "jobs-api"),
        ("/api/quote", "jobs-api"),
        ("/api/session", "jobs-api"),
        ("/api/creditsomething", "jobs-api"),
        ("/api/operator/jobs/7/timeline", "jobs-api"),
        ("/download/abc", "jobs-api"),
        ("/api/credits", "credits"),
        ("/api/credits/transactions", "credits"),
        ("/api/plans", "credits"),
        ("/webhooks/stripe", "credits"),
        ("/api/replicate-rate-limiter/stats", "predictor"),
        ("/api/operator/limits", "predictor"),
        ("/api/operator/limits/replicate-1", "predictor"),
        ("/api/operator/tenants", "predictor"),
        ("/api/operator/dead-letters", "predictor"),
        ("/webhooks/replicate/token", "poller"),
        ("/media/results/1.png", "poller"),
        ("/api/notifications", "notifier"),
        ("/api/notifications/preferences", "notifier"),
        ("/webhooks/sendgrid", "notifier"),
        ("/webhooks/twilio", "notifier"),
    ],
)
def test_each_path_has_its_service(client: httpx.Client, path: str, service: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["x-from"].removesuffix("-2") == service
    assert answer.headers["x-path"] == path
    # Sockets check the browser's Origin against the host that it called.
    assert answer.headers["x-host"] == str(client.base_url.netloc, "ascii")


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_described_at_the_one_address(client: httpx.Client, service: str) -> None:
    answer = client.get(f"/docs/{service}/openapi.json")
    assert (answer.headers["x-from"].removesuffix("-2"), answer.headers["x-path"]) == (service, "/openapi.json")


def test_replicas_share_the_load(client: httpx.Client) -> None:
    seen = {client.get("/media/x").headers["x-from"] for _ in range(40)}
    assert seen == {"poller", "poller-2"}


def test_every_address_of_a_page_is_the_one_page_with_a_strict_policy(client: httpx.Client) -> None:
    as_browser = {"accept": "text/html,application/xhtml+xml"}
    first, deep = client.get("/", headers=as_browser), client.get("/ongoing/12", headers=as_browser)
    policy = first.headers["content-security-policy"]
    assert (first.status_code, deep.status_code, deep.text) == (200, 200, first.text)
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert (first.headers["cache-control"], first.headers["x-content-type-options"]) == ("no-cache", "nosniff")


def test_hashed_files_of_the_page_are_kept_for_ever_and_absent_ones_are_absent(client: httpx.Client) -> None:
    (script,) = re.findall(r'src="(/assets/[^"]+\.js)"', client.get("/").text)
    answer = client.get(script, headers={"accept-encoding": "gzip"})
    absent = client.get("/assets/gone.js", headers={"accept": "text/html"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.num_bytes_downloaded) < 200_000
    assert absent.status_code == 404
    assert "immutable" not in absent.headers.get("cache-control", "")


def test_what_is_not_there_is_a_problem(client: httpx.Client) -> None:
    answer = client.get("/no/such/page")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json() == {"type": "about:blank", "title": "Not Found", "status": 404}


def test_too_large_a_body_hurts_nobody_else(client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b"x" * 100_000 for _ in range(15))

    # The server stops reading and closes, so the client may find the connection gone before it reads the answer.
    with suppress(httpx.TransportError):
        answer = client.post("/api/quote", content=chunks(), headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert answer.headers["connection"] == "close"  # else what was not read is taken for the next request
    assert client.get("/api/quote").status_code == 200


@pytest.mark.parametrize(
    ("path", "content_type", "megabytes", "taken"),
    [
        ("/api/quote", "application/json", 0.9, True),
        ("/api/quote", "application/json", 2, False),
        ("/api/images/upload", "multipart/form-data; boundary=x", 20, True),
        ("/api/images/upload", "multipart/form-data; boundary=x", 27, False),
    ],
)
def test_bodies_are_bounded(client: httpx.Client, path: str, content_type: str, megabytes: float, taken: bool) -> None:
    content = b"x" * int(megabytes * MEGABYTE)
    try:
        answer = client.post(path, content=content, headers={"content-type": content_type})
    except httpx.TransportError:
        assert not taken
        return
    assert answer.status_code == (200 if taken else 413)
    assert taken or answer.json()["title"] == "Too large"


def test_it_listens_on_loopback_alone(front: Front) -> None:
    listening = [one.laddr.ip for one in psutil.Process(front.pid).net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


def test_a_dead_replica_is_not_noticed_and_a_dead_service_is_told(tmp_path: Path) -> None:
    first, second = Replica("credits"), Replica("credits-2")
    with running_gateway(tmp_path, {"credits": [first, second]}) as front, httpx.Client(base_url=front.url, timeout=60) as client:
        second.stop()
        assert {client.post("/api/credits").headers["x-from"] for _ in range(20)} == {"credits"}
        first.stop()
        answer = client.post("/api/credits")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["status"] == 503


async def test_sockets_go_through(tmp_path: Path) -> None:
    async def greet(socket: ServerConnection) -> None:
        await socket.send(f"hello {await socket.recv(decode=True)}")

    async with serve(greet, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        with running_gateway(tmp_path, {}, {"notifier": [port]}) as front:
            async with asyncio.timeout(60), connect(front.url.replace("http", "ws") + "/ws") as socket:
                await socket.send("you")
                assert await socket.recv() == "hello you"
