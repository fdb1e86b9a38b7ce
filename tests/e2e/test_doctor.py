"""`darkroom doctor` on the whole platform: what a service never heard of is found out, and nothing is paid or told twice."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from darkroom_cli.examine import examine
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.plan import read_plan
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_jwt
from support.home import OwnHome
from support.platform import HOME, Platform, Tenant
from support.service import eventually
from support.stack import unique_name

PRICE = 15
LONG_SECONDS = 90.0
SENT = (
    "SELECT event_id FROM outbox WHERE key = $1 AND headers->>'ce_type' = ANY($2::text[]) AND (headers->>'ce_correlationid') = $3"
)


class Swallowed:
    """A service frozen while events come for it, which it will believe to have handled when it thaws."""

    def __init__(self, platform: Platform, shop: Tenant, service: str) -> None:
        self._platform = platform
        self._shop = shop
        self._service = service

    def wake(self) -> None:
        """Let it go on at once."""
        self._platform.send_signal(self._service, signal.SIGCONT)

    async def swallow(self, job_id: int, sender: str, *types: str) -> None:
        """Wait until the sender has written all of these events of the job; then mark them as seen."""
        found: list[UUID] = []
        wanted = [f"darkroom.{kind}.v1" for kind in types]

        async def written() -> bool:
            async with database_of(sender) as database:
                rows = await database.fetch(SENT, self._shop.instance_id, wanted, str(job_id))
            found[:] = [row["event_id"] for row in rows]
            return len(found) == len(types)

        await eventually(written, seconds=LONG_SECONDS)
        async with database_of(self._service) as database:
            await database.executemany("INSERT INTO inbox (event_id) VALUES ($1)", [(one,) for one in found])


@asynccontextmanager
async def frozen(platform: Platform, shop: Tenant, service: str) -> AsyncIterator[Swallowed]:
    platform.send_signal(service, signal.SIGSTOP)
    swallowed = Swallowed(platform, shop, service)
    try:
        yield swallowed
    finally:
        swallowed.wake()


@asynccontextmanager
async def database_of(service: str) -> AsyncIterator[asyncpg.Connection]:
    task = next(one for one in read_plan(Home(HOME).plan).tasks if one.name == service)
    connection = await asyncpg.connect(task.env["DARKROOM_DATABASE_URL"])
    try:
        yield connection
    finally:
        await connection.close()


async def repaired(kind: str) -> None:
    """Run the command itself, with `--repair`."""
    answer = await asyncio.to_thread(OwnHome(HOME).run, "doctor", "--json", "--older-than", "0", "--repair")
    assert answer.returncode in {0, 1}, answer.stderr
    findings = {one["kind"]: one for one in json.loads(answer.stdout)["findings"]}
    assert findings[kind]["repaired"] >= 1
    assert answer.returncode == (1 if any(one["repaired"] != one["count"] for one in findings.values()) else 0)


async def doctor(platform: Platform, shop: Tenant) -> dict[str, list[str]]:
    """What is found of this shop, by the command's own means but without its start: ids by kind."""
    found = await asyncio.to_thread(examine, Doors(platform.status["services"]).ask, 0.0)
    ours = {one.kind: [thing["id"] for thing in one.things if thing["instanceId"] == shop.instance_id] for one in found}
    return {kind: ids for kind, ids in ours.items() if ids}


