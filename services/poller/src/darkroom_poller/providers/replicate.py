"""Replicate's read side: look-ups, cancelling, the webhook secret, and what a prediction object says.

Sources: Replicate's OpenAPI, "prediction lifecycle", "error codes", "rate limits". Sends the token to the API's own host only.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
from darkroom_servicekit.operator_detail import operator_detail
from darkroom_servicekit.tls import client_tls

from darkroom_poller.predictions import TIMED_OUT, Failed, Missing, Pending, Progress, finished
from darkroom_poller.providers.door import ProviderThrottled, ProviderUnavailable

PROVIDER = "replicate"
CONNECTIONS_MAX = 32
CONNECT_SECONDS_MAX = 5.0
PAUSE_SECONDS_DEFAULT = 10.0
PAUSE_SECONDS_MAX = 120.0
RUNNING = frozenset({"starting", "processing", "queued"})
STOPPED = frozenset({"canceled", "aborted"})

MODERATED = re.compile(
    r"\bE005\b|flagged as sensitive|sensitive content|safety (?:filter|system)|moderation"
    r"|\bNSFW\b|content[ _]policy|(?:\b|_)(?:IMAGE_SAFETY|BLOCKLIST)\b|prohibited[ _]content|\bPROHIBITED_CONTENT\b",
    re.IGNORECASE,
)
"""Words of Replicate's own, of the models, and of Google's finish and block reasons."""
BAD_INPUT = re.compile(r"invalid input|input validation|input was invalid|\bE006\b|unsupported image", re.IGNORECASE)
RESETS_IN = re.compile(r"~?(\d+)\s*s")

REFUSED = Failed("moderation", "The studio refused this picture: its content was flagged as sensitive.", retryable=False)
UNREADABLE_INPUT = Failed("bad-input", "The studio could not work with this picture or its instructions.", retryable=False)
BROKE = Failed("provider-error", "The studio had a technical problem with this picture.", retryable=True)


class Replicate:
    """A thin client; one connection pool for all accounts. Redirects are not followed and nothing is retried in here."""

    def __init__(self, base_url: str, tokens: Mapping[str, str], *, seconds_max: float) -> None:
        self._tokens = dict(tokens)
        self._seconds_max = seconds_max
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/v1/",
            timeout=httpx.Timeout(seconds_max, connect=CONNECT_SECONDS_MAX),
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX),
            verify=client_tls(),
            trust_env=False,
        )

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(self._tokens)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def look_up(self, account: str, prediction_id: str) -> Progress:
        response = await self._ask("GET", account, f"predictions/{quote(prediction_id, safe='')}")
        return Missing("prediction") if response.status_code == 404 else read_prediction(_json(response))

    async def cancel(self, account: str, prediction_id: str) -> Progress:
        response = await self._ask("POST", account, f"predictions/{quote(prediction_id, safe='')}/cancel")
        return Missing("prediction") if response.status_code == 404 else read_prediction(_json(response))

    async def webhook_secret(self, account: str) -> str:
        """The secret that signs the webhooks of this account. Raises ProviderUnavailable."""
        key = _json(await self._ask("GET", account, "webhooks/default/secret")).get("key")
        if not isinstance(key, str) or not key:
            raise ProviderUnavailable("the webhook secret came without a key")
        return key

    async def _ask(self, method: str, account: str, path: str) -> httpx.Response:
        """An answer of 200 or 404; everything else raises."""
        token = self._tokens.get(account)
        if token is None:
            raise ProviderUnavailable(f"no API token for the account {account}")
        try:
            async with asyncio.timeout(self._seconds_max):  # httpx' own limits are for each read
                response = await self._http.request(method, path, headers={"Authorization": f"Bearer {token}"})
        except (httpx.HTTPError, TimeoutError) as error:
            raise ProviderUnavailable(f"{type(error).__name__}: {error}") from error
        if response.status_code == 429:
            raise ProviderThrottled(pause_seconds(response))
        if response.status_code not in (200, 404):
            raise ProviderUnavailable(f"answered {response.status_code}")
        return response


def read_prediction(prediction: Mapping[str, Any]) -> Progress:
    """What a prediction object, from a look-up or a webhook, says."""
    status = str(prediction.get("status"))
    if status == "succeeded":
        if prediction.get("data_removed") or prediction.get("output") is None:
            return Missing("output")
        metrics = prediction.get("metrics")
        return finished(
            prediction["output"],
            metrics if isinstance(metrics, dict) else None,
            completed_at=_time(prediction.get("completed_at")),
        )
    if status == "failed":
        return failure(str(prediction.get("error") or ""))
    if status in STOPPED:
        return TIMED_OUT
    return Pending(status, known=status in RUNNING)


def _time(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def failure(error: str) -> Failed:
    """A failed prediction's `error` in our words: moderation and bad input are final, the rest may go better next time."""
    kind = REFUSED if MODERATED.search(error) else UNREADABLE_INPUT if BAD_INPUT.search(error) else BROKE
    return replace(kind, detail=operator_detail(error) or None)


def pause_seconds(response: httpx.Response) -> float:
    """How long a 429 asks us to wait: the header, the body's `retry_after`, the words of its `detail`, else a guess."""
    candidates: list[object] = [response.headers.get("retry-after")]
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        in_words = RESETS_IN.search(str(body.get("detail")))
        candidates += [body.get("retry_after"), in_words.group(1) if in_words else None]
    for candidate in candidates:
        if candidate is not None and re.fullmatch(r"\d+(\.\d+)?", str(candidate)):
            return min(PAUSE_SECONDS_MAX, float(str(candidate)))
    return PAUSE_SECONDS_DEFAULT


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError as error:
        raise ProviderUnavailable("answered something that is not JSON") from error
    if not isinstance(body, dict):
        raise ProviderUnavailable("answered something that is no object")
    return body
