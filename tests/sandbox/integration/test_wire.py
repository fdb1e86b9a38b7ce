"""The wire in front of a vendor: silent, cut and late, over plain TCP and below TLS."""

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support.ports import free_port
from support.running_sandbox import RunningSandbox, running_sandbox

CREATE = "/replicate/v1/models/google/nano-banana/predictions"
BODY = {"input": {"prompt": "white background"}}
KEY = {"authorization": "Bearer r8_wire_wire"}
SHORT_SECONDS = 0.3
"""How long a silent answer is waited for: long enough that a whole answer would have come."""


@pytest.fixture(scope="module", params=["plain", "tls"])
def wired_process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    settings = {"DARKROOM_SANDBOX_WIRES": json.dumps({"replicate": free_port(), "stripe": free_port()})}
    home = tmp_path_factory.mktemp("sandbox")
    if request.param == "tls":
        settings["DARKROOM_SANDBOX_TLS"] = "1"
    with running_sandbox(home, **settings) as running:
        yield running


@pytest.fixture
def wired(wired_process: RunningSandbox) -> RunningSandbox:
    httpx.post(f"{wired_process.url}/sandbox/reset").raise_for_status()
    wired_process.set(image="instant", seconds=0, createSeconds=0)
    return wired_process


@pytest.fixture
def trusting(wired: RunningSandbox) -> ssl.SSLContext | bool:
    """What a client is to trust: the sandbox' own authority, and nobody else."""
    over_tls = wired.wires["replicate"].startswith("https:")
    return ssl.create_default_context(cafile=wired.home / "ca.pem") if over_tls else True


@pytest.fixture
def client(wired: RunningSandbox, trusting: ssl.SSLContext | bool) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=wired.wires["replicate"], headers=KEY, verify=trusting, timeout=30, trust_env=False) as made:
        yield made


def made(wired: RunningSandbox) -> int:
    """How many creations arrived at the vendor."""
    return len(wired.calls(kind="create"))


def test_a_wire_carries_everything_both_ways(client: httpx.Client, wired: RunningSandbox) -> None:
    large = "data:image/png;base64," + "A" * 3_000_000
    done = client.post(CREATE, json={"input": {"prompt": "x", "image_input": [large]}}, headers={"prefer": "wait"}).json()
    assert done["urls"]["get"].startswith(wired.wires["replicate"]), "the vendor names itself as it is reached"
    assert done["output"].startswith(f"{wired.wires['replicate']}/replicate/delivery/")
    assert client.get(done["urls"]["get"]).json()["status"] == "succeeded"
    assert client.get(done["output"]).content.startswith(b"\xff\xd8\xff")


def test_a_silent_answer_leaves_a_prediction_and_comes_when_the_silence_is_over(
    client: httpx.Client, wired: RunningSandbox
) -> None:
    client.get("/replicate/v1/account").raise_for_status()  # the connection is open, its handshake done
    wired.set_wire("replicate", mode="silent")
    with pytest.raises(httpx.ReadTimeout):
        client.post(CREATE, json=BODY, timeout=SHORT_SECONDS)
    assert made(wired) == 1, "the request went through"
    wired.set_wire("replicate", mode="pass")
    assert client.post(CREATE, json=BODY).status_code == 201


def test_a_silent_request_never_arrives(client: httpx.Client, wired: RunningSandbox) -> None:
    client.get("/replicate/v1/account").raise_for_status()
    wired.set_wire("replicate", mode="silent", direction="request")
    with pytest.raises(httpx.ReadTimeout):
        client.post(CREATE, json=BODY, timeout=SHORT_SECONDS)
    assert made(wired) == 0


def test_a_silence_ends_by_itself(client: httpx.Client, wired: RunningSandbox) -> None:
    client.get("/replicate/v1/account").raise_for_status()
    wired.set_wire("replicate", mode="silent", seconds=SHORT_SECONDS)
    assert client.post(CREATE, json=BODY).status_code == 201
    assert httpx.get(f"{wired.url}/sandbox/wire").json()["wires"]["replicate"]["mode"] == "pass"


@pytest.mark.parametrize("ending", ["reset", "close"])
def test_an_answer_is_cut_in_its_middle(client: httpx.Client, wired: RunningSandbox, ending: str) -> None:
    client.get("/replicate/v1/account").raise_for_status()
    wired.set_wire("replicate", mode="cut", afterBytes=60, cutWith=ending)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        client.post(CREATE, json=BODY)
    assert made(wired) == 1
    wired.set_wire("replicate")
    assert client.post(CREATE, json=BODY).status_code == 201


