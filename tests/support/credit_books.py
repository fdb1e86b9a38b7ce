"""The books of credits on a real database, without a consumer around them: events in, rows and events out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from darkroom_contracts.balances import Rebuilt, Sums, balances_from
from darkroom_contracts.catalogue import EVENTS_BY_TYPE
from darkroom_contracts.envelope import Envelope
from darkroom_contracts.event import Event
from darkroom_credits.change_plan import ChangePlan
from darkroom_credits.correct_credits import CorrectCredits
from darkroom_credits.corrections import Correction
from darkroom_credits.events import build_handlers
from darkroom_credits.grant_credits import GrantCredits
from darkroom_credits.grants import NewGrant
from darkroom_credits.keep_books import KeepBooks
from darkroom_credits.keep_time import KeepTime
from darkroom_credits.look_at_account import LookAtAccount
from darkroom_credits.metrics import CreditsMetrics
from darkroom_servicekit import database
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.stages import Received, stages
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from support.credit_events import received

REPLICAS = 4


class Clock:
    """The time as the books see it: the wall clock's, until a test sets it."""

    def __init__(self) -> None:
        self._set: datetime | None = None

    def now(self) -> datetime:
        return self._set or datetime.now(UTC)

    def set(self, at: str) -> None:
        """Stand still at a time, ISO 8601."""
        self._set = datetime.fromisoformat(at)


class CreditBooks:
    """One service's use cases. Two of these on one database are two replicas."""

    def __init__(self, unit_of_work: UnitOfWork, clock: Clock) -> None:
        metrics = CreditsMetrics(CollectorRegistry())
        unit_of_work.watch(metrics.count)
        self.metrics = metrics
        self.unit_of_work = unit_of_work
        self.clock = clock
        self.time = KeepTime(unit_of_work, metrics, clock=clock.now, overdue_seconds=3600)
        self.accounts = LookAtAccount(unit_of_work, clock.now)
        self.grants = GrantCredits(self.time.look_again)
        self.corrections = CorrectCredits()
        self.plans = ChangePlan(self.time.look_again)
        self._handlers = build_handlers(KeepBooks(metrics))

    async def take(self, *events: Event) -> None:
        """Handle events as one batch of the consumer: stage by stage, in one transaction."""
        await self.take_received([received(event) for event in events])

    async def take_received(self, batch: Sequence[Received[Event]]) -> None:
        async with self.unit_of_work.begin() as transaction:
            for stage in stages(batch, self._handlers.order()):
                for kind, handle in self._handlers.by_type.items():
                    if kind in stage:
                        await handle(transaction, stage[kind])

    async def grant(self, instance_id: str, amount: int, *, expires_at: datetime | None = None) -> None:
        """Give a tenant credits as an operator does."""
        new = NewGrant(
            instance_id=instance_id, kind="operator", amount=amount, reason="test", created_by="tester", expires_at=expires_at
        )
        async with self.unit_of_work.begin() as transaction:
            await self.grants.grant(transaction, new)

    async def put_on_plan(self, instance_id: str, plan: str, *, key: str | None = None) -> None:
        """Change a tenant's plan as an operator does."""
        async with self.unit_of_work.begin() as transaction:
            await self.plans.change(transaction, instance_id, plan, key=key)

    async def adjust(self, instance_id: str, amount: int) -> None:
        """Correct a tenant's credits as an operator does."""
        wanted = Correction(instance_id=instance_id, amount=amount, reason="test", created_by="tester")
        async with self.unit_of_work.begin() as transaction:
            await self.corrections.adjust(transaction, wanted)

    async def give_back(self, instance_id: str, job_id: int, *, item_id: int | None = None, amount: int = 0) -> None:
        """Give back what a job or an item of it spent, as an operator does."""
        wanted = Correction(
            instance_id=instance_id, amount=amount, reason="test", created_by="tester", job_id=job_id, item_id=item_id
        )
        async with self.unit_of_work.begin() as transaction:
            await self.corrections.give_back(transaction, wanted)

    async def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        async with self.unit_of_work.read() as connection:
            return [tuple(row) for row in await connection.execute(text(sql), values)]

    async def balances(self, instance_id: str) -> tuple[int, int, int]:
        """available, held, spent."""
        [(available, held, spent)] = await self.rows(
            "SELECT available, held, spent FROM balances WHERE instance_id = :id", id=instance_id
        )
        return available, held, spent

    async def rebuilt(self) -> Rebuilt:
        """What a reader of the events alone makes of them."""
        rows = await self.rows("SELECT sequence, headers, payload FROM outbox WHERE topic = 'darkroom.credits' ORDER BY sequence")
        return balances_from(
            (
                Envelope.from_headers(headers | {"ce_sequence": str(sequence)}),
                EVENTS_BY_TYPE[headers["ce_type"]].model_validate_json(bytes(payload)),
            )
            for sequence, headers, payload in rows
        )

    async def assert_topic_rebuilds(self) -> None:
        """The events alone add up to every balance that there is."""
        rebuilt = await self.rebuilt()
        assert rebuilt.disagreements == []
        live = {
            shop: Sums(a, h, s) for shop, a, h, s in await self.rows("SELECT instance_id, available, held, spent FROM balances")
        }
        assert {shop: rebuilt.balances.get(shop, Sums()) for shop in live} == live

    async def published(self) -> list[Event]:
        """All events that went to the outbox, in order."""
        rows = await self.rows("SELECT headers ->> 'ce_type', payload FROM outbox ORDER BY sequence")
        return [EVENTS_BY_TYPE[kind].model_validate_json(bytes(payload)) for kind, payload in rows]

    async def assert_sound(self) -> None:
        """The ledger sums to zero, and balances, grants and open reservations are what it says."""
        assert await self.rows("SELECT coalesce(sum(amount), 0) FROM ledger_entries") == [(0,)]
        assert await self.rows(NOT_AS_THE_LEDGER_SAYS) == []
        assert await self.rows(NOT_AS_THE_GRANTS_SAY) == []
        assert await self.rows(NOT_AS_THE_RESERVATIONS_SAY) == []
        assert await self.rows(NOT_AS_THE_STATEMENT_SAYS) == []


