"""A provider's webhook: signature, then the attempt's token, then what it says. Answers as soon as the state is committed.

The work on the picture happens afterwards. Any order and any number of times are fine.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from darkroom_servicekit.auth import token_digest

from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.predictions import Progress
from darkroom_poller.record_progress import FromWebhook, Outcome, RecordProgress
from darkroom_poller.webhook_signatures import ForgedWebhook, WebhookSignatures


class UnreadableWebhook(Exception):
    """Signed by the provider, but no prediction."""


class WrongToken(Exception):
    """Signed by the provider, but not for this attempt."""


class ReceiveWebhook:
    """Takes the webhooks of one provider."""

    def __init__(
        self,
        provider: str,
        signatures: WebhookSignatures,
        read: Callable[[dict[str, Any]], Progress],
        record: RecordProgress,
        metrics: PollerMetrics,
    ) -> None:
        self._provider = provider
        self._signatures = signatures
        self._read = read
        self._record = record
        self._metrics = metrics

    async def receive(self, attempt_id: str, token: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Record a webhook. Raises ForgedWebhook, SecretsMissing, WrongToken, UnreadableWebhook, TooManyWaiting."""
        try:
            await self._signatures.check(headers, body)
        except ForgedWebhook:
            self._count("forged")
            raise
        prediction = _prediction(body)
        if prediction is None:
            self._count("unreadable")
            raise UnreadableWebhook
        report = FromWebhook(self._provider, attempt_id, token_digest(token), prediction, self._read(prediction))
        outcome = await self._record.submit(report)
        self._count(outcome)
        if outcome == "forged":
            raise WrongToken
        return outcome

    def _count(self, outcome: str) -> None:
        self._metrics.webhooks.labels(self._provider, outcome).inc()


def _prediction(body: bytes) -> dict[str, Any] | None:
    try:
        prediction = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return prediction if isinstance(prediction, dict) and isinstance(prediction.get("id"), str) else None


def _refuse(constant: str) -> None:
    """NaN and Infinity are no JSON, though Python reads them."""
    raise ValueError(constant)
