"""Top-ups by card in tests: credits and the sandbox' Stripe, with the test as the post office between them.

The sandbox sends its events to a receiver; the test hands them on, in the order, as often and as changed as it likes.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any

import httpx
import stripe
from darkroom_credits.settings import CreditsSettings
from support.credit_books import CreditBooks
from support.credit_service import Credits, tenant
from support.running_sandbox import RunningSandbox, WebhookReceiver, running_sandbox, webhook_receiver

SECRET, NEXT_SECRET = "whsec_the_first_of_the_tests", "whsec_the_next_of_the_tests"
API_KEY = "sk_test_shop"
COMPLETED = "checkout.session.completed"
NO_RECONCILER = 3600.0
ANSWER_SECONDS_MAX, POST_SECONDS_MAX = 30.0, 60.0


@dataclass
class CardWorld:
    """The outside: a Stripe, and the post that came from it and has not been handed on."""

    sandbox: RunningSandbox
    receiver: WebhookReceiver
    thrown_away: set[str] = field(default_factory=set)

    def control(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = httpx.request(method, f"{self.sandbox.url}/sandbox/stripe{path}", json=body, timeout=ANSWER_SECONDS_MAX)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def pay(self, session_id: str, outcome: str = "paid") -> str:
        """The customer acts; the payment intent."""
        return str(self.control("POST", f"/sessions/{session_id}/pay", outcome=outcome)["payment_intent"])

    def refund(self, intent: str, amount: int | None = None) -> str:
        """The merchant pays back; the refund."""
        return str(self.control("POST", f"/payments/{intent}/refund", **({} if amount is None else {"amount": amount}))["id"])

    def events(self, *types: str) -> list[bytes]:
        """The bodies of the newest events of these types, in this order, once they came."""

        def found() -> list[bytes]:
            newest = {json.loads(one.body)["type"]: one.body.encode() for one in self.receiver.received}
            return [newest[kind] for kind in types if kind in newest]

        with self.receiver.changed:
            came = self.receiver.changed.wait_for(lambda: len(found()) == len(types), POST_SECONDS_MAX)
            assert came, f"no {types} came"
            return found()

    def asked_after(self) -> list[dict[str, Any]]:
        """The questions after one session; the daily close also asks for the list of all, at its own time."""
        return [call for call in self.sandbox.calls(vendor="stripe", kind="session") if call["id"] is not None]

    def forget(self) -> None:
        """Throw away the post that came, once all of it has come: what is under way would be taken for something newer."""
        sent = {one["id"] for one in self._told()}

        def all_came() -> bool:
            return sent <= self.thrown_away | {json.loads(one.body)["id"] for one in self.receiver.received}

        with self.receiver.changed:
            assert self.receiver.changed.wait_for(all_came, POST_SECONDS_MAX), "some of the post has not come"
            self.thrown_away |= sent
            self.receiver.received.clear()

    def begin_anew(self) -> None:
        """A Stripe without a past, and without the faults of the test before."""
        self.control("PUT", "", failRate=0, lostAnswerRate=0, storedFailRate=0, failIds="", adaptivePricing={"currency": None})
        self.forget()
        httpx.post(f"{self.sandbox.url}/sandbox/reset", timeout=ANSWER_SECONDS_MAX).raise_for_status()

    def _told(self) -> list[dict[str, Any]]:
        """The shop's newest hundred events."""
        answer = httpx.get(
            f"{self.sandbox.url}/stripe/v1/events",
            params={"limit": 100},
            headers={"Authorization": f"Bearer {API_KEY}"},
            timeout=ANSWER_SECONDS_MAX,
        )
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        return found


@contextmanager
def card_world(home: Path) -> Iterator[CardWorld]:
    """A sandbox whose events come to the test."""
    with webhook_receiver() as receiver:
        address = receiver.url.partition("/hook")[0]
        settings = {"DARKROOM_SANDBOX_PLATFORM_URL": address, "DARKROOM_SANDBOX_STRIPE_WEBHOOK_SECRET": SECRET}
        with running_sandbox(home, **settings) as sandbox:
            yield CardWorld(sandbox, receiver)


def selling(settings: CreditsSettings, world: CardWorld, **changes: Any) -> CreditsSettings:
    """Settings of a service that sells by card, and asks Stripe nothing by itself."""
    stripe_settings = {
        "stripe_api_key": API_KEY,
        "stripe_base_url": f"{world.sandbox.url}/stripe",
        "stripe_webhook_secret": f"{NEXT_SECRET}, {SECRET}",
        "stripe_reconcile_seconds": NO_RECONCILER,
        "public_url": "https://studio.example",
    }
    return settings.model_copy(update=stripe_settings | changes)


async def sold(shop: Credits, world: CardWorld, credits: int = 1000) -> tuple[str, str]:
    """A session that was paid, its webhook still in the post: session, payment intent."""
    answer = await checkout(shop, credits)
    assert answer.status_code == 201, answer.text
    session_id = answer.json()["sessionId"]
    return session_id, world.pay(session_id)


async def outcome(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["outcome"])


async def available(shop: Credits) -> int:
    return int((await shop.get("/api/credits"))["available"])


async def counted(shop: Credits, word: str) -> float:
    text = (await shop.client.get("/metrics")).text
    line = f'darkroom_credits_stripe_webhooks_total{{outcome="{word}"}} '
    return sum(float(found.removeprefix(line)) for found in text.splitlines() if found.startswith(line))


async def money(books: CreditBooks) -> dict[str, int]:
    """What stands in each account of the money."""
    rows = await books.rows("SELECT account, sum(amount)::bigint FROM money_entries GROUP BY account")
    return dict(rows)


async def checkout(credits: Credits, amount: int, *, instance_id: str = "shop", key: str | None = None) -> httpx.Response:
    headers = tenant(instance_id) | ({"Idempotency-Key": key} if key else {})
    return await credits.client.post("/api/credits/checkout", json={"credits": amount}, headers=headers)


async def deliver(credits: Credits, body: bytes, *, secret: str = SECRET, at: float | None = None) -> httpx.Response:
    """Hand an event on, signed now (or `at` a time) as Stripe signs."""
    sign: Any = stripe.WebhookSignature.generate_signature_header
    header = sign(body.decode(), secret, int(time() if at is None else at))
    return await credits.client.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": header})


def changed(body: bytes, change: Callable[[dict[str, Any]], object], *, event_id: str | None = None) -> bytes:
    """An event as a forger, or a Stripe gone wrong, would send it; with another id, since an id counts once."""
    event = json.loads(body)
    event["id"] = event_id or f"{event['id']}_changed"
    change(event)
    return json.dumps(event).encode()
