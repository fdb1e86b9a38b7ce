"""`/api/session`: a page hands its token in once and gets it back as a cookie that no script can read.

No session is stored: the cookie is the token, and ends with it, or sooner when it is given back. Sample shops are offered with
the development key alone.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Literal

from darkroom_servicekit.auth import (
    DEVELOPMENT_KEY,
    INSTANCE_ID_MAX,
    Authenticator,
    InvalidToken,
    Principal,
    bearer_token,
    make_instance_token,
    make_jwt,
    refusal,
    require_own_page,
    unauthorized,
)
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import OPERATOR, PrincipalOf
from darkroom_servicekit.problems import Problem
from darkroom_servicekit.request_body import read_body
from darkroom_servicekit.session_cookie import SESSION_COOKIE
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from darkroom_jobs_api.answers import UtcTime, json_answer, problems

COOKIE_BYTES_MAX = 3800
"""Browsers keep 4096 bytes of a cookie, name and attributes included (RFC 6265bis)."""
DEVELOPMENT_LIFE = timedelta(hours=12)
OPERATORS = "operators"
"""The tenant that an operator of a development stack signs in to."""


class Session(Body):
    """Who is signed in."""

    instance_id: str
    subject: str
    roles: list[str]
    expires_at: UtcTime | None


class SampleShops(Body):
    """The shops that a page offers where only development keys are in use."""

    instances: list[str]
    operator: bool = Field(description="whether one may sign in as an operator too")


class SampleShop(StrictBody):
    """A shop to be, or an operator."""

    instance_id: str = Field(default=OPERATORS, min_length=1, max_length=INSTANCE_ID_MAX, pattern=r"^[^_]")
    role: Literal["owner", "operator"] = "owner"


GiveBack = Callable[[Principal, str], Awaitable[None]]
"""Revokes a principal's token."""


Begin = Callable[[str], Awaitable[Response]]
"""Takes a token into the page's cookie and answers with the session."""


def session_routes(
    authenticator: Authenticator,
    give_back: GiveBack,
    signed_in: PrincipalOf,
    *,
    sample_shops: Sequence[str] | None,
    operator_offered: bool = False,
) -> APIRouter:
    """Begin, show and end a page's session. `sample_shops`: those to offer; None where other than development keys are in use."""
    router = APIRouter(prefix="/api/session", tags=["session"])
    secure = (authenticator.own_origin or "").startswith("https://")
    begin = partial(_begin, authenticator, secure=secure)

    @router.post("", response_model=Session, responses=problems(400, 401, 403))
    async def begin_session(request: Request) -> Response:
        """Take a bearer token into the page's cookie."""
        token = bearer_token(request)
        if token is None:
            raise unauthorized("Send a token as `Authorization: Bearer …`.")
        return await begin(token)

    @router.get("", response_model=Session, responses=problems(401, 429))
    async def session(who: Annotated[Principal, Depends(signed_in)]) -> Response:
        """Who is signed in."""
        return json_answer(_session(who))

    @router.delete("", status_code=204, responses=problems(401, 403, 503))
    async def end_session(request: Request) -> Response:
        """Revoke the token of the header, or else of the cookie, close its sockets and delete the cookie.

        `503`: the token could not be checked or revoked now. It stays good, and the cookie stays, so that the page can try again.
        """
        token = bearer_token(request)
        if token is None:
            require_own_page(request, authenticator)
            token = request.cookies.get(SESSION_COOKIE, "")
        with suppress(InvalidToken):  # one that is not good opens nothing as it is
            await give_back(await authenticator.identify(token, datetime.now(UTC)), token)
        answer = Response(status_code=204)
        answer.delete_cookie(SESSION_COOKIE, path="/", secure=secure, httponly=True, samesite="strict")
        return answer

    _add_development_routes(router, authenticator, begin, sample_shops=sample_shops, operator_offered=operator_offered)
    return router


async def _begin(authenticator: Authenticator, token: str, *, secure: bool) -> Response:
    now = datetime.now(UTC)
    try:
        who = await authenticator.admit(token, now)
    except InvalidToken as error:
        raise refusal(error) from error
    if len(token) > COOKIE_BYTES_MAX:
        raise Problem(400, "Token too long", f"A page keeps tokens of up to {COOKIE_BYTES_MAX} bytes.")
    answer = json_answer(_session(who))
    age = max(0, int((who.expires_at - now).total_seconds())) if who.expires_at else None
    answer.set_cookie(SESSION_COOKIE, token, max_age=age, path="/", secure=secure, httponly=True, samesite="strict")
    return answer


def _add_development_routes(
    router: APIRouter,
    authenticator: Authenticator,
    begin: Begin,
    *,
    sample_shops: Sequence[str] | None,
    operator_offered: bool,
) -> None:
    """The sign-in without a token."""

    @router.get("/development", response_model=SampleShops, responses=problems(404))
    async def shops_offered() -> Response:
        """The sample shops. `404` unless instance tokens are signed with the development key."""
        return json_answer(SampleShops(instances=list(_offered(sample_shops)), operator=operator_offered))

    @router.post(
        "/development",
        response_model=Session,
        responses=problems(400, 404, 413, 415),
        openapi_extra=json_body(SampleShop),
    )
    async def begin_as_sample_shop(request: Request) -> Response:
        """Sign in as a sample shop, or as an operator, without a token."""
        _offered(sample_shops)
        require_own_page(request, authenticator)
        shop = await read_body(request, SampleShop)
        now = datetime.now(UTC)
        if shop.role == OPERATOR:
            if not operator_offered:
                raise Problem(404, "Not Found", kind="/problems/not-found")
            return await begin(_operator_token(shop.instance_id, now))
        return await begin(make_instance_token(shop.instance_id, key=DEVELOPMENT_KEY, now=now, ttl=DEVELOPMENT_LIFE))


def _offered(sample_shops: Sequence[str] | None) -> Sequence[str]:
    if sample_shops is None:
        raise Problem(404, "Not Found", kind="/problems/not-found")
    return sample_shops


def _operator_token(instance_id: str, now: datetime) -> str:
    return make_jwt(instance_id, key=DEVELOPMENT_KEY, now=now, ttl=DEVELOPMENT_LIFE, subject=OPERATOR, roles=(OPERATOR,))


def _session(who: Principal) -> Session:
    return Session(instance_id=who.instance_id, subject=who.subject, roles=sorted(who.roles), expires_at=who.expires_at)
