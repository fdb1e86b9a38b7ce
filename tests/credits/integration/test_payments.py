"""Top-ups by card: credits against the sandbox' Stripe, with every webhook in the hands of the test."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from darkroom_contracts.credits import CreditsGranted, CreditsTakenBack, PaymentRefunded, PaymentSucceeded
from darkroom_contracts.event import Event
from darkroom_credits.close.compare_stripe import CompareStripe
from darkroom_credits.payments.stripe_client import StripeClient
from darkroom_credits.settings import CreditsSettings
from support.card_payments import (
    API_KEY,
    COMPLETED,
    NEXT_SECRET,
    CardWorld,
    available,
    changed,
    checkout,
    counted,
    deliver,
    money,
    outcome,
    selling,
    sold,
)
from support.credit_books import CreditBooks
from support.credit_events import item_finished, requested
from support.credit_service import Credits, serving, tenant
from support.kafka import Log
from support.service import eventually


async def test_credits_come_with_the_webhook_and_not_with_the_payment_page(
    shop: Credits, world: CardWorld, books_of: CreditBooks, log: Log
) -> None:
    answer = await checkout(shop, 1000)
    assert answer.json()["url"].startswith(f"{world.sandbox.url}/stripe/pay/cs_test_")
    world.pay(answer.json()["sessionId"])
    assert await available(shop) == 0
    told = f"/api/credits/checkout/{answer.json()['sessionId']}"
    offered = {"sessionId": answer.json()["sessionId"], "credits": 1000, "price": {"amount": 1000, "currency": "EUR"}}
    assert await shop.get(told) == offered | {"state": "OPEN"}
    [body] = world.events(COMPLETED)
    assert await outcome(await deliver(shop, body)) == "paid"
    balance = await shop.get("/api/credits")
    assert (balance["available"], balance["expiring"]) == (1000, [])
    assert await shop.get(told) == offered | {"state": "PAID"}
    assert (await shop.client.get(told, headers=tenant("another-shop"))).status_code == 404
    [line] = (await shop.get("/api/credits/transactions"))["transactions"]
    assert (line["kind"], line["amount"], line["reason"]) == ("grant", 1000, "top-up by card")
    assert await money(books_of) == {"card": 1000, "sales": -1000}
    seen = await log.events(lambda events: any(isinstance(one.event, PaymentSucceeded) for one in events), instance_id="shop")
    granted, paid = (one.event for one in seen)
    assert isinstance(granted, CreditsGranted)
    assert isinstance(paid, PaymentSucceeded)
    assert (paid.credits, paid.amount_minor, paid.currency, paid.grant_id) == (1000, 1000, "EUR", granted.grant_id)
    await books_of.assert_sound()


async def test_what_credits_cost_is_told_before_they_are_bought(quiet_shop: Credits) -> None:
    price = {"amount": 1000, "currency": "EUR"}
    assert await quiet_shop.get("/api/credits/top-ups") == {
        "perThousand": price,
        "creditsMin": 50,
        "creditsMax": 1_000_000,
        "byCard": True,
    }


async def test_an_event_counts_once_for_ever_and_a_second_event_of_the_payment_changes_nothing(
    shop: Credits, world: CardWorld, books_of: CreditBooks
) -> None:
    await sold(shop, world)
    [body] = world.events(COMPLETED)
    outcomes = [await outcome(await deliver(shop, body)) for _ in range(3)]
    assert outcomes == ["paid", "repeated", "repeated"]
    assert await outcome(await deliver(shop, changed(body, lambda _: None))) == "nothing-new"
    assert await available(shop) == 1000
    assert await counted(shop, "repeated") == 2
    await books_of.assert_sound()


FORGERIES = {
    "no signature": ({}, "missing"),
    "another secret": ({"secret": "whsec_other"}, "forged"),
    "old": ({"at": 1_700_000_000}, "old"),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_what_is_not_signed_now_by_one_of_our_secrets_changes_nothing(shop: Credits, world: CardWorld, name: str) -> None:
    arguments, reason = FORGERIES[name]
    await sold(shop, world)
    [body] = world.events(COMPLETED)
    if arguments:
        answer = await deliver(shop, body, **arguments)  # type: ignore[arg-type]
    else:
        answer = await shop.client.post("/webhooks/stripe", content=body)
    assert answer.status_code == 400
    assert await counted(shop, f"refused-{reason}") == 1
    assert await available(shop) == 0
    assert await outcome(await deliver(shop, body, secret=NEXT_SECRET)) == "paid"


MISTAKES: dict[str, tuple[Any, str]] = {
    "less money": (lambda event: event["data"]["object"].update(amount_total=1), "mismatch"),
    "another currency": (lambda event: event["data"]["object"].update(currency="huf"), "mismatch"),
    "nothing to pay": (lambda event: event["data"]["object"].update(payment_status="no_payment_required"), "awaiting"),
    "another mode": (lambda event: event["data"]["object"].update(mode="subscription"), "mismatch"),
    "another session": (lambda event: event["data"]["object"].update(id="cs_other"), "foreign"),
    "no purchase of ours": (lambda event: event["data"]["object"].update(client_reference_id="order-7"), "foreign"),
    "another purchase": (
        lambda event: event["data"]["object"].update(client_reference_id="00000000-0000-4000-8000-000000000000"),
        "foreign",
    ),
    "live mode": (lambda event: event.update(livemode=True), "foreign-mode"),
    "no session": (lambda event: event["data"].update(object={"id": 5}), "unreadable"),
    "another type": (lambda event: event.update(type="invoice.paid"), "not-needed"),
}


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_signed_event_that_is_not_what_was_sold_grants_nothing(
    shop: Credits, world: CardWorld, books_of: CreditBooks, name: str
) -> None:
    change, word = MISTAKES[name]
    await sold(shop, world)
    [body] = world.events(COMPLETED)
    assert await outcome(await deliver(shop, changed(body, change))) == word
    assert (await available(shop), await money(books_of)) == (0, {})
    assert await counted(shop, word) == 1
    assert await outcome(await deliver(shop, body)) == "paid"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"id":"e","type":"t","created":1e99,"livemode":false}'])
async def test_a_signed_body_that_is_no_event_is_400(quiet_shop: Credits, body: bytes) -> None:
    answer = (
        await deliver(quiet_shop, body) if body != b"\xff" else await quiet_shop.client.post("/webhooks/stripe", content=body)
    )
    assert answer.status_code == 400


async def test_a_delayed_payment_grants_when_it_succeeds_and_not_before(shop: Credits, world: CardWorld) -> None:
    session_id = (await checkout(shop, 1000)).json()["sessionId"]
    world.pay(session_id, "delayed")
    [completed] = world.events(COMPLETED)
    assert await outcome(await deliver(shop, completed)) == "awaiting"
    assert await available(shop) == 0
    world.pay(session_id)
    [succeeded] = world.events("checkout.session.async_payment_succeeded")
    assert await outcome(await deliver(shop, succeeded)) == "paid"
    assert await available(shop) == 1000


async def test_the_news_of_a_delayed_payment_may_come_in_the_wrong_order(shop: Credits, world: CardWorld) -> None:
    session_id = (await checkout(shop, 1000)).json()["sessionId"]
    world.pay(session_id, "delayed")
    world.pay(session_id)
    completed, succeeded = world.events(COMPLETED, "checkout.session.async_payment_succeeded")
    assert [await outcome(await deliver(shop, body)) for body in (succeeded, completed)] == ["paid", "nothing-new"]
    assert await available(shop) == 1000


async def test_a_delayed_payment_that_fails_grants_nothing(shop: Credits, world: CardWorld) -> None:
    session_id = (await checkout(shop, 1000)).json()["sessionId"]
    world.pay(session_id, "delayed")
    world.pay(session_id, "declined")
    completed, failed = world.events(COMPLETED, "checkout.session.async_payment_failed")
    assert [await outcome(await deliver(shop, body)) for body in (completed, failed)] == ["awaiting", "failed"]
    assert await available(shop) == 0


async def test_a_session_that_expired_grants_nothing_but_money_that_came_all_the_same_does(
    shop: Credits, world: CardWorld
) -> None:
    session_id = (await checkout(shop, 1000)).json()["sessionId"]
    world.pay(session_id, "expired")
    [expired] = world.events("checkout.session.expired")
    assert await outcome(await deliver(shop, expired)) == "expired"
    assert await available(shop) == 0

    def pay_late(event: dict[str, Any]) -> None:
        event["type"] = COMPLETED
        event["data"]["object"].update(status="complete", payment_status="paid", payment_intent="pi_late")

    paid = changed(expired, pay_late)
    assert await outcome(await deliver(shop, paid)) == "paid"


async def test_a_full_refund_takes_back_the_credits(shop: Credits, world: CardWorld, books_of: CreditBooks, log: Log) -> None:
    _, intent = await sold(shop, world)
    world.refund(intent)
    completed, refunded = world.events(COMPLETED, "charge.refunded")
    await deliver(shop, completed)
    assert await outcome(await deliver(shop, refunded)) == "refunded"
    assert await outcome(await deliver(shop, changed(refunded, lambda _: None))) == "nothing-new"
    assert await available(shop) == 0
    assert await money(books_of) == {"card": 0, "sales": -1000, "returns": 1000}
    seen = await log.events(lambda events: any(isinstance(one.event, PaymentRefunded) for one in events), instance_id="shop")
    assert [type(one.event) for one in seen] == [CreditsGranted, PaymentSucceeded, CreditsTakenBack, PaymentRefunded]
    told: Event = seen[-1].event
    assert isinstance(told, PaymentRefunded)
    assert (told.amount_minor, told.credits_refunded, told.credits_lost) == (1000, 1000, 0)
    await books_of.assert_sound()


async def test_a_refund_that_is_told_before_its_payment_is_taken_back_with_it(
    shop: Credits, world: CardWorld, books_of: CreditBooks
) -> None:
    _, intent = await sold(shop, world)
    world.refund(intent, 400)
    completed, refunded = world.events(COMPLETED, "charge.refunded")
    assert [await outcome(await deliver(shop, body)) for body in (refunded, completed)] == ["waits", "paid"]
    assert await available(shop) == 600
    await books_of.assert_sound()


async def test_refunds_in_parts_told_in_the_wrong_order_take_back_their_sum(shop: Credits, world: CardWorld) -> None:
    _, intent = await sold(shop, world)
    world.refund(intent, 100)
    [completed, first] = world.events(COMPLETED, "charge.refunded")
    await deliver(shop, completed)
    world.forget()
    world.refund(intent, 200)
    [second] = world.events("charge.refunded")
    assert [await outcome(await deliver(shop, body)) for body in (second, first)] == ["refunded", "nothing-new"]
    assert await available(shop) == 700


async def test_spent_credits_of_a_refund_are_a_loss_and_held_ones_are_taken_when_they_come_back(
    shop: Credits, world: CardWorld, books_of: CreditBooks, log: Log
) -> None:
    _, intent = await sold(shop, world, 100)
    [completed] = world.events(COMPLETED)
    await deliver(shop, completed)
    await log.publish(requested(1, items=4))
    await log.publish(item_finished(1, 11), item_finished(1, 12))

    async def spent() -> bool:
        return bool((await shop.get("/api/credits"))["spent"] == 30)

    await eventually(spent)
    world.refund(intent)
    [refunded] = world.events("charge.refunded")
    assert await outcome(await deliver(shop, refunded)) == "refunded"
    balance = await shop.get("/api/credits")
    assert (balance["available"], balance["held"], balance["spent"]) == (0, 30, 30)
    assert await money(books_of) == {"card": 0, "sales": -100, "returns": 40, "losses": 60}
    await log.publish(item_finished(1, 13, "release"), item_finished(1, 14))

    async def settled() -> bool:
        return bool((await shop.get("/api/credits"))["held"] == 0)

    await eventually(settled)
    assert await available(shop) == 0
    assert await books_of.rows("SELECT refunded, spent FROM balances WHERE instance_id = 'shop'") == [(55, 45)]
    await books_of.assert_sound()


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event["data"]["object"].update(currency="usd"),
        lambda event: event["data"]["object"].update(amount=5),
        lambda event: event["data"]["object"].update(amount_refunded=1001),
    ],
)
async def test_a_refund_of_something_else_takes_nothing_back(shop: Credits, world: CardWorld, change: Any) -> None:
    _, intent = await sold(shop, world)
    world.refund(intent)
    completed, refunded = world.events(COMPLETED, "charge.refunded")
    await deliver(shop, completed)
    assert await outcome(await deliver(shop, changed(refunded, change))) == "mismatch"
    assert await available(shop) == 1000


async def test_a_dispute_moves_nothing_until_it_is_lost(shop: Credits, world: CardWorld, books_of: CreditBooks) -> None:
    _, intent = await sold(shop, world)
    world.control("POST", f"/payments/{intent}/dispute")
    completed, dispute = world.events(COMPLETED, "charge.dispute.created")
    assert [await outcome(await deliver(shop, body)) for body in (completed, dispute)] == ["paid", "disputed"]
    assert await available(shop) == 1000
    world.control("POST", f"/payments/{intent}/dispute/close", outcome="lost")
    [lost] = world.events("charge.dispute.closed")
    assert await outcome(await deliver(shop, lost)) == "dispute-lost"
    # News that come late do not open it again.
    assert await outcome(await deliver(shop, changed(dispute, lambda event: None))) == "disputed"
    assert await available(shop) == 0
    assert await books_of.rows("SELECT dispute_state, refunded_minor FROM purchases") == [("LOST", 1000)]
    assert await books_of.rows("SELECT kind, amount_minor FROM money_transactions ORDER BY id") == [
        ("payment", 1000),
        ("dispute", 1000),
    ]
    assert await money(books_of) == {"card": 0, "sales": -1000, "returns": 1000}
    await books_of.assert_sound()
    await books_of.assert_topic_rebuilds()


async def test_a_dispute_that_is_won_moves_nothing(shop: Credits, world: CardWorld, books_of: CreditBooks) -> None:
    _, intent = await sold(shop, world)
    world.control("POST", f"/payments/{intent}/dispute")
    world.control("POST", f"/payments/{intent}/dispute/close", outcome="won")
    bodies = world.events(COMPLETED, "charge.dispute.closed", "charge.dispute.created")
    assert [await outcome(await deliver(shop, body)) for body in bodies] == ["paid", "dispute-won", "disputed"]
    assert await available(shop) == 1000
    assert await books_of.rows("SELECT dispute_state FROM purchases") == [("WON",)]


async def test_a_part_refunded_and_then_all_disputed_takes_back_no_more_than_was_paid(
    shop: Credits, world: CardWorld, books_of: CreditBooks
) -> None:
    _, intent = await sold(shop, world)
    world.refund(intent, 400)
    world.control("POST", f"/payments/{intent}/dispute")
    world.control("POST", f"/payments/{intent}/dispute/close", outcome="lost")
    # The dispute is told of before the payment and its refund.
    lost, completed, refunded = world.events("charge.dispute.closed", COMPLETED, "charge.refunded")
    assert [await outcome(await deliver(shop, body)) for body in (lost, completed, refunded)] == ["waits", "paid", "nothing-new"]
    assert await available(shop) == 0
    assert await money(books_of) == {"card": 0, "sales": -1000, "returns": 1000}
    await books_of.assert_sound()


async def test_refunds_and_disputes_whose_webhooks_were_lost_are_asked_for(
    settings: CreditsSettings, world: CardWorld, books_of: CreditBooks
) -> None:
    async with serving(selling(settings, world, stripe_events_seconds=0.3)) as shop:
        _, first = await sold(shop, world)
        _, second = await sold(shop, world, 2000)
        world.refund(first, 250)
        world.control("POST", f"/payments/{second}/dispute")
        world.control("POST", f"/payments/{second}/dispute/close", outcome="lost")

        async def all_told() -> bool:
            return await books_of.rows("SELECT refunded_minor FROM purchases ORDER BY credits") == [(250,), (2000,)]

        # Not one webhook is handed on.
        await eventually(all_told)
        assert await available(shop) == 750
        late = world.events("charge.refunded", "charge.dispute.closed", COMPLETED)
        assert [await outcome(await deliver(shop, body)) for body in late] == ["repeated"] * 3
        await books_of.assert_sound()
        lines = (await shop.client.get("/metrics")).text.splitlines()
        assert 'darkroom_credits_stripe_events_listed_total{outcome="paid"} 2.0' in lines

        async def noted() -> bool:
            return await books_of.rows("SELECT read_until > now() - interval '1 hour' FROM stripe_watch") == [(True,)]

        # Where it has been read to is kept, once all of it is taken: what is known is not listed for ever.
        await eventually(noted)


async def test_a_purchase_whose_session_was_never_heard_of_ends_all_the_same(
    settings: CreditsSettings, world: CardWorld, books_of: CreditBooks
) -> None:
    async with serving(selling(settings, world, stripe_reconcile_seconds=0.3)) as shop:
        world.control("PUT", "", lostAnswerRate=1)
        assert (await checkout(shop, 100, key="one")).status_code == 503
        assert await books_of.rows("SELECT state, session_id FROM purchases") == [("CREATED", None)]
        world.control("PUT", "", lostAnswerRate=0)

        async def offered() -> bool:
            return await books_of.rows("SELECT state FROM purchases") == [("OPEN",)]

        await eventually(offered)
        # The same key at Stripe: it is the session that was made at first, and the only one.
        [(session_id,)] = await books_of.rows("SELECT session_id FROM purchases")
        assert (await checkout(shop, 100, key="one")).json()["sessionId"] == session_id
        assert {call["id"] for call in world.sandbox.calls(vendor="stripe", kind="checkout")} == {session_id}
        world.pay(session_id, "expired")

        async def ended() -> bool:
            return await books_of.rows("SELECT state, check_at FROM purchases") == [("EXPIRED", None)]

        await eventually(ended)


async def test_a_purchase_that_is_too_old_to_be_offered_again_ends(
    settings: CreditsSettings, world: CardWorld, books_of: CreditBooks
) -> None:
    await books_of.rows(
        "INSERT INTO purchases"
        " (id, instance_id, credits, amount_minor, currency, price_version, created_by, created_at, check_at)"
        " VALUES (gen_random_uuid(), 'shop', 100, 100, 'EUR', 1, 'a', now() - interval '21 hours', now()) RETURNING id"
    )
    async with serving(selling(settings, world)):

        async def ended() -> bool:
            return await books_of.rows("SELECT state, check_at FROM purchases") == [("EXPIRED", None)]

        await eventually(ended)
    assert world.sandbox.calls(vendor="stripe", kind="checkout") == []


async def test_a_key_gives_one_session_and_two_keys_two(shop: Credits, world: CardWorld) -> None:
    first, again, other = [await checkout(shop, 1000, key=key) for key in ("k", "k", "l")]
    assert first.json() == again.json()
    assert other.json()["sessionId"] != first.json()["sessionId"]
    assert (await checkout(shop, 1000, key='"k"')).json() == first.json()
    assert (await checkout(shop, 500, key="k")).status_code == 422
    assert (await checkout(shop, 500, key="k", instance_id="other")).status_code == 201
    assert len(world.sandbox.calls(vendor="stripe", kind="checkout")) == 3


async def test_a_lost_answer_of_stripe_makes_no_second_session(shop: Credits, world: CardWorld) -> None:
    world.control("PUT", "", lostAnswerRate=1)
    assert (await checkout(shop, 1000, key="k")).status_code == 503
    world.control("PUT", "", lostAnswerRate=0)
    answer = await checkout(shop, 1000, key="k")
    calls = world.sandbox.calls(vendor="stripe", kind="checkout")
    assert len(calls) == 4
    assert {call["id"] for call in calls} == {answer.json()["sessionId"]}


async def test_a_fault_of_stripe_is_tried_again_and_then_told_in_words(shop: Credits, world: CardWorld) -> None:
    world.control("PUT", "", failRate=1)
    answer = await checkout(shop, 1000)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "nothing was charged" in answer.json()["detail"]
    assert len(world.sandbox.calls(vendor="stripe", kind="checkout")) == 3


@pytest.mark.parametrize("credits", [0, -5, 49, 1_000_001, 10**13, "many", 50.5, None])
async def test_a_wrong_number_of_credits_is_400_and_asks_nobody(quiet_shop: Credits, world: CardWorld, credits: Any) -> None:
    answer = await checkout(quiet_shop, credits)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "credits"
    assert world.sandbox.calls(vendor="stripe", kind="checkout") == []


async def test_a_checkout_needs_a_token_and_a_key_of_stripe(credits: Credits) -> None:
    assert (await credits.client.post("/api/credits/checkout", json={"credits": 100})).status_code == 401
    answer = await checkout(credits, 100)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert (await deliver(credits, b"{}")).status_code == 503


async def test_a_session_whose_webhook_never_came_is_asked_after(settings: CreditsSettings, world: CardWorld) -> None:
    async with serving(selling(settings, world, stripe_reconcile_seconds=0.3)) as shop:
        session_id, _ = await sold(shop, world)

        async def granted() -> bool:
            return await available(shop) == 1000

        await eventually(granted)
        [body] = world.events(COMPLETED)
        assert await outcome(await deliver(shop, body)) == "nothing-new"
        assert {call["id"] for call in world.asked_after()} == {session_id}
        assert await available(shop) == 1000


async def test_an_open_session_is_asked_after_less_and_less_often_and_an_expired_one_never_again(
    settings: CreditsSettings, world: CardWorld, books_of: CreditBooks
) -> None:
    async with serving(selling(settings, world, stripe_reconcile_seconds=0.2)) as shop:
        session_id = (await checkout(shop, 100)).json()["sessionId"]

        async def asked_thrice() -> bool:
            return len(world.asked_after()) >= 3

        await eventually(asked_thrice)
        first, second, third = (call["at"] for call in world.asked_after()[:3])
        assert (second - first >= 0.2, third - second >= 0.4) == (True, True)
        world.pay(session_id, "expired")

        async def closed() -> bool:
            return await books_of.rows("SELECT state, check_at FROM purchases") == [("EXPIRED", None)]

        await eventually(closed, seconds=60)
        assert await available(shop) == 0


async def test_a_purchase_is_its_tenants_own(shop: Credits, world: CardWorld) -> None:
    await sold(shop, world)
    [body] = world.events(COMPLETED)
    await deliver(shop, body)
    answer = await shop.client.get("/api/credits", headers=tenant("other"))
    assert answer.json()["available"] == 0


async def test_the_close_books_what_only_stripe_knows_and_tells_what_does_not_agree(
    shop: Credits, world: CardWorld, books_of: CreditBooks
) -> None:
    _, intent = await sold(shop, world)
    world.refund(intent, 250)
    stripe = StripeClient(api_key=API_KEY, base_url=f"{world.sandbox.url}/stripe")
    compare = CompareStripe(books_of.unit_of_work, stripe)
    now = datetime.now(UTC)

    async def found() -> tuple[list[tuple[str, int, int]], int]:
        # As if it were a quarter of an hour later: what has just happened may still be on its way.
        differences, mended = await compare.compare(since=now - timedelta(days=1), until=now + timedelta(minutes=15))
        return [(one.subject.partition(": ")[2], one.expected, one.found) for one in differences], mended

    try:
        # Not one webhook came.
        assert await found() == ([], 2)
        assert await available(shop) == 750
        assert await found() == ([], 0)
        async with books_of.unit_of_work.begin() as transaction:
            await transaction.execute("UPDATE purchases SET refunded_minor = 300")
        # What we hold for paid back and Stripe does not is given back.
        assert await found() == ([], 1)
        assert await found() == ([], 0)
        await stripe.close()
        # Another account at Stripe, as after a key was set wrongly.
        stripe = StripeClient(api_key="sk_test_another", base_url=f"{world.sandbox.url}/stripe")
        compare = CompareStripe(books_of.unit_of_work, stripe)
        assert await found() == ([("unknown at Stripe", 1000, 0)], 0)
    finally:
        await stripe.close()
