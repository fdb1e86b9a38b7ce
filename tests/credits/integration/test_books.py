"""Holds and settlements on a real database: under concurrency, repetition and disorder."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from darkroom_contracts.credits import (
    CreditPriceSet,
    CreditsGranted,
    CreditsRejected,
    CreditsReserved,
    CreditsSettled,
    PlanChanged,
)
from darkroom_contracts.event import Event
from darkroom_credits.grant_credits import GrantHasExpired
from darkroom_credits.open_samples import OpenSamples
from darkroom_credits.payments.tell_prices import TellPrices
from sqlalchemy.exc import DBAPIError, IntegrityError
from support.credit_books import CreditBooks, all_of, credit_books
from support.credit_events import item_finished, job_finished, received, requested


async def test_sixty_four_jobs_at_once_with_credits_for_seven_start_exactly_seven(books: CreditBooks, database_url: str) -> None:
    await books.grant("shop", 7 * 15 + 14)
    async with credit_books(database_url) as other:
        await all_of(*[(books, other)[job % 2].take(requested(job)) for job in range(1, 65)])
    decisions = [type(event) for event in await books.published()]
    assert decisions.count(CreditsReserved) == 7
    assert decisions.count(CreditsRejected) == 57
    assert await books.balances("shop") == (14, 105, 0)
    await books.assert_sound()


async def test_sixty_four_jobs_in_one_batch_with_credits_for_seven_start_the_first_seven(books: CreditBooks) -> None:
    await books.grant("shop", 7 * 15)
    await books.take(*[requested(job) for job in range(1, 65)])
    held = [event.job_id for event in await books.published() if isinstance(event, CreditsReserved)]
    assert held == [1, 2, 3, 4, 5, 6, 7]
    await books.assert_sound()


async def test_two_replicas_with_the_same_tenants_in_opposite_order_do_not_lock_each_other_out(
    books: CreditBooks, database_url: str
) -> None:
    shops = [f"shop-{number:02}" for number in range(20)]
    for shop in shops:
        await books.grant(shop, 15)
    async with credit_books(database_url) as other:
        await all_of(
            books.take(*[requested(job, instance_id=shop) for job, shop in enumerate(shops, 100)]),
            other.take(*[requested(job, instance_id=shop) for job, shop in enumerate(reversed(shops), 200)]),
        )
    for shop in shops:
        assert await books.balances(shop) == (0, 15, 0)
    await books.assert_sound()


async def test_a_tenant_never_seen_is_opened_with_nothing(books: CreditBooks) -> None:
    await books.take(requested(1, instance_id="new"))
    [event] = await books.published()
    assert isinstance(event, CreditsRejected)
    assert (event.needed, event.balances.available, event.renews_at) == (15, 0, None)
    assert await books.rows("SELECT plan FROM balances WHERE instance_id = 'new'") == [("payg",)]


async def test_a_job_is_decided_once_even_when_it_could_be_paid_later(books: CreditBooks) -> None:
    await books.take(requested(1))
    await books.grant("shop", 15)
    await books.take(requested(1))
    assert [type(event) for event in await books.published()] == [CreditsRejected, CreditsGranted]
    assert await books.balances("shop") == (15, 0, 0)


async def test_an_item_settled_twice_in_other_events_and_batches_is_charged_once(books: CreditBooks) -> None:
    await books.grant("shop", 30)
    await books.take(requested(1, items=2))
    await books.take(item_finished(1, 11), item_finished(1, 11))
    await books.take(item_finished(1, 11), item_finished(1, 11, "release"))
    assert await books.balances("shop") == (0, 15, 15)
    assert await books.rows("SELECT item_id, charge, amount FROM settlements") == [(11, "spend", 15)]
    await books.assert_sound()


async def test_a_job_that_ends_before_its_items_are_told_of_is_charged_by_its_totals(books: CreditBooks) -> None:
    await books.grant("shop", 60)
    await books.take(requested(1, items=4))
    await books.take(job_finished(1, items_spent=3, items=4))
    await books.take(*[item_finished(1, item, "release") for item in range(4)], job_finished(1, items_spent=0, items=4))
    assert await books.balances("shop") == (15, 0, 45)
    settled = [event for event in await books.published() if isinstance(event, CreditsSettled)]
    assert [(event.spent, event.released) for event in settled] == [(45, 15)]
    await books.assert_sound()


async def test_news_of_an_unknown_job_changes_nothing(books: CreditBooks) -> None:
    await books.take(item_finished(1, 11), job_finished(2, items_spent=1))
    assert await books.published() == []


async def test_what_expires_soonest_is_held_first_and_comes_back_last(books: CreditBooks) -> None:
    await books.grant("shop", 100)
    await books.grant("shop", 20, expires_at=datetime.now(UTC) + timedelta(days=3))
    await books.take(requested(1, items=3))
    assert await books.rows("SELECT amount, remaining FROM grants ORDER BY id") == [(100, 75), (20, 0)]
    await books.take(item_finished(1, 11, "release"), item_finished(1, 12, "release"))
    assert await books.rows("SELECT amount, remaining FROM grants ORDER BY id") == [(100, 100), (20, 5)]
    await books.assert_sound()


async def test_a_grant_that_has_expired_already_is_refused(books: CreditBooks) -> None:
    with pytest.raises(GrantHasExpired):
        await books.grant("shop", 10, expires_at=datetime.now(UTC) - timedelta(seconds=1))


async def test_sample_shops_are_opened_once_by_two_replicas_and_any_number_of_starts(
    books: CreditBooks, database_url: str
) -> None:
    async def start(replica: CreditBooks) -> None:
        samples = OpenSamples(replica.unit_of_work, replica.plans, instance_ids=["s-1", "s-2"], plan="starter")
        opened.append(await samples.open_all())

    opened: list[int] = []
    async with credit_books(database_url) as other:
        await all_of(start(books), start(other))
    await start(books)
    assert (sum(opened), opened[-1]) == (2, 0)
    assert [type(event) for event in await books.published()] == [PlanChanged, CreditsGranted] * 2
    assert await books.balances("s-1") == (5000, 0, 0)
    await books.assert_sound()


@pytest.mark.parametrize(("account", "other"), [("available", "spent"), ("held", "available"), ("spent", "available")])
async def test_no_balance_can_be_written_below_zero(books: CreditBooks, account: str, other: str) -> None:
    await books.grant("shop", 15)
    # The sum stays what was granted, so that nothing but the account's own bound stands against it.
    with pytest.raises(IntegrityError, match=f"balances_{account}_check"):
        async with books.unit_of_work.begin() as transaction:
            await transaction.execute(f"UPDATE balances SET {account} = -1, {other} = 16")


async def test_entries_that_do_not_sum_to_zero_are_refused(books: CreditBooks) -> None:
    await books.grant("shop", 15)
    [(line,)] = await books.rows("SELECT id FROM ledger_transactions")
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        async with books.unit_of_work.begin() as transaction:
            await transaction.execute(
                "INSERT INTO ledger_entries VALUES ('shop', :line, 'spent', 5), ('shop', :line, 'held', -4)", {"line": line}
            )


async def test_an_event_cannot_be_posted_twice_even_if_the_inbox_forgot_it(books: CreditBooks) -> None:
    await books.grant("shop", 30)
    event = received(requested(1))
    await books.take_received([event])
    async with books.unit_of_work.begin() as transaction:
        for table in ("draws", "reservations"):
            await transaction.execute(f"DELETE FROM {table}")
    with pytest.raises(IntegrityError, match="once_per_event"):
        await books.take_received([event])


async def test_a_long_random_story_of_several_tenants_keeps_the_books(books: CreditBooks) -> None:
    chance = random.Random(7)
    shops = [f"shop-{number}" for number in range(5)]
    owner = {job: chance.choice(shops) for job in range(1, 121)}
    for shop in shops:
        for days in (1, 30, None):
            expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
            await books.grant(shop, chance.randint(50, 200), expires_at=expires_at)
    for _ in range(40):
        await books.take(*[random_event(chance, owner) for _ in range(chance.randint(1, 60))])
        await books.assert_sound()
    assert await books.rows("SELECT count(*) FROM reservations WHERE state = 'CLOSED'") != [(0,)]
    await books.assert_topic_rebuilds()


def random_event(chance: random.Random, owner: dict[int, str]) -> Event:
    job = chance.choice(list(owner))
    match chance.randint(0, 3):
        case 0:
            return requested(job, instance_id=owner[job], items=3, price=chance.choice((5, 10)))
        case 1:
            return job_finished(job, items_spent=chance.randint(0, 3), instance_id=owner[job], items=3)
        case _:
            charge = "spend" if chance.random() < 0.6 else "release"
            return item_finished(job, 10 * job + chance.randint(0, 3), charge, instance_id=owner[job])  # type: ignore[arg-type]


async def test_each_price_is_told_once_by_two_replicas_and_a_later_one_when_it_stands_there(
    books: CreditBooks, database_url: str
) -> None:
    async with credit_books(database_url) as other:
        await all_of(TellPrices(books.unit_of_work).tell(), TellPrices(other.unit_of_work).tell())
    async with books.unit_of_work.begin() as transaction:
        await transaction.execute("INSERT INTO credit_prices VALUES (2, 'EUR', 900, 50, 5000, '2099-01-01Z')", {})
    assert await TellPrices(books.unit_of_work).tell() == 1
    told = [event for event in await books.published() if isinstance(event, CreditPriceSet)]
    assert [(one.instance_id, one.price_version, one.minor_per_thousand, one.credits_max) for one in told] == [
        ("_platform", 1, 1000, 1_000_000),
        ("_platform", 2, 900, 5000),
    ]
    assert told[1].valid_from.year == 2099
    await books.assert_topic_rebuilds()
