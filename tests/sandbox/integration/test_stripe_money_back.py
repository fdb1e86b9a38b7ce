"""The simulated Stripe's money that comes back: refunds that fail, disputes, payments in another currency, stored faults."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe
from support.running_sandbox import RunningSandbox

PARAMETERS: Any = {
    "mode": "payment",
    "client_reference_id": "order-1",
    "line_items": [{"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 1000, "product_data": {"name": "credits"}}}],
    "success_url": "https://shop.example/done",
}
OLD, NEW = "2025-02-24.acacia", "2026-10-28.endive"


@pytest.fixture
def client(sandbox: RunningSandbox) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_bbbb", base_addresses={"api": f"{sandbox.url}/stripe"})


@pytest.fixture
def own(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{sandbox.url}/sandbox") as control:
        yield control
        control.put(
            "/stripe", json={"adaptivePricing": {"currency": None}, "webhookVersion": NEW, "storedFailRate": 0, "failIds": ""}
        )


def with_items(*items: Any) -> Any:
    return {**PARAMETERS, "line_items": list(items)}


def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def paid(client: stripe.StripeClient, own: httpx.Client) -> str:
    """A payment of 10.00 EUR; its payment intent."""
    session = client.v1.checkout.sessions.create(PARAMETERS)
    return str(done(own.post(f"/stripe/sessions/{session.id}/pay"))["payment_intent"])


def newest_types(client: stripe.StripeClient, limit: int) -> list[str]:
    return [one.type for one in client.v1.events.list({"limit": limit}).data]


def test_a_refund_fails_after_it_has_succeeded(client: stripe.StripeClient, own: httpx.Client) -> None:
    intent = paid(client, own)
    refund = client.v1.refunds.create({"payment_intent": intent, "amount": 400})
    assert done(own.post(f"/stripe/refunds/{refund.id}/end"))["status"] == "failed"
    assert newest_types(client, 3) == ["refund.failed", "charge.refund.updated", "refund.updated"]
    expand: Any = {"expand": ["latest_charge.refunds"]}
    charge: Any = client.v1.payment_intents.retrieve(intent, expand).latest_charge
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert [(one.amount, one.status) for one in charge.refunds.data] == [(400, "failed")]
    assert own.post(f"/stripe/refunds/{refund.id}/end").status_code == 400


def test_a_payment_may_be_disputed_several_times(client: stripe.StripeClient, own: httpx.Client) -> None:
    intent = paid(client, own)
    first, second = (done(own.post(f"/stripe/payments/{intent}/dispute", json={"amount": 300}))["id"] for _ in range(2))
    assert done(own.post(f"/stripe/disputes/{first}/close", json={"outcome": "lost"}))["status"] == "lost"
    assert done(own.post(f"/stripe/disputes/{second}/close", json={"outcome": "won"}))["status"] == "won"
    assert newest_types(client, 3) == ["charge.dispute.funds_reinstated", "charge.dispute.closed", "charge.dispute.closed"]
    assert done(own.post(f"/stripe/disputes/{first}/reinstate"))["status"] == "won"
    assert client.v1.disputes.retrieve(first).amount == 300


def test_an_inquiry_is_only_closed(client: stripe.StripeClient, own: httpx.Client) -> None:
    asked = done(own.post(f"/stripe/payments/{paid(client, own)}/dispute", json={"inquiry": True}))
    assert asked["status"] == "warning_needs_response"
    assert own.post(f"/stripe/disputes/{asked['id']}/close", json={"outcome": "lost"}).status_code == 400
    assert (
        done(own.post(f"/stripe/disputes/{asked['id']}/close", json={"outcome": "warning_closed"}))["status"] == "warning_closed"
    )


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_payment_by_adaptive_pricing_has_the_shape_of_the_version(
    client: stripe.StripeClient, own: httpx.Client, version: str
) -> None:
    done(own.put("/stripe", json={"adaptivePricing": {"currency": "gbp", "rate": 0.86}, "webhookVersion": version}))
    intent = paid(client, own)
    session: Any = client.v1.events.list({"limit": 1}).data[0].data.object
    asked: Any = client.v1.payment_intents.retrieve(intent, None, {"stripe_version": version})
    if version == OLD:
        assert (session.amount_total, session.currency, asked.amount, asked.currency) == (860, "gbp", 860, "gbp")
        assert (session.currency_conversion.amount_total, session.currency_conversion.source_currency) == (1000, "eur")
    else:
        assert (session.amount_total, session.currency, asked.amount, asked.currency) == (1000, "eur", 1000, "eur")
        told = session.presentment_details
        assert (told.presentment_amount, told.presentment_currency) == (860, "gbp")


def test_a_stored_fault_is_answered_again_under_its_key_and_no_other(client: stripe.StripeClient, own: httpx.Client) -> None:
    done(own.put("/stripe", json={"storedFailRate": 1}))
    options: Any = {"idempotency_key": "stored-1"}
    with pytest.raises(stripe.APIError):
        client.v1.checkout.sessions.create(PARAMETERS, options)
    done(own.put("/stripe", json={"storedFailRate": 0}))
    with pytest.raises(stripe.APIError):
        client.v1.checkout.sessions.create(PARAMETERS, options)
    other: Any = {"idempotency_key": "stored-2"}
    made = client.v1.checkout.sessions.create(PARAMETERS, other)
    done(own.put("/stripe", json={"failIds": made.id}))
    with pytest.raises(stripe.APIError):
        client.v1.checkout.sessions.retrieve(made.id)


@pytest.mark.parametrize(("currency", "amount"), [("kwd", 1001), ("isk", 1050)])
def test_an_amount_that_cannot_be_charged_in_its_currency_is_refused(
    client: stripe.StripeClient, currency: str, amount: int
) -> None:
    item: Any = {"quantity": 1, "price_data": {"currency": currency, "unit_amount": amount, "product_data": {"name": "credits"}}}
    with pytest.raises(stripe.InvalidRequestError, match="multiples of"):
        client.v1.checkout.sessions.create(with_items(item))
