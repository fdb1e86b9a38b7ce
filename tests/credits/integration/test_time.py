"""What time does to credits: grants that end, periods that begin, plans that change; on a real database, the clock in hand."""

from datetime import UTC, datetime, timedelta

import pytest
from darkroom_contracts.credits import CreditsExpired, CreditsGranted, CreditsRejected, CreditsReserved, PlanChanged
from darkroom_credits.keep_time import LOOK_SECONDS_MAX, KeepTime
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.plans import UnknownPlan
from darkroom_credits.store_plans import was_ever_on_a_plan
from prometheus_client import CollectorRegistry
from support.credit_books import CreditBooks, all_of, credit_books, running_loop
from support.credit_events import item_finished, job_finished, requested
from support.service import eventually

MARCH, NOON = "2026-03-01T12:00:00+00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)
APRIL, MAY = "2026-04-01T12:00:00+00:00", "2026-05-01T12:00:00+00:00"


async def lines(books: CreditBooks) -> list[tuple[str, int]]:
    return [(kind, amount) for kind, amount in await books.rows("SELECT kind, amount FROM ledger_transactions ORDER BY id")]


async def test_a_job_cannot_hold_credits_of_a_grant_that_ended_before_anybody_swept(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.grant("shop", 100, expires_at=NOON + timedelta(hours=1))
    books.clock.set("2026-03-01T13:00:00+00:00")
    await books.take(requested(1))
    assert await books.balances("shop") == (0, 0, 0)
    assert [type(event) for event in await books.published()] == [CreditsGranted, CreditsExpired, CreditsRejected]
    await books.assert_sound()


async def test_one_microsecond_before_its_end_a_grant_may_be_held(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.grant("shop", 100, expires_at=NOON + timedelta(hours=1))
    books.clock.set("2026-03-01T12:59:59.999999+00:00")
    await books.take(requested(1))
    assert await books.balances("shop") == (85, 15, 0)


async def test_the_balance_shown_never_contains_what_has_ended(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.grant("shop", 100, expires_at=NOON + timedelta(hours=1))
    await books.grant("shop", 7)
    assert (await books.accounts.view("shop")).available == 107
    books.clock.set("2026-03-01T13:00:00+00:00")
    shown = await books.accounts.view("shop")
    assert (shown.available, shown.expiring) == (7, [])
    assert await lines(books) == [("grant", 100), ("grant", 7), ("expire", 100)]
    await books.assert_sound()


async def test_what_comes_back_to_a_grant_that_has_ended_expires_at_once(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.grant("shop", 30, expires_at=NOON + timedelta(hours=1))
    await books.take(requested(1, items=2))
    books.clock.set("2026-03-01T14:00:00+00:00")
    await books.take(item_finished(1, 11), item_finished(1, 12, "release"))
    assert await books.balances("shop") == (0, 0, 15)
    [expired] = [event for event in await books.published() if isinstance(event, CreditsExpired)]
    assert (expired.amount, expired.job_id, expired.balances.available) == (15, 1, 0)
    await books.assert_sound()


async def test_the_sweep_posts_each_end_once_by_two_replicas_at_once(books: CreditBooks, database_url: str) -> None:
    books.clock.set(MARCH)
    for number in range(5):
        await books.grant(f"shop-{number}", 10, expires_at=NOON + timedelta(hours=1))
    books.clock.set("2026-03-01T13:00:00+00:00")
    async with credit_books(database_url, books.clock) as other:
        await all_of(books.time.catch_up(), other.time.catch_up())
    assert await books.time.catch_up() == 0
    assert (await lines(books)).count(("expire", 10)) == 5
    await books.assert_sound()


async def test_the_loop_wakes_for_an_end_that_it_heard_of_and_posts_it_in_time(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.grant("shop", 100)
    await books.take(requested(1))
    async with running_loop(books):

        async def looked() -> bool:
            return bool(books.metrics.reservations_open._value.get() == 1)

        async def expired() -> bool:
            return ("expire", 10) in await lines(books)

        # From here on it sleeps for a minute, unless it is told of something sooner.
        await eventually(looked)
        end = NOON + timedelta(seconds=0.2)
        await books.grant("shop", 10, expires_at=end)
        books.clock.set(end.isoformat())
        await eventually(expired, seconds=LOOK_SECONDS_MAX / 2)
    [(at,)] = await books.rows("SELECT created_at FROM ledger_transactions WHERE kind = 'expire'")
    assert at == end


async def test_a_period_ends_with_its_allowance_and_the_next_begins_at_that_instant(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.put_on_plan("shop", "starter")
    await books.take(requested(1, items=2))
    books.clock.set("2026-04-01T12:00:07+00:00")
    assert await books.time.catch_up() == 1
    assert await books.time.catch_up() == 0
    shown = await books.accounts.view("shop")
    assert (shown.available, shown.held, str(shown.renews_at)) == (5000, 30, MAY.replace("T", " "))
    assert await lines(books) == [("grant", 5000), ("hold", 30), ("expire", 4970), ("grant", 5000)]
    await books.take(job_finished(1, items_spent=0, items=2))
    assert (await books.accounts.view("shop")).available == 5000
    await books.assert_sound()


async def test_a_service_that_slept_over_months_grants_one_allowance_for_the_period_it_wakes_in(books: CreditBooks) -> None:
    books.clock.set("2026-01-31T08:00:00+00:00")
    await books.put_on_plan("shop", "starter")
    books.clock.set("2026-06-15T00:00:00+00:00")
    assert await books.time.catch_up() == 1
    assert await lines(books) == [("grant", 5000), ("expire", 5000), ("grant", 5000)]
    shown = await books.accounts.view("shop")
    assert shown.renews_at == datetime(2026, 6, 30, 8, tzinfo=UTC)
    assert await books.rows("SELECT period_started_at FROM balances") == [(datetime(2026, 5, 31, 8, tzinfo=UTC),)]


async def test_a_job_that_comes_before_the_sweep_is_paid_from_the_new_period(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.put_on_plan("shop", "starter")
    await books.take(requested(1, items=333))
    books.clock.set(APRIL)
    await books.take(requested(2, items=333))
    assert await books.balances("shop") == (5, 9990, 0)
    assert await books.time.catch_up() == 0
    await books.assert_sound()


async def test_two_replicas_that_renew_at_once_grant_one_allowance(books: CreditBooks, database_url: str) -> None:
    books.clock.set(MARCH)
    await books.put_on_plan("shop", "starter")
    books.clock.set(APRIL)
    async with credit_books(database_url, books.clock) as other:
        await all_of(books.time.catch_up(), other.accounts.view("shop"), other.take(requested(1)), books.accounts.view("shop"))
    assert (await lines(books)).count(("grant", 5000)) == 2
    await books.assert_sound()


async def test_a_top_up_outlives_the_period_and_is_spent_after_the_allowance(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.put_on_plan("shop", "starter")
    await books.grant("shop", 40)
    books.clock.set(APRIL)
    await books.take(requested(1, items=334))
    assert await books.rows("SELECT kind, remaining FROM grants ORDER BY id") == [
        ("allowance", 0),
        ("operator", 30),
        ("allowance", 0),
    ]
    await books.assert_sound()


async def test_a_renewal_takes_the_version_of_the_plan_that_is_sold_then_and_tells_of_it(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.put_on_plan("shop", "starter")
    async with books.unit_of_work.begin() as transaction:
        await transaction.execute(
            "INSERT INTO plans SELECT name, 2, title, 6000, 3, 90, price_minor, currency, position, '2026-03-20Z' FROM plans"
            " WHERE name = 'starter'"
        )
    assert (await books.accounts.view("shop")).available == 5000
    books.clock.set(APRIL)
    assert (await books.accounts.view("shop")).available == 6000
    changed = [event for event in await books.published() if isinstance(event, PlanChanged)]
    assert [(one.plan_version, one.weight, one.cap_per_minute) for one in changed] == [(1, 1, None), (2, 3, 90)]


async def test_a_change_of_plan_ends_the_old_allowance_and_begins_a_period_now(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.put_on_plan("shop", "starter")
    await books.grant("shop", 40)
    await books.take(requested(1, items=2))
    books.clock.set("2026-03-11T09:00:00+00:00")
    await books.put_on_plan("shop", "studio")
    shown = await books.accounts.view("shop")
    assert (shown.available, shown.held, shown.plan) == (25_040, 30, "studio")
    assert shown.renews_at == datetime(2026, 4, 11, 9, tzinfo=UTC)
    # The old allowance's held part comes back to nobody.
    await books.take(item_finished(1, 11, "release"), item_finished(1, 12, "release"))
    assert await books.balances("shop") == (25_040, 0, 0)
    last = [event for event in await books.published() if isinstance(event, PlanChanged)][-1]
    assert (last.plan, last.weight, last.credits_per_month) == ("studio", 2, 25_000)
    await books.assert_sound()


async def test_a_plan_without_an_allowance_has_no_renewal(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.put_on_plan("shop", "pro")
    books.clock.set("2026-03-02T12:00:00+00:00")
    await books.put_on_plan("shop", "payg")
    shown = await books.accounts.view("shop")
    assert (shown.available, shown.plan, shown.renews_at) == (0, "payg", None)
    books.clock.set(MAY)
    assert await books.time.catch_up() == 0


async def sell_payg_anew(books: CreditBooks, version: int, valid_from: str, *, credits_per_month: int = 0) -> None:
    async with books.unit_of_work.begin() as transaction:
        await transaction.execute(
            "INSERT INTO plans SELECT name, :version, title, :credits, :version, 30, price_minor, currency, position, :since"
            " FROM plans WHERE name = 'payg' AND version = 1",
            {"version": version, "credits": credits_per_month, "since": datetime.fromisoformat(valid_from)},
        )


async def terms(books: CreditBooks) -> list[tuple[str, str, int, int, int | None]]:
    changed = [event for event in await books.published() if isinstance(event, PlanChanged)]
    return [(one.instance_id, one.plan, one.plan_version, one.weight, one.cap_per_minute) for one in changed]


async def test_a_new_version_of_a_plan_without_periods_reaches_all_on_it_when_it_is_sold(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.grant("never on a plan", 10)
    await books.put_on_plan("put on it", "payg")
    await books.put_on_plan("on another", "starter")
    told = await terms(books)
    await sell_payg_anew(books, 2, "2026-03-10T00:00:00+00:00")
    assert await books.time.catch_up() == 0
    books.clock.set("2026-03-10T00:00:00+00:00")
    assert await books.time.catch_up() == 2
    assert await books.time.catch_up() == 0
    assert sorted((await terms(books))[len(told) :]) == [
        ("never on a plan", "payg", 2, 2, 30),
        ("put on it", "payg", 2, 2, 30),
    ]
    await books.grant("new since", 10)
    assert (await terms(books))[-1] == ("new since", "payg", 2, 2, 30)
    assert [type(event) for event in (await books.published())[-2:]] == [PlanChanged, CreditsGranted], "terms before credits"
    async with books.unit_of_work.begin() as transaction:
        assert not await was_ever_on_a_plan(transaction, "new since"), "a sample shop that is new still starts on its plan"


async def test_a_plan_that_gets_an_allowance_begins_its_periods_with_that_version(books: CreditBooks) -> None:
    books.clock.set(MARCH)
    await books.grant("shop", 10)
    await sell_payg_anew(books, 2, MARCH, credits_per_month=100)
    assert await books.time.catch_up() == 1
    shown = await books.accounts.view("shop")
    assert (shown.available, shown.renews_at) == (110, datetime(2026, 4, 1, 12, tzinfo=UTC))
    assert await books.time.catch_up() == 0
    await books.assert_sound()


async def test_the_same_change_sent_twice_is_one(books: CreditBooks) -> None:
    await books.put_on_plan("shop", "starter", key="k")
    await books.take(requested(1), job_finished(1, items_spent=1))
    await books.put_on_plan("shop", "starter", key="k")
    assert await books.balances("shop") == (4985, 0, 15)


async def test_an_unknown_plan_changes_nothing(books: CreditBooks) -> None:
    await books.put_on_plan("shop", "starter")
    with pytest.raises(UnknownPlan):
        await books.put_on_plan("shop", "gold")
    assert (await books.accounts.view("shop")).plan == "starter"
    assert await lines(books) == [("grant", 5000)]


async def test_reservations_whose_end_never_came_are_counted_as_overdue(books: CreditBooks) -> None:
    registry = CollectorRegistry()
    books.clock.set(MARCH)
    await books.grant("shop", 100)
    await books.take(requested(1))
    books.clock.set("2026-03-01T12:50:00+00:00")
    await books.take(requested(2))
    books.clock.set("2026-03-01T13:10:00+00:00")
    time = KeepTime(books.unit_of_work, CreditsMetrics(registry), clock=books.clock.now, overdue_seconds=3600)
    async with running_loop(books, time):

        async def counted() -> bool:
            return registry.get_sample_value("darkroom_credits_reservations_open") == 2

        await eventually(counted)
    assert registry.get_sample_value("darkroom_credits_reservations_overdue") == 1
    assert isinstance((await books.published())[-1], CreditsReserved)
