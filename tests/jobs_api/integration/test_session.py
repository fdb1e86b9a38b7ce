"""A page's session: the token goes in once and comes back as a cookie; only our own pages act by it."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from darkroom_jobs_api.session.revoke_tokens import RevokedTokens
from darkroom_servicekit.auth import DEVELOPMENT_KEY, Principal, make_instance_token, token_digest
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.revocation import Revocations
from darkroom_servicekit.runtime import utc_now
from redis.asyncio import Redis
from sqlalchemy import text
from support.jobs_api import JOBS, JobsApi, request_body, running_jobs_api
from support.service import migrated
from support.signed_tokens import instance_token
from support.stack import StackAddresses, fresh_database, unique_name

OWN = {"Sec-Fetch-Site": "same-origin"}
SESSION = "/api/session"


def token_of(instance_id: str, *, ttl: timedelta = timedelta(hours=1)) -> str:
    return make_instance_token(instance_id, key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=ttl)


def cookie_of(answer: httpx.Response) -> dict[str, str]:
    """The `Cookie` header that a browser would send next."""
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


async def test_a_token_becomes_a_cookie_that_no_script_reads_and_ends_with_it(jobs_api: JobsApi) -> None:
    shop = unique_name("shop")
    answer = await jobs_api.client.post(SESSION, headers={"Authorization": f"Bearer {token_of(shop)}"})
    attributes = answer.headers["set-cookie"].lower()
    shown = await jobs_api.client.get(SESSION, headers=cookie_of(answer))

    assert answer.status_code == 200
    assert all(part in attributes for part in ("httponly", "samesite=strict", "secure", "path=/", "max-age="))
    assert shown.json()["instanceId"] == shop
    assert shown.json()["roles"] == ["owner"]
    assert shown.json() == answer.json()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}])
async def test_nothing_begins_without_a_good_token(jobs_api: JobsApi, headers: dict[str, str]) -> None:
    answer = await jobs_api.client.post(SESSION, headers=headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert (await jobs_api.client.get(SESSION, headers=headers)).status_code == 401


async def test_a_member_of_the_shops_site_gets_neither_a_session_nor_an_answer(jobs_api: JobsApi) -> None:
    now = datetime.now(UTC).isoformat()
    claims = {"instanceId": unique_name("shop"), "uid": "m", "siteMemberId": "m", "permissions": None, "signDate": now}
    member = {"Authorization": f"Bearer {instance_token(claims, DEVELOPMENT_KEY)}"}
    begun = await jobs_api.client.post(SESSION, headers=member)
    ordered = await jobs_api.client.post(JOBS, json=request_body(), headers=member)

    assert (begun.status_code, "set-cookie" in begun.headers, begun.json()["type"]) == (403, False, "/problems/not-the-owner")
    assert (ordered.status_code, "Only the owner" in ordered.json()["detail"]) == (403, True)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (OWN, 202),
        ({"Origin": "https://darkroom.localhost"}, 202),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://darkroom.localhost"}, 403),
        ({}, 403),
    ],
)
async def test_a_cookie_orders_pictures_for_our_own_pages_alone(jobs_api: JobsApi, said: dict[str, str], status: int) -> None:
    cookie = {"Cookie": f"darkroom_session={token_of(unique_name('shop'))}"}
    headers = cookie | said | {"Prefer": "respond-async"}
    answer = await jobs_api.client.post(JOBS, json=request_body(), headers=headers)
    assert answer.status_code == status, answer.text
    assert (await jobs_api.client.get(f"{JOBS}/jobs", headers=cookie | said)).status_code == 200


async def test_a_bearer_token_goes_before_the_cookie_and_needs_no_origin(jobs_api: JobsApi) -> None:
    bearer, cookie = unique_name("bearer"), unique_name("cookie")
    headers = {"Authorization": f"Bearer {token_of(bearer)}", "Cookie": f"darkroom_session={token_of(cookie)}"}
    assert (await jobs_api.client.get(SESSION, headers=headers)).json()["instanceId"] == bearer
    answer = await jobs_api.client.post(JOBS, json=request_body(), headers=headers | {"Prefer": "respond-async"})
    assert answer.status_code == 202


async def test_an_expired_cookie_is_401(jobs_api: JobsApi) -> None:
    cookie = {"Cookie": f"darkroom_session={token_of('shop', ttl=timedelta(seconds=-1))}"}
    assert (await jobs_api.client.get(SESSION, headers=cookie)).status_code == 401


async def test_a_session_is_ended_by_our_own_page_alone(jobs_api: JobsApi) -> None:
    foreign = await jobs_api.client.delete(SESSION, headers={"Sec-Fetch-Site": "cross-site"})
    own = await jobs_api.client.delete(SESSION, headers=OWN)
    assert (foreign.status_code, "set-cookie" in foreign.headers) == (403, False)
    assert own.status_code == 204
    assert "max-age=0" in own.headers["set-cookie"].lower()


@pytest.mark.parametrize("by", ["cookie", "bearer"])
async def test_a_session_that_was_ended_is_over_for_its_token_everywhere(jobs_api: JobsApi, by: str) -> None:
    shop = unique_name("shop")
    token, other = token_of(shop), token_of(shop, ttl=timedelta(hours=2))
    bearer = {"Authorization": f"Bearer {token}"}
    headers = bearer if by == "bearer" else {"Cookie": f"darkroom_session={token}"} | OWN
    ended = await jobs_api.client.delete(SESSION, headers=headers)
    again = await jobs_api.client.delete(SESSION, headers=headers)

    assert (ended.status_code, again.status_code) == (204, 204)
    assert (await jobs_api.client.get(SESSION, headers=headers)).status_code == 401
    assert (await jobs_api.client.post(SESSION, headers=bearer)).status_code == 401
    assert (await jobs_api.client.get(f"{JOBS}/jobs", headers=bearer)).status_code == 401
    assert (await jobs_api.client.get(SESSION, headers={"Authorization": f"Bearer {other}"})).status_code == 200


async def test_what_was_given_back_is_told_to_a_redis_that_forgot_and_kept_no_longer_than_needed(
    parts: StackAddresses, redis_url: str
) -> None:
    async with fresh_database(parts, "jobs_api") as url, Redis.from_url(redis_url) as redis:
        engine = build_engine(await migrated("jobs-api", url), pool_size=2)
        unit_of_work = UnitOfWork(engine, service="jobs-api", clock=utc_now, wake_relay=lambda: None)
        revocations = Revocations(redis)
        revoked = RevokedTokens(unit_of_work, revocations)
        long, short = (datetime.now(UTC) + timedelta(seconds=left) for left in (3600, -3600))
        for token, ends in (("long", long), ("short", short)):
            await revoked.give_back(Principal("shop", "owner", expires_at=ends), token)
        await revoked.fill_if_needed()
        await redis.flushdb()
        assert not await revocations.has(token_digest("long"))
        await revoked.fill_if_needed()

        assert await revocations.has(token_digest("long"))
        assert not await revocations.has(token_digest("short"))
        left = await redis.ttl(f"darkroom:revoked:{token_digest('long')}")
        # Half a minute longer than the token itself, for clocks that do not agree; however much of it has gone by meanwhile.
        assert left <= 3631
        assert datetime.now(UTC) + timedelta(seconds=left) >= long + timedelta(seconds=29)
        async with unit_of_work.read() as connection:
            assert (await connection.execute(text("SELECT digest FROM revoked_tokens"))).scalars().all() == [token_digest("long")]
        await engine.dispose()


async def test_sample_shops_are_offered_with_the_development_key_alone(parts: StackAddresses) -> None:
    path = f"{SESSION}/development"
    async with running_jobs_api(parts, sample_instances="shop-a, shop-b") as development:
        offered = await development.client.get(path)
        foreign = await development.client.post(path, json={"instanceId": "shop-a"})
        begun = await development.client.post(path, json={"instanceId": "shop-a"}, headers=OWN)
        shown = await development.client.get(SESSION, headers=cookie_of(begun))
        operator = await development.client.post(path, json={"role": "operator"}, headers=OWN)
        behind = await development.client.get("/api/operator/sandbox", headers=cookie_of(operator))
        barred = await development.client.get("/api/operator/sandbox", headers=cookie_of(begun))
    async with running_jobs_api(parts, sample_instances="shop-a", jwt_secret="a-key-of-our-own-0123456789") as half:
        half_offered = await half.client.get(path)
        no_operator = await half.client.post(path, json={"role": "operator"}, headers=OWN)
    async with running_jobs_api(parts, sample_instances="shop-a", wix_app_secret="a-key-of-our-own-0123456789") as production:
        absent = [
            await production.client.post(path, json={"role": "operator"}, headers=OWN),
            await production.client.get(path),
            await production.client.post(path, json={"instanceId": "shop-a"}, headers=OWN),
        ]

    assert offered.json() == {"instances": ["shop-a", "shop-b"], "operator": True}
    assert operator.json()["roles"] == ["operator"]
    assert (behind.status_code, behind.json()["detail"]) == (404, "This platform does not run on the sandbox.")
    assert barred.status_code == 403
    assert (half_offered.json()["operator"], no_operator.status_code) == (False, 404)
    assert foreign.status_code == 403
    assert shown.json()["instanceId"] == "shop-a"
    assert [answer.status_code for answer in absent] == [404, 404, 404]
