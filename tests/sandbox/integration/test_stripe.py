"""The simulated Stripe, by the official `stripe` client, unchanged but for the base address, and by its page and control."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import stripe
from support.running_sandbox import Received, RunningSandbox, WebhookReceiver

PARAMETERS: Any = {
    "mode": "payment",
    "client_reference_id": "order-1",
    "line_items": [
        {"quantity": 2, "price_data": {"currency": "eur", "unit_amount": 750, "product_data": {"name": "500 credits <b>"}}}
    ],
    "metadata": {"purpose": "test"},
    "payment_intent_data": {"metadata": {"purchase": "p-1"}},
    "success_url": "https://shop.example/done?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://shop.example/left",
}


def with_changes(**changes: Any) -> Any:
    """A request that the client's types may forbid."""
    return {**PARAMETERS, **changes}


def client_of(sandbox: RunningSandbox, key: str = "sk_test_aaaa") -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": f"{sandbox.url}/stripe"})


@pytest.fixture
def client(sandbox: RunningSandbox) -> stripe.StripeClient:
    return client_of(sandbox)


@pytest.fixture
def secret(client: stripe.StripeClient, receiver: WebhookReceiver) -> str:
    """That of an endpoint of one's own, which takes all events."""
    endpoint = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    assert endpoint.secret is not None
    return endpoint.secret


@pytest.fixture
def own(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url) as control:
        yield control


def pay(own: httpx.Client, session_id: str, outcome: str = "paid") -> httpx.Response:
    return own.post(f"/sandbox/stripe/sessions/{session_id}/pay", json={"outcome": outcome})


def events_of(received: list[Received], secret: str) -> list[stripe.Event]:
    """What came, as the official client believes it."""
    return [stripe.Webhook.construct_event(one.body.encode(), one.headers["stripe-signature"], secret) for one in received]


def test_a_session_is_made_paid_and_told_of_signed(
    client: stripe.StripeClient, own: httpx.Client, receiver: WebhookReceiver, secret: str
) -> None:
    session = client.v1.checkout.sessions.create(PARAMETERS)
    assert (session.status, session.payment_status, session.amount_total, session.currency) == ("open", "unpaid", 1500, "eur")
    assert session.payment_intent is None
    assert pay(own, session.id).status_code == 200
    told = {event.type: event for event in events_of(receiver.wait_for(3), secret)}
    assert set(told) == {"charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"}
    body: Any = told["checkout.session.completed"].data.object
    assert (body.id, body.payment_status, body.client_reference_id) == (session.id, "paid", "order-1")
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    intent: Any = paid.payment_intent
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (intent.status, intent.latest_charge.amount, intent.metadata["purchase"]) == ("succeeded", 1500, "p-1")
    assert client.v1.payment_intents.retrieve(intent.id).amount_received == 1500


def test_a_declined_card_leaves_the_session_open_and_it_can_be_paid_then(client: stripe.StripeClient, own: httpx.Client) -> None:
    session = client.v1.checkout.sessions.create(PARAMETERS)
    pay(own, session.id, "declined")
    declined: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (declined.status, declined.payment_intent.last_payment_error.code) == ("open", "card_declined")
    pay(own, session.id)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert pay(own, session.id).status_code == 400


@pytest.mark.parametrize(("then", "event"), [("paid", "async_payment_succeeded"), ("declined", "async_payment_failed")])
def test_a_delayed_payment_completes_unpaid_and_is_told_of_later(
    client: stripe.StripeClient, own: httpx.Client, then: str, event: str
) -> None:
    session = client.v1.checkout.sessions.create(PARAMETERS)
    pay(own, session.id, "delayed")
    waiting = client.v1.checkout.sessions.retrieve(session.id)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    pay(own, session.id, then)
    types = [one.type for one in client.v1.events.list({"limit": 3}).data]
    assert f"checkout.session.{event}" in types


def test_a_session_expires_by_the_merchant_and_by_the_customer_and_is_not_paid_any_more(
    client: stripe.StripeClient, own: httpx.Client
) -> None:
    first, second = (client.v1.checkout.sessions.create(PARAMETERS) for _ in range(2))
    assert client.v1.checkout.sessions.expire(first.id).status == "expired"
    assert pay(own, second.id, "expired").json()["status"] == "expired"
    assert pay(own, first.id).status_code == 400
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        client.v1.checkout.sessions.expire(first.id)


def test_refunds_in_parts_add_up_and_never_exceed_the_payment(
    client: stripe.StripeClient, own: httpx.Client, receiver: WebhookReceiver, secret: str
) -> None:
    session = client.v1.checkout.sessions.create(PARAMETERS)
    intent = pay(own, session.id).json()["payment_intent"]
    assert client.v1.refunds.create({"payment_intent": intent, "amount": 500}).status == "succeeded"
    assert own.post(f"/sandbox/stripe/payments/{intent}/refund", json={"amount": 1001}).status_code == 400
    assert own.post(f"/sandbox/stripe/payments/{intent}/refund").json()["amount"] == 1000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    charges: list[Any] = [
        event.data.object for event in events_of(receiver.wait_for(7), secret) if event.type == "charge.refunded"
    ]
    assert sorted((one.amount_refunded, one.refunded) for one in charges) == [(500, False), (1500, True)]