NOT_AS_THE_LEDGER_SAYS = """
    SELECT b.instance_id FROM balances b LEFT JOIN (
        SELECT instance_id, account, sum(amount) AS amount FROM ledger_entries GROUP BY instance_id, account
    ) e ON e.instance_id = b.instance_id
    GROUP BY b.instance_id HAVING
        max(b.available) <> coalesce(sum(e.amount) FILTER (WHERE account = 'available'), 0)
        OR max(b.held) <> coalesce(sum(e.amount) FILTER (WHERE account = 'held'), 0)
        OR max(b.spent) <> coalesce(sum(e.amount) FILTER (WHERE account = 'spent'), 0)
        OR max(b.expired) <> coalesce(sum(e.amount) FILTER (WHERE account = 'expired'), 0)
        OR max(b.refunded) <> coalesce(sum(e.amount) FILTER (WHERE account = 'refunded'), 0)
        OR max(b.adjusted) <> coalesce(sum(e.amount) FILTER (WHERE account = 'adjusted'), 0)
        OR max(b.lost) <> -coalesce(sum(e.amount) FILTER (WHERE account = 'lost'), 0)
        OR max(b.granted) <> -coalesce(sum(e.amount) FILTER (WHERE account = 'granted'), 0)
"""
NOT_AS_THE_GRANTS_SAY = """
    SELECT b.instance_id FROM balances b LEFT JOIN grants g ON g.instance_id = b.instance_id
    GROUP BY b.instance_id HAVING max(b.available) <> coalesce(sum(g.remaining), 0)
"""
NOT_AS_THE_RESERVATIONS_SAY = """
    SELECT b.instance_id FROM balances b LEFT JOIN reservations r ON r.instance_id = b.instance_id
    GROUP BY b.instance_id
    HAVING max(b.held) <> coalesce(sum(r.amount - r.spent - r.released), 0)
        OR max(b.spent) <> coalesce(sum(r.spent - r.reimbursed), 0)
"""
NOT_AS_THE_STATEMENT_SAYS = """
    SELECT instance_id, id FROM (
        SELECT instance_id, id, available_after, sum(available_change) OVER (PARTITION BY instance_id ORDER BY id) AS sum
        FROM ledger_transactions
    ) AS line WHERE available_after <> sum
"""


@asynccontextmanager
async def credit_books(database_url: str, clock: Clock | None = None) -> AsyncIterator[CreditBooks]:
    """Books on a migrated database."""
    clock = clock or Clock()
    with pytest.MonkeyPatch.context() as patch:
        # Dozens come at once for one tenant, one after the other has the row: the last one waits as long as the machine takes.
        patch.setattr(database, "POOL_WAIT_SECONDS_MAX", 60.0)
        engine = build_engine(database_url, pool_size=REPLICAS)
    try:
        yield CreditBooks(UnitOfWork(engine, service="credits", clock=clock.now, wake_relay=lambda: None), clock)
    finally:
        await engine.dispose()


async def all_of(*work: Any) -> None:
    """Do all at once; the first failure fails."""
    async with asyncio.TaskGroup() as group:
        for one in work:
            group.create_task(one)


@asynccontextmanager
async def running_loop(books: CreditBooks, time: KeepTime | None = None) -> AsyncIterator[None]:
    """The loop that keeps time, for as long as the context lasts."""
    task = asyncio.create_task((time or books.time).run())
    try:
        yield
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
