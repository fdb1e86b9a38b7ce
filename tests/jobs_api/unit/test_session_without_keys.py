"""Signing out while the key set could never be fetched: what cannot be revoked is not called signed out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from darkroom_jobs_api.session.http import session_routes
from darkroom_servicekit.auth import Authenticator, Principal, TokenKeys, bearer_principal, make_instance_token
from darkroom_servicekit.key_sets import KeySet
from darkroom_servicekit.outages import install_outage_handlers
from darkroom_servicekit.problems import install_problem_handlers
from fastapi import FastAPI

NOBODY_LISTENS = "http://127.0.0.1:1/keys"
SESSION = "/api/session"
OWN = {"Sec-Fetch-Site": "same-origin"}
WIX_SECRET = "wix-secret-of-the-tests-0123456789ab"


@pytest.fixture
def given_back() -> list[Principal]:
    """Whose tokens were revoked."""
    return []


@pytest.fixture
async def client(given_back: list[Principal]) -> AsyncIterator[httpx.AsyncClient]:
    keys = KeySet(NOBODY_LISTENS)
    loop = asyncio.create_task(keys.run())
    authenticator = Authenticator(TokenKeys(jwt_algorithm="RS256", wix_app_secret=WIX_SECRET), key_set=keys)

    async def give_back(who: Principal, _token: str) -> None:
        given_back.append(who)

    app = FastAPI()
    install_problem_handlers(app)
    install_outage_handlers(app)
    app.include_router(session_routes(authenticator, give_back, bearer_principal(authenticator), sample_shops=None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://darkroom.test") as http:
        yield http
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    await keys.aclose()


def signed_jwt() -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode({"sub": "u"}, private, algorithm="RS256", headers={"kid": "k"})


@pytest.mark.parametrize("by", ["cookie", "bearer"])
async def test_a_token_that_cannot_be_checked_is_a_503_and_its_cookie_stays(
    client: httpx.AsyncClient, given_back: list[Principal], by: str
) -> None:
    token = signed_jwt()
    headers = {"Authorization": f"Bearer {token}"} if by == "bearer" else {"Cookie": f"darkroom_session={token}"} | OWN
    answer = await client.delete(SESSION, headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert "try again" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert "set-cookie" not in answer.headers, "the page could not revoke the token later"
    assert given_back == []


@pytest.mark.parametrize("token", ["", "not-a-token", "e30.e30.AAAA"])
async def test_what_is_no_token_is_signed_out_all_the_same(
    client: httpx.AsyncClient, given_back: list[Principal], token: str
) -> None:
    answer = await client.delete(SESSION, headers={"Cookie": f"darkroom_session={token}"} | OWN)
    assert (answer.status_code, "max-age=0" in answer.headers["set-cookie"].lower()) == (204, True)
    assert given_back == []


async def test_an_instance_token_needs_no_key_set(client: httpx.AsyncClient, given_back: list[Principal]) -> None:
    token = make_instance_token("shop-a", key=WIX_SECRET, now=datetime.now(UTC), ttl=timedelta(hours=1))
    answer = await client.delete(SESSION, headers={"Cookie": f"darkroom_session={token}"} | OWN)
    assert answer.status_code == 204
    assert [who.instance_id for who in given_back] == ["shop-a"]
