"""One chaos run on a running stack: shops send, pages watch, things break; then all must end, and the oracle judges.

A safety fault is found by the oracle whatever the faults were; that everything ends is asked only after the faults have stopped.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import asyncpg
from aiokafka.errors import KafkaError
from chaos.clients import Page, ask, cancel, job_of, retry
from chaos.collect import ITEMS, JOBS, WINDOW_SECONDS, collect, lag, rows, unsent
from chaos.evidence import Asked, Evidence, ItemRow, JobRow, Pause
from chaos.faults import Faults
from chaos.operators import Operator
from chaos.oracle import judge
from chaos.outside import Outside
from chaos.plan import JobPlan, Plan
from chaos.rule_book import ENDED, Violation
from chaos.rules_of_jobs import pages_show_the_truth
from darkroom_cli.stack.home import Home
from support.platform import Platform, Tenant
from support.stack import unique_name

WEATHER = {
    "seconds": {"min": 0.5, "max": 3},
    "image": "instant",
    "failRate": 0.03,
    "transientRate": 0.1,
    "lostAnswerRate": 0.05,
    "webhook": {"loseRate": 0.3, "repeatRate": 0.3, "shuffle": True},
    "transientPrompt": "cursed",
}
"""How the provider behaves: every outcome that has a path of its own, often enough to be met."""
MODEL = "google/nano-banana"
CLEARED = {"transientPrompt": ""}
"""When all has ended, for what is redriven then."""
TRUE_LOOK_UPS = {"lookUp404Rate": 0}
"""For the oracle, who asks for every prediction."""
ANSWERED_SECONDS_MAX = 300.0
"""After the faults, for the last request to be answered: on a slow machine everything that was killed has yet to start."""
LOOK_SECONDS = 0.5
PAGES_SECONDS_MAX = 120.0
"""A page that was cut off in the end connects anew after a silence, and may then have to load everything, one by one."""
COLLECTIONS_MAX = 5
RETRY_LOOK_SECONDS = 2.0
RETRIED_LATE_MAX = 10

UNFINISHED = {
    "jobs-api": "SELECT count(*) FROM jobs WHERE finished_at IS NULL AND instance_id = ANY($1)",
    "predictor": """
        SELECT (SELECT count(*) FROM queue_items WHERE state <> 'ENDED' AND instance_id = ANY($1))
             + (SELECT count(*) FROM dead_letters WHERE state = 'redriving' AND instance_id = ANY($1))
             + (SELECT count(*) FROM attempts a JOIN queue_items q USING (item_id)
                WHERE a.state IN ('CALLING', 'CREATED', 'UNKNOWN') AND q.instance_id = ANY($1))
    """,
    "poller": "SELECT count(*) FROM predictions WHERE ended_at IS NULL AND instance_id = ANY($1)",
    "credits": "SELECT count(*) FROM reservations WHERE state = 'OPEN' AND instance_id = ANY($1)",
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
    pauses: list[Pause] = field(default_factory=list)
    redriven: int = 0
    faults: list[str] = field(default_factory=list)
    settled_seconds: float = 0.0
    evidence: Evidence | None = None
    violations: list[Violation] = field(default_factory=list)
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    _paused_at: dict[str, float] = field(default_factory=dict)
    _calm: asyncio.Event = field(default_factory=asyncio.Event)
    _left: list[tuple[Tenant, str, int]] = field(default_factory=list)
    """Jobs whose failed items are to be asked for again, still open when the faults stopped."""

    async def __call__(self) -> "Run":
        """Do it all; what is broken stands in `violations` afterwards."""
        self.since = datetime.now(UTC)
        await self.platform.sandbox("POST", "reset")
        weather = {**WEATHER, **self.plan.lies.options()}
        await self.platform.sandbox("PUT", "replicate", json=weather)
        photographs = await self.platform.photographs(4)
        async with contextlib.AsyncExitStack() as leaving:
            for shop in self.plan.shops:
                self.shops[shop.name] = await leaving.enter_async_context(self.platform.tenant(name=unique_name(shop.name)))
            operator = Operator(self.platform, await leaving.enter_async_context(Operator.client(self.platform)))
            await self._prepare(operator)
            await leaving.enter_async_context(self._open_pages())
            self._step("prepared")
            status = self.platform.status
            faults = Faults(Home(self.platform.settings.home), status["redis"])
            outside = Outside(self.platform)
            acting = asyncio.create_task(self._act([image["imageUrl"] for image in photographs], operator, weather))
            try:
                await asyncio.gather(faults.run(self.plan.faults), outside.run(self.plan.spells, self.plan.clock))
                self.faults = faults.done + outside.done
                self._calm.set()
                self._step("no fault any more")
                async with asyncio.timeout(ANSWERED_SECONDS_MAX):
                    await acting
            except TimeoutError:
                self._broken("liveness", f"requests are not answered {ANSWERED_SECONDS_MAX:.0f} s after the last fault")
            finally:
                acting.cancel()
                await asyncio.gather(acting, return_exceptions=True)
            await self._settle(status["databases"], status["kafka"])
            self._step("asking late")
            await self.platform.sandbox("PUT", "replicate", json=CLEARED)
            await self._ask_late(operator)
            await self._settle(status["databases"], status["kafka"])
            self._step("collecting the evidence")
            await self.platform.sandbox("PUT", "replicate", json=TRUE_LOOK_UPS)
            self.pauses, self.redriven = operator.pauses, operator.redriven
            self.evidence = await self._collect(status["databases"], status["kafka"])
            self.violations += judge(self.evidence)
            self._step("judged")
        self._step("done")
        return self

    async def _ask_late(self, operator: Operator) -> None:
        """When all has ended: what is asked for once more, redriven or tried again."""
        left = [self._retry(*one) for one in self._left[:RETRIED_LATE_MAX]]
        try:
            async with asyncio.timeout(ANSWERED_SECONDS_MAX):
                await asyncio.gather(self._redrive(operator, len(self.plan.redrives_at)), *left)
        except TimeoutError:
            self._broken("liveness", f"late requests are not answered within {ANSWERED_SECONDS_MAX:.0f} s")

    async def _prepare(self, operator: Operator) -> None:
        """Credits, plans, the model's bound, and the pauses that begin before anything breaks."""
        await operator.bound(MODEL, self.plan.model_slots)
        for shop in self.plan.shops:
            tenant = self.shops[shop.name]
            await self.platform.grant(tenant.instance_id, self.plan.credits_of(shop))
            if shop.plan is not None:
                await operator.put_on(tenant, shop.plan)
        for pause in self.plan.pauses:
            if not pause.at_seconds:
                await operator.pause(self.shops[pause.shop], paused=True)
                self._paused_at[pause.shop] = time.time()

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

    async def _act(self, urls: Sequence[str], operator: Operator, weather: Mapping[str, object]) -> None:
        """All that people do, each at its time."""
        begun = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for pause in self.plan.pauses:
                paused_at = None if pause.at_seconds else self._paused_at[pause.shop]
                group.create_task(operator.pause_for(self.shops[pause.shop], pause, begun=begun, paused_at=paused_at))
            group.create_task(operator.storm(weather, self.plan.storm, begun=begun))
            for number, at_seconds in enumerate(self.plan.redrives_at):
                group.create_task(self._redrive(operator, number, at=begun + at_seconds))
            for job in self.plan.jobs:
                await _until(begun + job.at_seconds)
                group.create_task(self._send(job, urls))

    async def _redrive(self, operator: Operator, number: int, *, at: float = 0.0) -> None:
        await _until(at)
        for shop in self.shops.values():
            await operator.redrive(shop, key=unique_name(f"redrive-{number}"))

    async def _send(self, job: JobPlan, urls: Sequence[str]) -> None:
        shop = self.shops[job.shop]
        images = [
            {"imageId": f"{job.key}-{number}", "imageUrl": urls[number % len(urls)], "prompt": _prompt(job, number)}
            for number in range(job.images)
        ]
        asked = await ask(shop, job.key, images)
        self.asked.append(asked)
        if job.cancel_after_seconds is not None:
            await asyncio.sleep(job.cancel_after_seconds)
            job_id = min(asked.job_ids)
            self.canceled[job_id] = await cancel(shop, job_id)
        if job.retry:
            await self._retry(shop, job.key, min(asked.job_ids))

    async def _retry(self, shop: Tenant, key: str, job_id: int) -> None:
        """Ask for the failed items of a job again, when it ends with some; of one that is still open when all is calm, later."""
        while (job := await job_of(shop, job_id))["status"] not in ENDED:
            if self._calm.is_set():
                self._left.append((shop, key, job_id))
                return
            await asyncio.sleep(RETRY_LOOK_SECONDS)
        if job["failedImages"] and (asked := await retry(shop, f"{key}-again", job_id)) is not None:
            self.asked.append(asked)

    async def _settle(self, databases: Mapping[str, str], kafka: str) -> None:
        """Wait until nothing is under way any more and the pages have seen it. What did not end is not waited for again."""
        if self.violations:
            return
        self._step("waiting for all to end")
        begun = time.monotonic()
        left: dict[str, int] = {}
        try:
            async with asyncio.timeout(self.settle_seconds_max):
                # Twice: an event between two services is seen at neither by a look that came to the one too early.
                while left := (await self._under_way(databases, kafka) or await self._under_way(databases, kafka)):
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            self._broken("liveness", f"not ended {self.settle_seconds_max:.0f} s after the last fault: {left}")
        self.settled_seconds += time.monotonic() - begun
        self._step("waiting for the pages")
        try:
            async with asyncio.timeout(PAGES_SECONDS_MAX):
                while await self._pages_are_behind(databases["jobs-api"]):
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            return  # the oracle says which

    async def _pages_are_behind(self, url: str) -> bool:
        jobs, items = await rows(url, JobRow, JOBS, self._instances), await rows(url, ItemRow, ITEMS, self._instances)
        seen = Evidence(
            cap=self.cap,
            window_seconds=WINDOW_SECONDS,
            instances=frozenset(self._instances),
            jobs=jobs,
            items=items,
            views=[replace(page.view(), complaints=()) for page in self.pages],
        )
        return any(True for _ in pages_show_the_truth(seen))

    async def _under_way(self, databases: Mapping[str, str], kafka: str) -> dict[str, int]:
        """What is not finished, by service; looked at in the tables. A part that is coming up counts as unfinished."""
        left = {}
        for service, url in databases.items():
            try:
                left[service] = await unsent(url) + await _count(url, UNFINISHED.get(service), self._instances)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                left[service] = -1
        if not any(left.values()):
            try:
                left |= await lag(kafka)
            except (OSError, KafkaError, TimeoutError):
                left["kafka"] = -1
        return {name: count for name, count in left.items() if count}

    async def _collect(self, databases: Mapping[str, str], kafka: str) -> Evidence:
        """The evidence, of a moment in which nothing was on its way.

        A webhook that comes once more, or what an earlier test has left, may be told just now: that is no message left lying.
        """
        for _ in range(COLLECTIONS_MAX):
            found = await collect(self.platform.status, self._instances, cap=self.cap, since=self.since)
            if not any([*found.unsent.values(), *found.lag.values()]):
                break
            await self._settle(databases, kafka)
        return replace(
            found, asked=self.asked, cancels=self.canceled, pauses=self.pauses, views=[page.view() for page in self.pages]
        )

    @property
    def _instances(self) -> list[str]:
        return [shop.instance_id for shop in self.shops.values()]

    def _broken(self, rule: str, what: str) -> None:
        self.violations.append(Violation(rule, what))
        self._step(f"{rule}: {what}; processes: {self.platform.status['processes']}")

    def _step(self, what: str) -> None:
        """Shown with a failure, also with that of a run that does not end."""
        print(f"{(datetime.now(UTC) - self.since).total_seconds():7.1f} s  {what}", flush=True)


def _prompt(job: JobPlan, number: int) -> str:
    return f"{job.key} {number}" + (" cursed" if job.cursed and not number else "")


async def _until(at: float) -> None:
    """Wait for a time of the loop's clock."""
    await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))


async def _count(url: str, statement: str | None, instances: list[str]) -> int:
    if statement is None:
        return 0
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return int(await connection.fetchval(statement, instances))
    finally:
        await connection.close()