def test_a_request_is_cut_before_it_arrived(client: httpx.Client, wired: RunningSandbox) -> None:
    client.get("/replicate/v1/account").raise_for_status()
    wired.set_wire("replicate", mode="cut", direction="request", afterBytes=10)
    with pytest.raises((httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
        client.post(CREATE, json=BODY)
    assert made(wired) == 0


def test_a_new_connection_is_cut_too(client: httpx.Client, wired: RunningSandbox) -> None:
    wired.set_wire("replicate", mode="cut")
    with pytest.raises(httpx.TransportError):
        client.post(CREATE, json=BODY)


def test_a_cut_by_reset_is_one(wired: RunningSandbox) -> None:
    host, _, port = wired.wires["replicate"].partition("://")[2].partition(":")
    wired.set_wire("replicate", mode="cut", direction="request", cutWith="reset")
    with socket.create_connection((host, int(port)), timeout=30) as raw:
        raw.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            raw.recv(1)
    wired.set_wire("replicate", mode="cut", direction="request", cutWith="close")
    with socket.create_connection((host, int(port)), timeout=30) as raw:
        raw.sendall(b"x")
        assert raw.recv(1) == b""


def test_a_late_answer_is_late_and_whole(client: httpx.Client, wired: RunningSandbox) -> None:
    client.get("/replicate/v1/account").raise_for_status()
    wired.set_wire("replicate", mode="delay", seconds=SHORT_SECONDS)
    answer = client.post(CREATE, json=BODY)
    assert answer.status_code == 201
    assert answer.elapsed.total_seconds() >= SHORT_SECONDS


def test_wires_are_apart_and_forgotten_at_a_reset(client: httpx.Client, wired: RunningSandbox) -> None:
    wired.set_wire("stripe", mode="cut")
    assert client.post(CREATE, json=BODY).status_code == 201
    httpx.post(f"{wired.url}/sandbox/reset").raise_for_status()
    wires = httpx.get(f"{wired.url}/sandbox/wire").json()["wires"]
    assert {vendor: wire["mode"] for vendor, wire in wires.items()} == {"replicate": "pass", "stripe": "pass"}


def test_a_wrong_change_is_refused(wired: RunningSandbox) -> None:
    url = f"{wired.url}/sandbox/wire"
    assert httpx.put(url, json={"vendor": "nobody", "mode": "pass"}).status_code == 404
    for wrong in ({"mode": "loud"}, {"afterBytes": -1}, {"second": 1}):
        assert httpx.put(url, json={"vendor": "replicate", **wrong}).status_code == 422


def test_head_and_body_can_come_apart(client: httpx.Client, wired: RunningSandbox, trusting: ssl.SSLContext | bool) -> None:
    """Read on a bare socket: the first read gives the head alone."""
    wired.set(answersInTwo=True)
    host, _, port = wired.wires["replicate"].partition("://")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as raw:
        stream = trusting.wrap_socket(raw, server_hostname=host) if isinstance(trusting, ssl.SSLContext) else raw
        stream.sendall(f"GET /replicate/v1/account HTTP/1.1\r\nhost: x\r\nauthorization: {KEY['authorization']}\r\n\r\n".encode())
        first, second = stream.recv(65_536), stream.recv(65_536)
        stream.close()
    assert first.endswith(b"\r\n\r\n")
    assert json.loads(second)["type"] == "organization"


def test_the_authority_outlives_a_restart(tmp_path: Path) -> None:
    settings = {"DARKROOM_SANDBOX_WIRES": json.dumps({"replicate": free_port()}), "DARKROOM_SANDBOX_TLS": "1"}
    ca_file = tmp_path / "ca.pem"
    with running_sandbox(tmp_path, **settings) as first:
        context = ssl.create_default_context(cafile=ca_file)
        before = ca_file.read_bytes()
        assert httpx.get(f"{first.wires['replicate']}/readyz", verify=context).status_code == 200
    with running_sandbox(tmp_path, **settings) as second:
        assert ca_file.read_bytes() == before
        assert httpx.get(f"{second.wires['replicate']}/readyz", verify=context).status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{second.wires['replicate']}/readyz", trust_env=False)
    assert (tmp_path / "tls" / "authority.key").stat().st_mode & 0o077 == 0
