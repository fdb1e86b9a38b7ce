"""The ledger as a machine: Hypothesis does to it whatever can be done, in any order, with time passing and transactions dying.

A model kept by hand beside it says what every account must be; the database is asked after each step. `DARKROOM_LEDGER_EXAMPLES`
sets how many stories are told (30 steps each).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

import asyncpg
import pytest
from darkroom_contracts.event import Event
from darkroom_credits.correct_credits import NothingToGiveBack, UnknownSpending
from darkroom_credits.payments.purchase import Purchase
from darkroom_credits.payments.record_payments import record_session
from darkroom_credits.payments.record_returns import record_charge, record_dispute, record_refund
from darkroom_credits.payments.store import insert_purchase
from darkroom_credits.payments.stripe_objects import Charge, Dispute, Refund, Session
from darkroom_servicekit.database import Transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text
from support.credit_books import Clock, CreditBooks, credit_books
from support.credit_events import item_finished, job_finished, requested
from support.credit_role import migrated_for_its_role
from support.stack import StackAddresses, fresh_database

EXAMPLES = int(os.environ.get("DARKROOM_LEDGER_EXAMPLES", "8"))
STEPS = 30
CHARGES: st.SearchStrategy[Literal["spend", "release"]] = st.sampled_from(("spend", "release"))
SHOPS = st.sampled_from(["red", "green"])
START = datetime(2026, 1, 31, 8, tzinfo=UTC)
TABLES = (
    "closed_accounts, adjustments, money_entries, money_transactions, stripe_events, stripe_refunds, stripe_returns,"
    " purchases, settlements, draws, reservations, ledger_entries, ledger_transactions, grants, balances, outbox"
)


SPENT_BY_JOB = """
    SELECT coalesce(sum(spent - reimbursed), 0)::bigint FROM reservations WHERE job_id = :job AND instance_id = :shop