def test_a_key_gives_the_same_session_again_and_refuses_other_parameters(client: stripe.StripeClient) -> None:
    options: Any = {"idempotency_key": "k-1"}
    first = client.v1.checkout.sessions.create(PARAMETERS, options)
    again = client.v1.checkout.sessions.create(PARAMETERS, options)
    assert again.id == first.id
    answer: Any = again.last_response
    assert answer.headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create(with_changes(client_reference_id="order-2"), options)


def test_many_at_once_with_one_key_make_one_session(client: stripe.StripeClient) -> None:
    options: Any = {"idempotency_key": "k-2"}
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: client.v1.checkout.sessions.create(PARAMETERS, options).id, range(16)))
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"success_url": ""}, "success_url"),
        ({"surprise": "1"}, "surprise"),
        ({"expires_at": 1}, "expires_at"),
    ],
)
def test_a_wrong_session_is_refused_in_stripes_own_shape(client: stripe.StripeClient, change: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(with_changes(**change))
    assert (refused.value.http_status, refused.value.param) == (400, param)


def test_accounts_do_not_see_one_another_and_a_bad_key_sees_nothing(sandbox: RunningSandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(PARAMETERS)
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client_of(sandbox, "sk_test_bbbb").v1.checkout.sessions.retrieve(session.id)
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.AuthenticationError):
        client_of(sandbox, "invalid_key").v1.checkout.sessions.retrieve(session.id)


def test_lists_page_newest_first(client: stripe.StripeClient) -> None:
    made = [client.v1.checkout.sessions.create(PARAMETERS).id for _ in range(5)]
    page = client.v1.checkout.sessions.list({"limit": 2})
    assert [one.id for one in page.data] == made[:-3:-1]
    following = client.v1.checkout.sessions.list({"limit": 2, "starting_after": page.data[-1].id})
    assert [one.id for one in following.data] == made[2:0:-1]
    assert [item.amount_total for item in client.v1.checkout.sessions.line_items.list(made[0]).data] == [1500]


def test_customers_are_kept(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"email": "a@example.com"})
    assert client.v1.customers.retrieve(made.id).email == "a@example.com"


def test_calls_are_recorded_by_kind(sandbox: RunningSandbox, client: stripe.StripeClient) -> None:
    session = client.v1.checkout.sessions.create(PARAMETERS)
    client.v1.checkout.sessions.retrieve(session.id)
    client.v1.events.list()
    calls = sandbox.calls(vendor="stripe")
    assert [(call["kind"], call["account"], call["status"]) for call in calls] == [
        ("checkout", "aaaa", 200),
        ("session", "aaaa", 200),
        ("event", "aaaa", 200),
    ]
    assert (calls[0]["id"], calls[0]["input"]["client_reference_id"]) == (session.id, "order-1")


def test_webhooks_are_repeated_delayed_and_lost_on_demand(
    client: stripe.StripeClient, own: httpx.Client, receiver: WebhookReceiver, secret: str
) -> None:
    own.put("/sandbox/stripe", json={"webhook": {"loseRate": 1}}).raise_for_status()
    pay(own, client.v1.checkout.sessions.create(PARAMETERS).id)
    own.put("/sandbox/stripe", json={"webhook": {"loseRate": 0, "repeatRate": 1, "shuffle": True}}).raise_for_status()
    session = client.v1.checkout.sessions.create(PARAMETERS)
    pay(own, session.id)
    events = events_of(receiver.wait_for(6), secret)
    assert len({event.id for event in events}) == 3
    assert {json.loads(one.body)["data"]["object"]["id"] for one in receiver.received} >= {session.id}
    assert own.put("/sandbox/stripe", json={"webhook": {"loseRate": 2}}).status_code == 422


def test_an_endpoint_that_fails_is_tried_again(
    client: stripe.StripeClient, own: httpx.Client, receiver: WebhookReceiver, secret: str
) -> None:
    receiver.answers.extend([500, 302, 503])
    pay(own, client.v1.checkout.sessions.create(PARAMETERS).id)
    events = events_of(receiver.wait_for(6), secret)
    assert len({event.id for event in events}) == 3


def test_the_page_shows_the_sum_and_its_buttons_work(client: stripe.StripeClient, own: httpx.Client) -> None:
    session = client.v1.checkout.sessions.create(PARAMETERS)
    assert session.url is not None
    page = own.get(session.url)
    assert "15.00 EUR" in page.text
    assert "500 credits &lt;b&gt;" in page.text
    declined = own.post(session.url, data={"outcome": "declined"})
    assert "Your card was declined." in declined.text
    paid = own.post(session.url, data={"outcome": "paid"})
    assert (paid.status_code, paid.headers["location"]) == (303, f"https://shop.example/done?session={session.id}")
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
