"""One chaos run on a running stack: shops send, pages watch, things break; then all must end, and the oracle judges.

A safety fault is found by the oracle whatever the faults were; that everything ends is asked only after the faults have stopped.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
from chaos.clients import Page, ask, cancel
from chaos.collect import collect, lag, unsent
from chaos.evidence import Asked, Evidence
from chaos.faults import Faults
from chaos.oracle import Violation, judge
from chaos.plan import JobPlan, Plan
from darkroom_cli.stack.home import Home
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_jwt
from support.platform import Platform, Tenant
from support.stack import unique_name

WEATHER = {
    "seconds": {"min": 0.5, "max": 3},
    "image": "instant",
    "failRate": 0.02,
    "transientRate": 0.1,
    "lostAnswerRate": 0.05,
    "webhook": {"loseRate": 0.3, "repeatRate": 0.3, "shuffle": True},
}
"""How the provider behaves: every outcome that has a path of its own, often enough to be met."""
ANSWERED_SECONDS_MAX = 120.0
"""After the faults, for the last request to be answered."""
LOOK_SECONDS = 0.5
PAGES_SECONDS_MAX = 30.0
NO_SUCH_ROUTE = frozenset({404, 405})

UNFINISHED = {
    "jobs-api": "SELECT count(*) FROM jobs WHERE finished_at IS NULL",
    "predictor": "SELECT count(*) FROM queue_items WHERE state <> 'ENDED'",
    "poller": "SELECT count(*) FROM predictions WHERE ended_at IS NULL",
    "credits": "SELECT count(*) FROM reservations WHERE state = 'OPEN'",
}


@dataclass
class Run:
    """A run under way and, at its end, all there is to tell of it."""

    platform: Platform
    plan: Plan
    cap: int
    settle_seconds_max: float
    shops: dict[str, Tenant] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    canceled: dict[int, int] = field(default_factory=dict)
    """Jobs that were asked to stop, and the answer's status."""
    faults: list[str] = field(default_factory=list)
    settled_seconds: float = 0.0
    evidence: Evidence | None = None
    violations: list[Violation] = field(default_factory=list)

    async def __call__(self) -> "Run":
        """Do it all; what is broken stands in `violations` afterwards."""
        await self.platform.sandbox("POST", "reset")
        await self.platform.sandbox("PUT", "replicate", json=WEATHER)
        photographs = await self.platform.photographs(4)
        async with contextlib.AsyncExitStack() as leaving:
            for shop in self.plan.shops:
                self.shops[shop.name] = await leaving.enter_async_context(self.platform.tenant(name=unique_name(shop.name)))
            await self._give_credits()
            await leaving.enter_async_context(self._open_pages())
            status = self.platform.status
            faults = Faults(Home(self.platform.settings.home), status["redis"])
            sending = asyncio.create_task(self._send_all([image["imageUrl"] for image in photographs]))
            try:
                await faults.run(self.plan.faults)
                self.faults = faults.done
                async with asyncio.timeout(ANSWERED_SECONDS_MAX):
                    await sending
            except TimeoutError:
                self._broken("liveness", f"requests are not answered {ANSWERED_SECONDS_MAX:.0f} s after the last fault")
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            await self._settle(status["databases"], status["kafka"])
            self.evidence = await self._collect()
            self.violations += judge(self.evidence)
        return self

    async def _give_credits(self) -> None:
        operator = make_jwt("operators", key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=timedelta(hours=1), roles=("operator",))
        headers = {"Authorization": f"Bearer {operator}"}
        base = self.platform.status["services"]["credits"]
        async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as http:
            for shop in self.plan.shops:
                tenant = self.shops[shop.name].instance_id
                await self.platform.grant(tenant, self.plan.credits_of(shop))
                if shop.plan is not None:
                    answer = await http.put(f"/api/operator/tenants/{tenant}/plan", json={"plan": shop.plan})
                    assert answer.is_success, answer.text

    @contextlib.asynccontextmanager
    async def _open_pages(self) -> AsyncIterator[None]:
        self.pages = [Page(shop) for shop in self.shops.values()]
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(page.run()) for page in self.pages]
            async with asyncio.timeout(PAGES_SECONDS_MAX):
                await asyncio.gather(*(page.connected.wait() for page in self.pages))
            yield
            for task in watching:
                task.cancel()

    async def _send_all(self, urls: Sequence[str]) -> None:
        clock = asyncio.get_running_loop().time
        begun = clock()
        async with asyncio.TaskGroup() as group:
            for job in self.plan.jobs:
                await asyncio.sleep(max(0.0, begun + job.at_seconds - clock()))
                group.create_task(self._send(job, urls))

    async def _send(self, job: JobPlan, urls: Sequence[str]) -> None:
        shop = self.shops[job.shop]
        images = [
            {"imageId": f"{job.key}-{number}", "imageUrl": urls[number % len(urls)], "prompt": f"{job.key} {number}"}
            for number in range(job.images)
        ]
        asked = await ask(shop, job.key, images)
        self.asked.append(asked)
        if job.cancel_after_seconds is not None:
            await asyncio.sleep(job.cancel_after_seconds)
            job_id = min(asked.job_ids)
            self.canceled[job_id] = await cancel(shop, job_id)

    async def _settle(self, databases: Mapping[str, str], kafka: str) -> None:
        """Wait until nothing is under way any more and the pages have seen it."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self.settle_seconds_max):
                while left := await self._under_way(databases, kafka):
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            self._broken("liveness", f"not ended {self.settle_seconds_max:.0f} s after the last fault: {left}")
        self.settled_seconds = time.monotonic() - begun
        try:
            async with asyncio.timeout(PAGES_SECONDS_MAX):
                while any(status not in {"DONE", "FAILED", "CANCELED"} for page in self.pages for status in page.items.values()):
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            return  # the oracle says which

    async def _under_way(self, databases: Mapping[str, str], kafka: str) -> dict[str, int]:
        """What is not finished, by service; looked at in the tables. A part that is coming up counts as unfinished."""
        left = {}
        for service, url in databases.items():
            try:
                left[service] = await unsent(url) + await _count(url, UNFINISHED.get(service))
            except (OSError, asyncpg.PostgresError, TimeoutError):
                left[service] = -1
        behind = await lag(kafka) if not any(left.values()) else {}
        return {name: count for name, count in (left | behind).items() if count}

    async def _collect(self) -> Evidence:
        return await collect(
            self.platform.status,
            [shop.instance_id for shop in self.shops.values()],
            cap=self.cap,
            asked=self.asked,
            views=[page.view() for page in self.pages],
        )

    def _broken(self, rule: str, what: str) -> None:
        self.violations.append(Violation(rule, what))


async def _count(url: str, statement: str | None) -> int:
    if statement is None:
        return 0
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return int(await connection.fetchval(statement))
    finally:
        await connection.close()
