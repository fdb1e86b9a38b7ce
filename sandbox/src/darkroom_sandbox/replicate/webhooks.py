"""Delivery of webhooks: signed, in bounded numbers at a time, and as unreliable as the options say.

Only a terminal webhook is tried again (on a failed connection or any answer but 2xx; about a minute long); redirects are
not followed. A lost one (`loseRate`) is lost with all its retries.
"""

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass

from darkroom_sandbox.http_post import HttpPoster, PostFailed
from darkroom_sandbox.replicate.options import CurrentOptions
from darkroom_sandbox.replicate.prediction import new_id
from darkroom_sandbox.replicate.signature import signed_headers

RETRY_AFTER_SECONDS = (1, 2, 4, 8, 16, 30)
"""Waits between attempts; the last attempt is 61 s after the first."""
ATTEMPT_SECONDS = 8.0
AT_ONCE_MAX = 64
WAITING_MAX = 100_000
SHUFFLE_SECONDS = 1.5
"""With `shuffle` each delivery is held back by a random time up to this, so that they overtake one another."""


@dataclass(slots=True, eq=False)
class Delivery:
    """One webhook on its way."""

    account: str
    url: str
    body: bytes
    terminal: bool
    webhook_id: str
    attempts: int = 0


class WebhookSender:
    """Queue and senders; a fixed number of deliveries is under way at any time."""

    def __init__(self, options: CurrentOptions, poster: HttpPoster) -> None:
        self._options = options
        self._poster = poster
        self._due: deque[Delivery] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._closed = False

    def send(self, *, account: str, url: str, body: bytes, terminal: bool) -> None:
        """Takes a webhook for delivery and returns at once."""
        options = self._options.now.webhook
        if options.lose_rate and random.random() < options.lose_rate:
            return
        delivery = Delivery(account, url, body, terminal, f"msg_{new_id()}")
        copies = 2 if options.repeat_rate and random.random() < options.repeat_rate else 1
        for _ in range(copies):
            wait = options.delay_seconds + (random.uniform(0, SHUFFLE_SECONDS) if options.shuffle else 0)
            self._enqueue_later(delivery, wait)

    def close(self) -> None:
        """Stops sending; what is still waiting is dropped."""
        self._closed = True
        self._due.clear()
        for sender in self._senders:
            sender.cancel()
        self._poster.close()

    def _enqueue_later(self, delivery: Delivery, wait_seconds: float) -> None:
        if wait_seconds > 0:
            asyncio.get_running_loop().call_later(wait_seconds, self._enqueue, delivery)
        else:
            self._enqueue(delivery)

    def _enqueue(self, delivery: Delivery) -> None:
        if self._closed or len(self._due) >= WAITING_MAX:
            return
        self._due.append(delivery)
        if len(self._senders) < AT_ONCE_MAX:
            sender = asyncio.get_running_loop().create_task(self._work_off())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)

    async def _work_off(self) -> None:
        while self._due:
            await self._attempt(self._due.popleft())

    async def _attempt(self, delivery: Delivery) -> None:
        headers = signed_headers(delivery.account, webhook_id=delivery.webhook_id, at=time.time(), body=delivery.body)
        try:
            status = await self._poster.post(delivery.url, headers, delivery.body, timeout_seconds=ATTEMPT_SECONDS)
        except PostFailed:
            status = 0
        if 200 <= status < 300 or not delivery.terminal or delivery.attempts >= len(RETRY_AFTER_SECONDS):
            return
        wait = RETRY_AFTER_SECONDS[delivery.attempts]
        delivery.attempts += 1
        self._enqueue_later(delivery, wait)
