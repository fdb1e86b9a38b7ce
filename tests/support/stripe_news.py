"""News of Stripe as a test makes it up: objects of one payment, and the events that tell of them."""

import json
from itertools import count
from time import time
from typing import Any

_NUMBERS = count(1)


def event(kind: str, found: dict[str, Any], *, at: int | None = None) -> bytes:
    """An event with an id of its own."""
    created = int(time()) if at is None else at
    told = {"id": f"evt_made_{next(_NUMBERS)}", "type": kind, "created": created, "livemode": False, "data": {"object": found}}
    return json.dumps(told).encode()


def refund(intent: str, amount: int, *, id: str = "re_1", status: str = "succeeded", currency: str = "eur") -> dict[str, Any]:
    return {"id": id, "object": "refund", "payment_intent": intent, "amount": amount, "currency": currency, "status": status}


def charge(intent: str, amount: int, refunded: int, *, currency: str = "eur") -> dict[str, Any]:
    return {"id": "ch_1", "payment_intent": intent, "amount": amount, "amount_refunded": refunded, "currency": currency}


def dispute(intent: str, amount: int, *, id: str = "du_1", status: str = "lost", currency: str = "eur") -> dict[str, Any]:
    return {"id": id, "object": "dispute", "payment_intent": intent, "amount": amount, "currency": currency, "status": status}
