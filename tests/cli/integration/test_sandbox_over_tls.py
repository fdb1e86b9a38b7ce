"""`darkroom up --tls`: the vendors speak TLS by an authority of the sandbox' own, and a running stack keeps how it speaks."""

import ssl
from pathlib import Path

import httpx
import pytest
from support.home import OwnHome


@pytest.fixture
def own(tmp_path: Path) -> OwnHome:
    return OwnHome(tmp_path)


def test_the_vendors_are_reached_by_tls_and_stay_so(own: OwnHome) -> None:
    try:
        status = own.up("--tls", "--only", "sandbox")
        ca_file = Path(status["caFile"])
        assert ca_file == own.home.path / "ca.pem"
        for vendor in ("replicate", "stripe", "sendgrid", "twilio", "store"):
            url = status["vendors"][vendor]
            assert url.startswith("https://127.0.0.1:")
            assert httpx.get(f"{url}/healthz", verify=ssl.create_default_context(cafile=ca_file)).status_code == 200
        assert (
            httpx.get(f"{status['sandbox']}/sandbox/wire").json()["wires"]["replicate"]["url"] == status["vendors"]["replicate"]
        )
        again = own.up("--only", "sandbox")
        assert (again["caFile"], again["processes"][0]["pid"]) == (str(ca_file), status["processes"][0]["pid"])
    finally:
        own.stop()


def test_a_running_stack_does_not_change_how_it_speaks(own: OwnHome) -> None:
    try:
        status = own.up("--only", "sandbox")
        assert status["caFile"] is None
        assert status["vendors"]["replicate"].startswith("http://127.0.0.1:")
        refused = own.run("up", "--tls", "--only", "sandbox")
        assert refused.returncode == 1
        assert "the sandbox runs without TLS; `darkroom down` first" in refused.stderr
    finally:
        own.stop()
