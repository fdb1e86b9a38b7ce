"""Refunds that fail, disputes by id, and news of one payment in any order: credits follow what Stripe says last."""

from typing import Any

import pytest
from support.card_payments import COMPLETED, CardWorld, available, changed, deliver, money, outcome, sold
from support.credit_books import CreditBooks
from support.credit_events import item_finished, requested
from support.credit_service import Credits
from support.kafka import Log
from support.service import eventually
from support.stripe_news import charge, dispute, event, refund

FAILURES = {
    "refund.failed": ("refund.failed", "failed"),
    "refund.failed, whatever its status": ("refund.failed", "succeeded"),
    "refund.updated": ("refund.updated", "failed"),
    "charge.refund.updated": ("charge.refund.updated", "failed"),
    "canceled": ("refund.updated", "canceled"),
}


async def paid(shop: Credits, world: CardWorld, credits: int = 1000) -> str:
    """A purchase whose credits are there; its payment intent."""
    _, intent = await sold(shop, world, credits)
    [completed] = world.events(COMPLETED)
    assert await outcome(await deliver(shop, completed)) == "paid"
    return intent


async def told(shop: Credits, kind: str, found: dict[str, Any], *, at: int | None = None) -> str:
    return await outcome(await deliver(shop, event(kind, found, at=at)))


@pytest.mark.parametrize("name", FAILURES)
async def test_a_refund_that_fails_gives_the_credits_back(
    shop: Credits, world: CardWorld, books_of: CreditBooks, name: str
) -> None:
    kind, status = FAILURES[name]
    intent = await paid(shop, world)
    world.refund(intent)
    created, refunded = world.events("refund.created", "charge.refunded")
    assert [await outcome(await deliver(shop, body)) for body in (refunded, created)] == ["refunded", "nothing-new"]

    def fail(found: dict[str, Any]) -> None:
        found["type"] = kind
        found["data"]["object"]["status"] = status

    assert await outcome(await deliver(shop, changed(created, fail))) == "refund-failed"
    assert await available(shop) == 1000
    assert await money(books_of) == {"card": 1000, "sales": -1000, "returns": 0}
    # A repeated, or late, announcement does not take them again.
    assert await outcome(await deliver(shop, changed(created, lambda _: None, event_id="evt_again"))) == "nothing-new"
    assert await available(shop) == 1000
    lines = (await shop.get("/api/credits/transactions"))["transactions"]
    assert [(line["kind"], line["amount"]) for line in lines] == [("restore", 1000), ("refund", -1000), ("grant", 1000)]
    await books_of.assert_sound()
    await books_of.assert_topic_rebuilds()


@pytest.mark.parametrize("announced", [True, False])
async def test_a_failure_that_is_told_first_takes_nothing(shop: Credits, world: CardWorld, announced: bool) -> None:
    intent = await paid(shop, world)
    assert await told(shop, "refund.failed", refund(intent, 400, status="failed")) == "nothing-new"
    if announced:
        assert await told(shop, "refund.created", refund(intent, 400)) == "nothing-new"
    assert await told(shop, "charge.refunded", charge(intent, 1000, 400)) == "nothing-new"
    assert await available(shop) == 1000


async def test_a_refund_after_one_that_failed_takes_its_own_amount(shop: Credits, world: CardWorld) -> None:
    intent = await paid(shop, world)
    assert await told(shop, "charge.refunded", charge(intent, 1000, 1000)) == "refunded"
    assert await told(shop, "refund.failed", refund(intent, 1000, status="failed")) == "refund-failed"
    assert await told(shop, "refund.created", refund(intent, 1000)) == "nothing-new"
    assert await told(shop, "refund.created", refund(intent, 300, id="re_2")) == "refunded"
    assert await told(shop, "charge.refunded", charge(intent, 1000, 300)) == "nothing-new"
    assert await available(shop) == 700


async def test_a_failure_of_a_refund_under_another_id_is_believed(shop: Credits, world: CardWorld) -> None:
    intent = await paid(shop, world)
    assert await told(shop, "refund.created", refund(intent, 1000)) == "refunded"
    assert await told(shop, "refund.failed", refund(intent, 1000, id="re_unheard_of", status="failed")) == "refund-failed"
    assert await available(shop) == 1000


async def test_credits_that_were_spent_before_a_refund_that_failed_are_no_loss_any_more(
    shop: Credits, world: CardWorld, books_of: CreditBooks, log: Log
) -> None:
    intent = await paid(shop, world, 100)
    await log.publish(requested(1, items=4))
    await log.publish(item_finished(1, 11), item_finished(1, 12))

    async def spent() -> bool:
        return bool((await shop.get("/api/credits"))["spent"] == 30)

    await eventually(spent)
    assert await told(shop, "refund.created", refund(intent, 100)) == "refunded"
    assert await money(books_of) == {"card": 0, "sales": -100, "returns": 40, "losses": 60}
    assert await told(shop, "refund.failed", refund(intent, 100, status="failed")) == "refund-failed"
    assert await available(shop) == 40
    assert await money(books_of) == {"card": 100, "sales": -100, "returns": 0, "losses": 0}
    await log.publish(item_finished(1, 13, "release"), item_finished(1, 14, "release"))

    async def settled() -> bool:
        balance = await shop.get("/api/credits")
        return (balance["available"], balance["held"], balance["spent"]) == (70, 0, 30)

    # What the job gives back stays: nothing is owed any more.
    await eventually(settled)
    await books_of.assert_sound()
    await books_of.assert_topic_rebuilds()