class Doors:
    """The services' doors, for an operator."""

    def __init__(self, services: dict[str, str]) -> None:
        self._services = services
        now = datetime.now(UTC)
        self._token = make_jwt("operators", key=DEVELOPMENT_KEY, now=now, ttl=timedelta(hours=1), roles=("operator",))

    def ask(
        self, service: str, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str | int] | None
    ) -> dict[str, Any]:
        url, headers = f"{self._services[service]}/api/operator/{path}", {"Authorization": f"Bearer {self._token}"}
        with httpx.Client(timeout=30, trust_env=False) as client:
            answer = client.request(method, url, json=body, params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document


async def begun(shop: Tenant, job_id: int) -> int:
    """The job's one item, once the provider has it."""
    items: list[dict[str, Any]] = []

    async def at_provider() -> bool:
        items[:] = (await shop.job(job_id))["items"]
        return bool(items[0]["status"] == "PROCESSING")

    await eventually(at_provider, seconds=LONG_SECONDS)
    return int(items[0]["id"])


@asynccontextmanager
async def frozen_with_its_item_away(
    platform: Platform, shop: Tenant, service: str, job_id: int, poller: Swallowed
) -> AsyncIterator[tuple[str, Swallowed]]:
    """The service frozen with the job's one item at the provider. Its end cannot have come: the poller wakes only now."""
    item = str(await begun(shop, job_id))
    async with frozen(platform, shop, service) as swallowed:
        poller.wake()
        yield item, swallowed


@pytest.mark.timeout(600)
async def test_what_a_service_never_heard_of_is_found_and_told_again(quick: Platform, shop: Tenant) -> None:
    prompt = unique_name("doctor")
    [picture] = [one | {"prompt": prompt} for one in await quick.photographs(1)]

    async def send() -> int:
        answer = await shop.send([picture])
        assert answer.status_code in {201, 202}, answer.text
        return int(answer.json()["job"]["id"])

    # The predictor never hears of an item.
    async with frozen(quick, shop, "predictor") as predictor:
        unasked = await send()
        await predictor.swallow(unasked, "jobs-api", "ItemRequested")
    item = str((await shop.job(unasked))["items"][0]["id"])
    await eventually(lambda: _says(quick, shop, "not-taken", item), seconds=LONG_SECONDS)
    await repaired("not-taken")
    assert (await shop.ended(unasked))["job"]["status"] == "DONE"

    # jobs-api never hears of an item's end.
    async with frozen(quick, shop, "poller") as poller:
        unheard = await send()
        async with frozen_with_its_item_away(quick, shop, "jobs-api", unheard, poller) as (item, jobs_api):
            await jobs_api.swallow(unheard, "poller", "ItemCompleted")
    await eventually(lambda: _says(quick, shop, "end-unheard", item), seconds=LONG_SECONDS)
    await repaired("end-unheard")
    assert (await shop.ended(unheard))["job"]["status"] == "DONE"

    # credits never hears of a job's end.
    async with frozen(quick, shop, "poller") as poller:
        unsettled = await send()
        async with frozen_with_its_item_away(quick, shop, "credits", unsettled, poller) as (_, credits):
            assert (await shop.ended(unsettled))["job"]["status"] == "DONE"
            await credits.swallow(unsettled, "jobs-api", "ItemFinished", "JobFinished")
    await eventually(lambda: _says(quick, shop, "held-after-end", str(unsettled)), seconds=LONG_SECONDS)
    assert (await shop.credits())["held"] == PRICE
    await repaired("held-after-end")

    balance = await shop.settled_credits()
    assert (balance["held"], balance["spent"]) == (0, 3 * PRICE)
    assert len(await quick.creations(prompt)) == 3
    await eventually(lambda: _is_clean(quick, shop), seconds=LONG_SECONDS)
    await eventually(lambda: _told_of(shop, 3), seconds=LONG_SECONDS)
    assert sorted(await _done_jobs(shop)) == [unasked, unheard, unsettled]


async def _says(platform: Platform, shop: Tenant, kind: str, thing_id: str) -> bool:
    return thing_id in (await doctor(platform, shop)).get(kind, [])


async def _done_jobs(shop: Tenant) -> list[int]:
    """Those whose end its people were told of, as often as they were."""
    told = (await shop.http.get("/api/notifications")).json()["notifications"]
    return [one["jobId"] for one in told if one["kind"] == "job.done"]


async def _told_of(shop: Tenant, jobs: int) -> bool:
    return len(await _done_jobs(shop)) >= jobs


async def _is_clean(platform: Platform, shop: Tenant) -> bool:
    return await doctor(platform, shop) == {}
