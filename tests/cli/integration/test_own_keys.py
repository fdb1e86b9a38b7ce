"""A stack on a public address, as the README starts it with a provider's token: the well-known keys open nothing there."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token, make_jwt
from support.home import OwnHome
from support.ports import free_port

PARTS = "postgres,redis,kafka,jobs-api,gateway"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnHome]:
    stub = f"http://127.0.0.1:{free_port()}"
    environ = {
        "DARKROOM_REPLICATE_API_TOKENS": "main=r8_stub",
        "DARKROOM_REPLICATE_BASE_URL": stub,
        "DARKROOM_PUBLIC_URL": "https://tunnel.example",
    }
    own = OwnHome(tmp_path_factory.mktemp("home"), environ)
    try:
        yield own
    finally:
        own.stop()


def test_on_a_public_address_only_the_homes_own_keys_open_a_door(public: OwnHome) -> None:
    started = public.run("up", "--json", "--only", PARTS)
    assert started.returncode == 0, started.stderr
    assert "darkroom sign-in" in started.stderr
    web = json.loads(started.stdout)["web"]
    now, hour = datetime.now(UTC), timedelta(hours=1)
    well_known = [
        make_instance_token("shop-a", key=DEVELOPMENT_KEY, now=now, ttl=hour),
        make_jwt("operators", key=DEVELOPMENT_KEY, now=now, ttl=hour, roles=("operator",)),
    ]
    with httpx.Client(base_url=web, trust_env=False) as client:
        bodies: list[dict[str, Any]] = [{"role": "operator"}, {"instanceId": "shop-a"}]
        begun = [client.post("/api/session/development", json=body, headers=OWN_PAGE) for body in bodies]
        opened = [client.get("/api/session", headers={"Authorization": f"Bearer {token}"}) for token in well_known]
        operator = public.run("sign-in").stdout.strip()
        own = client.post("/api/session", headers={"Authorization": f"Bearer {operator}"})

    assert [(answer.status_code, "set-cookie" in answer.headers) for answer in begun] == [(404, False)] * 2
    assert [answer.status_code for answer in opened] == [401, 401]
    assert (own.status_code, own.json()["roles"]) == (200, ["operator"])
    assert public.run("token", "shop-a").returncode == 1


def test_the_development_key_by_setting_is_refused_before_anything_starts(tmp_path: Path, public: OwnHome) -> None:
    other = OwnHome(tmp_path / "home", public.environ)
    answer = other.run("up", DARKROOM_JWT_SECRET=DEVELOPMENT_KEY)
    assert (answer.returncode, "DARKROOM_JWT_SECRET is the development key" in answer.stderr) == (1, True)
    assert other.pids() == set()