async def test_a_part_of_a_refund_that_fails_restores_what_is_owed_first(
    shop: Credits, world: CardWorld, books_of: CreditBooks, log: Log
) -> None:
    intent = await paid(shop, world, 100)
    await log.publish(requested(1, items=2))
    await log.publish(item_finished(1, 11), item_finished(1, 12))

    async def spent() -> bool:
        return bool((await shop.get("/api/credits"))["spent"] == 30)

    await eventually(spent)
    for number, amount in (("re_1", 60), ("re_2", 40)):
        assert await told(shop, "refund.created", refund(intent, amount, id=number)) == "refunded"
    # 60 and 10 were taken; the last 30 were spent.
    assert await money(books_of) == {"card": 0, "sales": -100, "returns": 70, "losses": 30}
    assert await told(shop, "refund.failed", refund(intent, 40, id="re_2", status="failed")) == "refund-failed"
    assert await available(shop) == 10
    assert await money(books_of) == {"card": 40, "sales": -100, "returns": 60, "losses": 0}
    await books_of.assert_sound()


async def test_disputes_count_by_their_ids(shop: Credits, world: CardWorld, books_of: CreditBooks) -> None:
    intent = await paid(shop, world, 100)
    closed = "charge.dispute.closed"
    assert await told(shop, closed, dispute(intent, 30)) == "dispute-lost"
    assert await told(shop, closed, dispute(intent, 30)) == "nothing-new"
    assert await told(shop, closed, dispute(intent, 30, id="du_2")) == "dispute-lost"
    assert await available(shop) == 40
    assert await told(shop, closed, dispute(intent, 500, id="du_3")) == "dispute-lost"
    # A bank may take more than was paid; no more credits than were bought go back.
    assert await available(shop) == 0
    assert await money(books_of) == {"card": 0, "sales": -100, "returns": 100}
    await books_of.assert_sound()


@pytest.mark.parametrize("kind", ["charge.dispute.funds_reinstated", "charge.dispute.closed", "charge.dispute.updated"])
async def test_a_lost_dispute_that_is_won_after_all_gives_back(
    shop: Credits, world: CardWorld, books_of: CreditBooks, kind: str
) -> None:
    intent = await paid(shop, world)
    assert await told(shop, "charge.dispute.closed", dispute(intent, 1000), at=1_800_000_000) == "dispute-lost"
    status = "lost" if kind == "charge.dispute.funds_reinstated" else "won"
    assert await told(shop, kind, dispute(intent, 1000, status=status), at=1_800_000_000) == "dispute-won"
    # Older news come late.
    assert await told(shop, "charge.dispute.closed", dispute(intent, 1000), at=1_799_999_999) == "nothing-new"
    assert await available(shop) == 1000
    assert await money(books_of) == {"card": 1000, "sales": -1000, "returns": 0}
    assert await books_of.rows("SELECT dispute_state FROM purchases") == [("WON",)]


async def test_an_inquiry_and_a_withdrawal_take_no_credits(shop: Credits, world: CardWorld, books_of: CreditBooks) -> None:
    intent = await paid(shop, world)
    warning = dispute(intent, 1000, status="warning_needs_response")
    assert await told(shop, "charge.dispute.created", warning) == "dispute-inquiry"
    assert await told(shop, "charge.dispute.closed", warning | {"status": "warning_closed"}) == "dispute-inquiry"
    assert await books_of.rows("SELECT dispute_state FROM purchases") == [(None,)]
    withdrawn = dispute(intent, 1000, id="du_2", status="needs_response")
    assert await told(shop, "charge.dispute.funds_withdrawn", withdrawn) == "disputed"
    assert await books_of.rows("SELECT dispute_state FROM purchases") == [("OPEN",)]
    assert await available(shop) == 1000


async def test_a_dispute_that_is_told_before_its_payment_waits_for_it(
    shop: Credits, world: CardWorld, books_of: CreditBooks
) -> None:
    _, intent = await sold(shop, world)
    assert await told(shop, "charge.dispute.created", dispute(intent, 1000, status="needs_response")) == "waits"
    [completed] = world.events(COMPLETED)
    assert await outcome(await deliver(shop, completed)) == "paid"
    assert await books_of.rows("SELECT dispute_state FROM purchases") == [("OPEN",)]
    assert await available(shop) == 1000


async def test_a_dispute_in_a_currency_that_was_never_paid_is_for_an_operator(shop: Credits, world: CardWorld) -> None:
    intent = await paid(shop, world)
    assert await told(shop, "charge.dispute.closed", dispute(intent, 1000, currency="usd")) == "mismatch"
    assert await available(shop) == 1000