"""


@dataclass(frozen=True)
class Nothing:
    """The account of a tenant never seen."""

    available: int = 0
    lost: int = 0


class Died(Exception):
    """The process died between two statements of a transaction."""


class Crash:
    """Lets the n-th statement from now on fail, as a death would: the transaction is rolled back."""

    def __init__(self) -> None:
        self.after: int | None = None

    def __call__(self, *_: Any) -> None:
        if self.after is not None:
            self.after -= 1
            if self.after < 0:
                self.after = None
                raise Died


@dataclass
class Job:
    shop: str
    price: int
    items: int
    held: bool
    open: bool
    settled: set[int] = field(default_factory=set)


class Ledger(RuleBasedStateMachine):
    """Rules: what anybody may do. Each may die half-way, and is then done again, as a consumer or a caller would."""

    books: CreditBooks
    owner_url: str
    crash: Crash
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    @initialize()
    def begin(self) -> None:
        self.books.clock.set(START.isoformat())
        self.now = START
        self.jobs: dict[int, Job] = {}
        self.purchases: list[tuple[Purchase, str]] = []
        self.paid: dict[str, int] = {}
        self.run(self._empty())

    async def _empty(self) -> None:
        """Only the server's owner can: the service's role may not, and the triggers stop the tables' owner."""
        connection = await asyncpg.connect(self.owner_url)
        try:
            await connection.execute(f"SET session_replication_role = replica; TRUNCATE {TABLES} RESTART IDENTITY")
        finally:
            await connection.close()

    def do(self, act: Callable[[], Awaitable[Any]], dies_after: int | None) -> None:
        """Act; when told to die on the way, die, and act again."""
        self.crash.after = dies_after
        try:
            self.run(act())  # type: ignore[arg-type]
        except Died:
            self.run(act())  # type: ignore[arg-type]
        self.crash.after = None

    @rule(shop=SHOPS, amount=st.integers(1, 200), days=st.none() | st.integers(1, 40), dies=st.none() | st.integers(0, 8))
    def grant(self, shop: str, amount: int, days: int | None, dies: int | None) -> None:
        expires_at = None if days is None else self.now + timedelta(days=days)
        self.do(lambda: self.books.grant(shop, amount, expires_at=expires_at), dies)

    @rule(
        shop=SHOPS,
        price=st.integers(1, 40),
        items=st.integers(1, 4),
        count=st.integers(1, 4),
        dies=st.none() | st.integers(0, 16),
    )
    def request(self, shop: str, price: int, items: int, count: int, dies: int | None) -> None:
        batch = [len(self.jobs) + number + 1 for number in range(count)]
        events = [requested(job, instance_id=shop, items=items, price=price) for job in batch]
        self.do(lambda: self.books.take(*events), dies)
        decided = self.run(self.books.rows("SELECT job_id, state FROM reservations WHERE job_id = ANY(:ids)", ids=batch))
        assert sorted(job for job, _ in decided) == batch
        for job, state in decided:
            self.jobs[job] = Job(shop, price, items, held=state != "REJECTED", open=state == "OPEN")

    @rule(data=st.data(), dies=st.none() | st.integers(0, 16))
    def settle(self, data: st.DataObject, dies: int | None) -> None:
        """Items and ends of jobs, known and unknown, once and again, in one batch."""
        events: list[Event] = []
        for _ in range(data.draw(st.integers(1, 6))):
            job_id = data.draw(st.integers(1, len(self.jobs) + 1))
            job = self.jobs.get(job_id, Job("red", 1, 1, held=False, open=False))
            if data.draw(st.integers(0, 3)) == 0:
                spent = data.draw(st.integers(0, job.items))
                events.append(job_finished(job_id, items_spent=spent, items=job.items, instance_id=job.shop))
            else:
                item = data.draw(st.integers(1, job.items))
                charge = data.draw(CHARGES)
                events.append(item_finished(job_id, item, charge, instance_id=job.shop))
        self.do(lambda: self.books.take(*events), dies)

    @rule(days=st.integers(0, 45), seconds=st.integers(0, 86_400), sweep=st.booleans(), dies=st.none() | st.integers(0, 12))
    def time_passes(self, days: int, seconds: int, sweep: bool, dies: int | None) -> None:
        self.now += timedelta(days=days, seconds=seconds)
        self.books.clock.set(self.now.isoformat())
        if sweep:
            self.do(self.books.time.catch_up, dies)

    @rule(shop=SHOPS, plan=st.sampled_from(["payg", "starter", "studio"]), dies=st.none() | st.integers(0, 12))
    def change_plan(self, shop: str, plan: str, dies: int | None) -> None:
        self.now += timedelta(seconds=1)
        self.books.clock.set(self.now.isoformat())
        self.do(lambda: self.books.put_on_plan(shop, plan), dies)

    @rule(shop=SHOPS, credits=st.integers(50, 300), dies=st.none() | st.integers(0, 14))
    def buy(self, shop: str, credits: int, dies: int | None) -> None:
        purchase = Purchase(
            id=str(uuid4()),
            instance_id=shop,
            credits=credits,
            amount_minor=credits * 2,
            currency="EUR",
            price_version=1,
            created_at=self.now,
        )
        self.purchases.append((purchase, f"pi_{purchase.id}"))
        self.run(self._write(purchase))
        self.pay(len(self.purchases) - 1, dies)

    async def _write(self, purchase: Purchase) -> None:
        async with self.books.unit_of_work.begin() as transaction:
            await insert_purchase(transaction, purchase, created_by="tester", key=None)

    @rule(which=st.integers(0, 20), dies=st.none() | st.integers(0, 14))
    def pay(self, which: int, dies: int | None) -> None:
        """Stripe tells of a payment, for the first time or again."""
        if not self.purchases:
            return
        purchase, intent = self.purchases[which % len(self.purchases)]
        session = Session(
            id=f"cs_{purchase.id}",
            amount_total=purchase.amount_minor,
            currency="eur",
            client_reference_id=purchase.id,
            mode="payment",
            status="complete",
            payment_status="paid",
            payment_intent=intent,
        )
        self.do(lambda: self._in_transaction(lambda transaction: record_session(transaction, session)), dies)
        self.paid[purchase.id] = purchase.amount_minor

    @rule(which=st.integers(0, 20), percent=st.integers(1, 100), dies=st.none() | st.integers(0, 14))
    def total(self, which: int, percent: int, dies: int | None) -> None:
        """Stripe tells how much has been paid back so far; later figures may be smaller, as when events overtake one another."""
        if not self.purchases:
            return
        purchase, intent = self.purchases[which % len(self.purchases)]
        refunded = max(1, purchase.amount_minor * percent // 100)
        charge = Charge(id="ch", payment_intent=intent, amount=purchase.amount_minor, amount_refunded=refunded, currency="eur")
        self.do(lambda: self._in_transaction(lambda found: record_charge(found, charge, told_at=self.now)), dies)

    @rule(
        which=st.integers(0, 20),
        number=st.integers(1, 3),
        status=st.sampled_from(["pending", "succeeded", "failed", "canceled"]),
        dies=st.none() | st.integers(0, 14),
    )
    def refund(self, which: int, number: int, status: str, dies: int | None) -> None:
        """Stripe tells of one of three refunds of a third each; states come in any order, again, and before the payment."""
        if not self.purchases:
            return
        purchase, intent = self.purchases[which % len(self.purchases)]
        told = Refund(
            id=f"re_{number}_{purchase.id}",
            payment_intent=intent,
            amount=purchase.amount_minor // 3,
            currency="eur",
            status=status,
        )
        self.do(lambda: self._in_transaction(lambda found: record_refund(found, told, told_at=self.now)), dies)

    @rule(
        which=st.integers(0, 20),
        number=st.integers(1, 2),
        percent=st.integers(1, 100),
        end=st.sampled_from(["lost", "won", None]),
        dies=st.none() | st.integers(0, 14),
    )
    def dispute(self, which: int, number: int, percent: int, end: str | None, dies: int | None) -> None:
        """A bank disputes a payment, or decides, also twice; also before the payment is heard of, and beside refunds."""
        if not self.purchases:
            return
        purchase, intent = self.purchases[which % len(self.purchases)]
        told = Dispute(
            id=f"du_{number}_{purchase.id}",
            payment_intent=intent,
            amount=max(1, purchase.amount_minor * percent // 100),
            currency="eur",
            status=end or "needs_response",
        )
        closed = end is not None
        self.do(lambda: self._in_transaction(lambda found: record_dispute(found, told, told_at=self.now, closed=closed)), dies)

    async def _in_transaction(self, act: Callable[[Transaction], Awaitable[str]]) -> None:
        async with self.books.unit_of_work.begin() as transaction:
            await act(transaction)

    @rule(shop=SHOPS, amount=st.integers(-250, 60).filter(bool), dies=st.none() | st.integers(0, 10))
    def adjust(self, shop: str, amount: int, dies: int | None) -> None:
        """An operator corrects; what is not there is lost, and never more than that."""
        before = self.run(self._account(shop))
        self.do(lambda: self.books.adjust(shop, amount), dies)
        after = self.run(self._account(shop))
        # Looking at it first posts what time has done, so nothing else has moved in between.
        assert after.available == max(0, before.available + amount)
        assert after.lost - before.lost == max(0, -(before.available + amount))

    @rule(data=st.data(), amount=st.integers(0, 60), dies=st.none() | st.integers(0, 14))
    def give_back(self, data: st.DataObject, amount: int, dies: int | None) -> None:
        """An operator gives back what a job, known or not, or an item of it has spent; what is refused moves nothing."""
        job_id = data.draw(st.integers(1, len(self.jobs) + 1))
        job = self.jobs.get(job_id, Job("red", 1, 1, held=False, open=False))
        shop = data.draw(st.sampled_from([job.shop, job.shop, job.shop, "red"]))
        item = data.draw(st.none() | st.integers(1, job.items))
        [(spent,)] = self.run(self.books.rows(SPENT_BY_JOB, job=job_id, shop=shop))
        try:
            self.do(lambda: self.books.give_back(shop, job_id, item_id=item, amount=0 if item else amount), dies)
        except (UnknownSpending, NothingToGiveBack):
            expected = spent
        else:
            expected = spent - (job.price if item else amount or spent)
            assert 0 <= expected < spent
        finally:
            self.crash.after = None
        assert self.run(self.books.rows(SPENT_BY_JOB, job=job_id, shop=shop)) == [(expected,)]

    async def _account(self, shop: str) -> Any:
        await self.books.accounts.view(shop)
        async with self.books.unit_of_work.read() as connection:
            rows = await connection.execute(text("SELECT available, lost FROM balances WHERE instance_id = :id"), {"id": shop})
            return rows.one_or_none() or Nothing()

    @rule(shop=SHOPS)
    def look(self, shop: str) -> None:
        """What is shown contains nothing that has ended."""
        view = self.run(self.books.accounts.view(shop))
        assert all(one.expires_at > self.now for one in view.expiring)
        assert view.renews_at is None or view.renews_at > self.now
        assert sum(one.amount for one in view.expiring) <= view.available

    @invariant()
    def sound(self) -> None:
        self.run(self.books.assert_sound())
        self.run(self._assert_more())

    async def _assert_more(self) -> None:
        rows = self.books.rows
        assert (
            await rows("SELECT 1 FROM balances WHERE least(available, held, spent, expired, refunded, adjusted, lost) < 0") == []
        )
        assert await rows("SELECT coalesce(sum(amount), 0) FROM money_entries") == [(0,)]
        card = "SELECT coalesce(sum(amount), 0)::bigint FROM money_entries WHERE account = 'card'"
        kept = "SELECT coalesce(sum(amount_minor - refunded_minor), 0)::bigint FROM purchases WHERE state = 'PAID'"
        assert await rows(card) == await rows(kept)
        twice = "SELECT 1 FROM grants WHERE kind = 'allowance' GROUP BY instance_id, created_at, expires_at HAVING count(*) > 1"
        assert await rows(twice) == []
        settled = """
            SELECT coalesce(sum(CASE kind WHEN 'spend' THEN amount ELSE -amount END), 0)::bigint
            FROM ledger_transactions WHERE kind IN ('spend', 'reimburse')
        """
        assert await rows(settled) == await rows("SELECT coalesce(sum(spent), 0)::bigint FROM balances")
        await self.books.assert_topic_rebuilds()


@pytest.mark.timeout(120 + 10 * EXAMPLES)
def test_whatever_happens_to_the_ledger_it_stays_sound(parts: StackAddresses) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def opened() -> CreditBooks:
            Ledger.owner_url = await stack.enter_async_context(fresh_database(parts, "machine"))
            url = await migrated_for_its_role(Ledger.owner_url)
            return await stack.enter_async_context(credit_books(url, Clock()))

        Ledger.books = runner.run(opened())
        Ledger.crash = Crash()
        Ledger.run = staticmethod(runner.run)
        sqlalchemy_event.listen(Ledger.books.unit_of_work.engine.sync_engine, "before_cursor_execute", Ledger.crash)
        try:
            run_state_machine_as_test(
                Ledger,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    print_blob=True,
                ),
            )
        finally:
            Ledger.crash.after = None
            runner.run(stack.aclose())
