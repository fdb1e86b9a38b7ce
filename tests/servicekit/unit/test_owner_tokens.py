"""Only the owner acts for a shop: what a site's member or an app of another id is told, at the kit's one door."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from darkroom_servicekit.auth import Authenticator, InvalidToken, NotTheOwner, Principal, TokenKeys, bearer_principal
from darkroom_servicekit.problems import install_problem_handlers
from fastapi import Depends, FastAPI
from support.signed_tokens import instance_token

KEY = "wix-secret-of-the-tests-0123456789ab"
AUTHENTICATOR = Authenticator(TokenKeys(wix_app_secret=KEY, wix_app_id="app-1"))
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
OWNER = {"instanceId": "shop-a", "uid": "u-1", "permissions": "OWNER", "signDate": "2026-05-04T11:59:00.000Z"}
MEMBER = OWNER | {"siteMemberId": "u-1", "permissions": None}


@pytest.mark.parametrize(
    "claims",
    [
        MEMBER,
        {name: value for name, value in OWNER.items() if name != "permissions"},
        OWNER | {"permissions": ""},
        OWNER | {"permissions": "owner"},
        OWNER | {"permissions": ["OWNER"]},
        OWNER | {"permissions": "MEMBER"},
    ],
)
def test_who_is_not_the_owner_does_not_act_for_the_shop(claims: dict[str, Any]) -> None:
    with pytest.raises(NotTheOwner):
        AUTHENTICATOR.authenticate(instance_token(claims, KEY), NOW)


@pytest.mark.parametrize("claims", [MEMBER | {"aid": "anonymous-1"}, MEMBER | {"signDate": "2026-05-01T11:59:00.000Z"}])
def test_a_visitor_and_an_old_token_are_not_signed_in_at_all(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken) as refused:
        AUTHENTICATOR.authenticate(instance_token(claims, KEY), NOW)
    assert not isinstance(refused.value, NotTheOwner)


def test_a_token_of_another_app_is_refused() -> None:
    assert AUTHENTICATOR.authenticate(instance_token(OWNER | {"appDefId": "app-1"}, KEY), NOW).instance_id == "shop-a"
    with pytest.raises(InvalidToken, match="another app"):
        AUTHENTICATOR.authenticate(instance_token(OWNER | {"appDefId": "app-2"}, KEY), NOW)


async def test_the_answer_is_403_and_says_that_only_the_owner_may_act() -> None:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/")
    async def door(who: Principal = Depends(bearer_principal(AUTHENTICATOR))) -> str:  # noqa: B008 - FastAPI's way
        return who.instance_id

    member = instance_token(MEMBER | {"signDate": datetime.now(UTC).isoformat()}, KEY)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kit") as client:
        answer = await client.get("/", headers={"Authorization": f"Bearer {member}"})

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-the-owner")
    assert answer.json()["detail"] == "Only the owner of the shop's site may act for the shop."
