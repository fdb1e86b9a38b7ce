"""Stripe answers one purchase with faults, or one of its objects is broken: only that one waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from darkroom_credits.close.compare_stripe import CompareStripe
from darkroom_credits.payments.ask_events import AskEvents
from darkroom_credits.payments.purchase import Purchase
from darkroom_credits.payments.store import insert_purchase, next_stripe_key, offer
from darkroom_credits.payments.stripe_client import API_VERSION, StripeClient
from darkroom_credits.payments.stripe_objects import Session
from darkroom_credits.payments.take_webhook import TakeWebhook
from darkroom_credits.settings import CreditsSettings
from support.card_payments import API_KEY, CardWorld, available, checkout, selling, sold
from support.credit_books import CreditBooks
from support.credit_service import Credits, serving
from support.service import eventually


async def test_a_purchase_that_stripe_answers_with_faults_is_put_off_and_the_others_go_on(
    settings: CreditsSettings, world: CardWorld, books_of: CreditBooks
) -> None:
    async with serving(selling(settings, world, stripe_reconcile_seconds=0.3)) as shop:
        broken = (await checkout(shop, 100)).json()["sessionId"]
        world.control("PUT", "", failIds=broken)
        await sold(shop, world, 700)

        async def granted() -> bool:
            return await available(shop) == 700

        await eventually(granted)

        async def put_off() -> bool:
            [(checks, later)] = await books_of.rows("SELECT checks, check_at > now() FROM purchases WHERE credits = 100")
            return bool(checks >= 3 and later)

        # Less and less often.
        await eventually(put_off)
        world.control("PUT", "", failIds="")
        world.pay(broken)

        async def both() -> bool:
            return await available(shop) == 800

        await eventually(both, seconds=60)


async def test_a_fault_that_stripe_stored_under_the_key_costs_no_sale(
    shop: Credits, world: CardWorld, books_of: CreditBooks
) -> None:
    world.control("PUT", "", storedFailRate=1)
    assert (await checkout(shop, 100, key="one")).status_code == 503
    world.control("PUT", "", storedFailRate=0)
    answer = await checkout(shop, 100, key="one")
    assert answer.status_code == 201, answer.text
    # The page that is offered is the one that is paid, and grants.
    assert await books_of.rows("SELECT session_id FROM purchases") == [(answer.json()["sessionId"],)]


async def test_a_session_of_a_key_that_is_past_is_not_offered(books: CreditBooks) -> None:
    at = datetime.now(UTC)
    purchase = Purchase(
        id=str(uuid4()), instance_id="shop", credits=100, amount_minor=100, currency="EUR", price_version=1, created_at=at
    )
    async with books.unit_of_work.begin() as transaction:
        await insert_purchase(transaction, purchase, created_by="tester", key=None)
        # Another process has gone on to the next key while this one waited for Stripe.
        await next_stripe_key(transaction, purchase, most=2)
        assert not await offer(transaction, purchase, Session(id="cs_1"), check_at=at)
        following = replace(purchase, stripe_key=2)
        assert await offer(transaction, following, Session(id="cs_2"), check_at=at)
        assert not await offer(transaction, purchase, Session(id="cs_1"), check_at=at)
    assert await books.rows("SELECT session_id FROM purchases") == [("cs_2",)]


async def test_a_public_address_that_changed_between_two_tries_costs_no_sale(settings: CreditsSettings, world: CardWorld) -> None:
    async with serving(selling(settings, world)) as shop:
        world.control("PUT", "", lostAnswerRate=1)
        assert (await checkout(shop, 100, key="one")).status_code == 503
        world.control("PUT", "", lostAnswerRate=0)
    async with serving(selling(settings, world, public_url="https://another.example")) as shop:
        answer = await checkout(shop, 100, key="one")
        assert answer.status_code == 201, answer.text
        assert (await checkout(shop, 100, key="one")).json() == answer.json()


async def test_a_key_that_stripe_does_not_take_ends_no_purchase(
    settings: CreditsSettings, world: CardWorld, books_of: CreditBooks
) -> None:
    async with serving(selling(settings, world, stripe_api_key="invalid", stripe_reconcile_seconds=0.3)) as shop:
        assert (await checkout(shop, 100)).status_code == 503

        async def asked_after() -> bool:
            return await books_of.rows("SELECT checks >= 2, check_at IS NULL FROM purchases") == [(True, False)]

        await eventually(asked_after)
    async with serving(selling(settings, world, stripe_reconcile_seconds=0.3)) as shop:

        async def offered() -> bool:
            return await books_of.rows("SELECT session_id IS NOT NULL FROM purchases") == [(True,)]

        await eventually(offered)


async def test_every_call_asks_for_the_version_that_is_read_here(settings: CreditsSettings, world: CardWorld) -> None:
    async with serving(selling(settings, world, stripe_reconcile_seconds=0.3, stripe_events_seconds=0.3)) as shop:
        await sold(shop, world)

        async def granted() -> bool:
            return await available(shop) == 1000 and bool(world.sandbox.calls(vendor="stripe", kind="event"))

        await eventually(granted)
    assert {call["version"] for call in world.sandbox.calls(vendor="stripe")} == {API_VERSION}


@pytest.mark.parametrize("version", ["2025-02-24.acacia", API_VERSION])
async def test_a_payment_by_adaptive_pricing_is_granted_and_refunded_in_either_shape(
    settings: CreditsSettings, world: CardWorld, books_of: CreditBooks, version: str
) -> None:
    """Of 10.00 EUR, paid as 8.60 GBP, a quarter is refunded and a half is lost in a dispute."""
    world.control("PUT", "", adaptivePricing={"currency": "gbp", "rate": 0.86}, webhookVersion=version)
    async with serving(selling(settings, world, stripe_events_seconds=0.3)) as shop:
        _, intent = await sold(shop, world)

        async def left(credits: int) -> None:
            async def is_left() -> bool:
                return await available(shop) == credits

            await eventually(is_left)

        await left(1000)
        assert await books_of.rows("SELECT presented_minor, presented_currency FROM purchases") == [(860, "GBP")]
        failing = world.refund(intent, 250)
        await left(750)
        dispute = world.control("POST", f"/payments/{intent}/dispute", amount=500)["id"]
        world.control("POST", f"/disputes/{dispute}/close", outcome="lost")
        await left(250)
        world.control("POST", f"/refunds/{failing}/end", outcome="failed")
        world.control("POST", f"/disputes/{dispute}/reinstate")
        await left(1000)
        await books_of.assert_sound()
    differences, mended = await _compared(books_of, world)
    assert (differences, mended) == ([], 0)


async def _compared(books: CreditBooks, world: CardWorld, stripe: StripeClient | None = None) -> tuple[list[Any], int]:
    client = stripe or StripeClient(api_key=API_KEY, base_url=f"{world.sandbox.url}/stripe")
    now = datetime.now(UTC)
    try:
        compare = CompareStripe(books.unit_of_work, client)
        return await compare.compare(since=now - timedelta(days=1), until=now + timedelta(minutes=15))
    finally:
        await client.close()


class OneBroken(StripeClient):
    """Shows one object that no version of Stripe documents, beside what there is."""

    broken: dict[str, Any]

    async def sessions(self, *, since: datetime, until: datetime) -> Any:
        async for found in super().sessions(since=since, until=until):
            yield found | ({"amount_total": "much"} if found["amount_total"] == 100 else {})

    async def events(self, types: Any, *, since: datetime) -> Any:
        yield self.broken
        async for found in super().events(types, since=since):
            yield found


async def test_one_session_that_cannot_be_read_does_not_end_the_comparison(
    shop: Credits, world: CardWorld, books_of: CreditBooks
) -> None:
    await sold(shop, world, 100)
    await sold(shop, world, 900)
    client = OneBroken(api_key=API_KEY, base_url=f"{world.sandbox.url}/stripe")
    differences, mended = await _compared(books_of, world, client)
    assert mended == 1
    assert [one.subject.partition(": ")[2] for one in differences] == ["unreadable at Stripe"]
    assert await available(shop) == 900


BROKEN: dict[str, dict[str, Any]] = {
    "no event": {"id": "evt_broken"},
    "no object": {"id": "evt_broken", "type": "refund.failed", "created": 1, "livemode": False, "data": {"object": {}}},
    "a NUL": {"id": "evt\0", "type": "refund.failed", "created": 1, "livemode": False, "data": {"object": {}}},
    "a huge time": {"id": "evt_broken", "type": "a", "created": 10**30, "livemode": False, "data": {"object": {}}},
}


@pytest.mark.parametrize("name", BROKEN)
async def test_one_event_that_cannot_be_read_does_not_keep_back_the_others(
    shop: Credits, world: CardWorld, books_of: CreditBooks, name: str
) -> None:
    await sold(shop, world)
    client = OneBroken(api_key=API_KEY, base_url=f"{world.sandbox.url}/stripe")
    client.broken = BROKEN[name]
    webhook = TakeWebhook(books_of.unit_of_work, books_of.metrics, livemode=False)
    events = AskEvents(books_of.unit_of_work, client, webhook, clock=lambda: datetime.now(UTC), every_seconds=0.001)
    try:
        await eventually(lambda: _asked(events, shop))
    finally:
        await client.close()


async def _asked(events: AskEvents, shop: Credits) -> bool:
    await events.ask()
    return await available(shop) == 1000
