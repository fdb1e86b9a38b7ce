"""Delivery of Stripe's events: signed for each endpoint with its own secret, and as unreliable as the options say.

Any 2xx is success; anything else is tried again, as Stripe does, only sooner. A lost one is lost with all its retries.
"""

import asyncio
import hmac
import json
import random
import time
from dataclasses import dataclass
from typing import Any

from darkroom_sandbox.http_post import HttpPoster, PostFailed
from darkroom_sandbox.stripe.options import CurrentStripeOptions

RETRY_AFTER_SECONDS = (1, 2, 4, 8, 16, 30)
ATTEMPT_SECONDS = 10.0
AT_ONCE_MAX = 16
UNDER_WAY_MAX = 20_000
SHUFFLE_SECONDS = 1.5
"""With `shuffle` each delivery is held back by a random time up to this, so that they overtake one another."""


@dataclass(frozen=True)
class Endpoint:
    """Somebody who wants events: where, signed with which secret, which types (`*`: all)."""

    url: str
    secret: str
    types: tuple[str, ...]

    def wants(self, kind: str) -> bool:
        return "*" in self.types or kind in self.types


def signature_header(secret: str, body: bytes, at: float) -> str:
    """`Stripe-Signature`: the key is the whole secret, the signed text `t.body`."""
    seconds = str(int(at))
    digest = hmac.digest(secret.encode(), f"{seconds}.".encode() + body, "sha256").hex()
    return f"t={seconds},v1={digest}"


class EventSender:
    """Sends events in tasks of its own; a bounded number of posts is under way at any time."""

    def __init__(self, options: CurrentStripeOptions, poster: HttpPoster) -> None:
        self._options = options
        self._poster = poster
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE_MAX)

    def send(self, endpoint: Endpoint, event: dict[str, Any]) -> None:
        """Takes an event for delivery and returns at once."""
        options = self._options.now.webhook
        if not endpoint.wants(event["type"]) or (options.lose_rate and random.random() < options.lose_rate):
            return
        body = json.dumps(event, indent=2).encode()
        copies = 2 if options.repeat_rate and random.random() < options.repeat_rate else 1
        for _ in range(copies):
            wait = options.delay_seconds + (random.uniform(0, SHUFFLE_SECONDS) if options.shuffle else 0)
            if len(self._tasks) < UNDER_WAY_MAX:
                task = asyncio.get_running_loop().create_task(self._deliver(endpoint, body, wait))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Stops sending; what is under way is dropped."""
        for task in self._tasks:
            task.cancel()
        self._poster.close()

    async def _deliver(self, endpoint: Endpoint, body: bytes, wait_seconds: float) -> None:
        for pause in (wait_seconds, *RETRY_AFTER_SECONDS):
            await asyncio.sleep(pause)
            async with self._places:
                headers = {
                    "content-type": "application/json; charset=utf-8",
                    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                    "stripe-signature": signature_header(endpoint.secret, body, time.time()),
                }
                try:
                    status = await self._poster.post(endpoint.url, headers, body, timeout_seconds=ATTEMPT_SECONDS)
                except PostFailed:
                    status = 0
            if 200 <= status < 300:
                return
