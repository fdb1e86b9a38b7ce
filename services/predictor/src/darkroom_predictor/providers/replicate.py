"""Replicate over HTTP: one creation, one request, never repeated. Facts: Replicate's HTTP reference and OpenAPI (2026).

`send_request_headers.started` of httpcore is the line between "nothing was sent" and "may have been made".
"""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from darkroom_predictor.providers.door import (
    Accepted,
    Creation,
    Listed,
    LookUpFailed,
    NotSent,
    Outcome,
    Refusal,
    Refused,
    Unanswered,
)

KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 s after which common servers close, so that a creation seldom meets a closing connection."""
LIST_PAGES_MAX = 100
LIST_SECONDS_MAX = 10.0
ANSWER_CHARACTERS_MAX = 300
OFFICIAL_MODEL = re.compile(r"^[\w.-]+/[\w.-]+$")
RESETS_IN = re.compile(r"~?(\d+(?:\.\d+)?)\s*s(?:econds?)?\b")
CREATED = frozenset({200, 201, 202})
NO_RIGHT = frozenset({401, 402, 403})
BAD_REQUEST = frozenset({400, 404, 405, 410, 413, 415, 422})
UNAVAILABLE = 503
"""The one server error that says that nothing was done; after any other the prediction may have been made."""


class GrantTooLate(Exception):
    """The deadline of the grant passed before the request went out."""


class Sending:
    """Watches one request: whether its first byte has left, and that it does not leave too late."""

    def __init__(self, send_before: float) -> None:
        self.begun = False
        self._send_before = send_before

    async def watch(self, event: str, _info: dict[str, Any]) -> None:
        """httpcore's trace hook. Raises GrantTooLate in the last moment before the first byte."""
        if event.endswith("send_request_headers.started"):
            if monotonic() >= self._send_before:
                raise GrantTooLate
            self.begun = True


class Replicate:
    """The door to Replicate, for one or several accounts."""

    name = "replicate"

    def __init__(
        self,
        tokens: Sequence[str],
        *,
        base_url: str,
        webhook_base_url: str | None,
        connect_seconds_max: float,
        create_seconds_max: float,
        connections_max: int,
    ) -> None:
        self._tokens = {f"{self.name}-{number}": token for number, token in enumerate(tokens, start=1)}
        self._api = f"{base_url.rstrip('/')}/v1"
        self._webhooks = f"{webhook_base_url.rstrip('/')}/webhooks/{self.name}/" if webhook_base_url else None
        self._create_seconds_max = create_seconds_max
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(create_seconds_max, connect=connect_seconds_max),
            limits=httpx.Limits(
                max_connections=connections_max,
                max_keepalive_connections=connections_max,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
            ),
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def accounts(self) -> Sequence[str]:
        return tuple(self._tokens)

    @property
    def webhook_expected(self) -> bool:
        return self._webhooks is not None

    async def create(self, creation: Creation) -> Outcome:
        path, body = self._request(creation)
        headers = self._headers(creation.account) | {
            "content-type": "application/json",
            "cancel-after": f"{creation.cancel_after_seconds}s",
        }
        sending = Sending(creation.send_before)
        try:
            async with asyncio.timeout(self._create_seconds_max):
                answer = await self._http.post(path, content=body, headers=headers, extensions={"trace": sending.watch})
        except GrantTooLate:
            return NotSent(too_late=True, message="the grant was too old when the call could go out")
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            return Unanswered(message=reason) if sending.begun else NotSent(too_late=False, message=reason)
        return read_answer(answer.status_code, answer.headers, answer.content)

    async def listed_since(self, account: str, since: datetime) -> list[Listed]:
        found: list[Listed] = []
        page: str | None = f"{self._api}/predictions"
        for _ in range(LIST_PAGES_MAX):
            listed, page = await self._list_page(account, page)
            found += [one for one in listed if one.created_at >= since]
            if page is None or (listed and listed[-1].created_at < since):
                return found
        raise LookUpFailed(f"more than {LIST_PAGES_MAX} pages")

    async def close(self) -> None:
        await self._http.aclose()

    async def _list_page(self, account: str, page: str | None) -> tuple[list[Listed], str | None]:
        assert page is not None
        if urlsplit(page).netloc != urlsplit(self._api).netloc:
            raise LookUpFailed("the next page is at another address")
        try:
            answer = await self._http.get(page, headers=self._headers(account), timeout=LIST_SECONDS_MAX)
            answer.raise_for_status()
            content = answer.json()
            listed = [self._listed(one) for one in content["results"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise LookUpFailed(f"{type(error).__name__}: {error}") from error
        return listed, content.get("next")

    def _listed(self, prediction: dict[str, Any]) -> Listed:
        attempt_id, callback_token = None, None
        webhook = prediction.get("webhook")
        if self._webhooks and isinstance(webhook, str) and webhook.startswith(self._webhooks):
            address = urlsplit(webhook)
            attempt_id = address.path.rsplit("/", 1)[-1]
            callback_token = next(iter(parse_qs(address.query).get("token", [])), None)
        return Listed(
            prediction_id=str(prediction["id"]),
            created_at=datetime.fromisoformat(prediction["created_at"]),
            attempt_id=attempt_id,
            callback_token=callback_token,
            input=prediction.get("input") or {},
        )

    def _request(self, creation: Creation) -> tuple[str, bytes]:
        """Address and body; the input's JSON goes through as it was filed."""
        parts = [f'"input":{creation.input_json}']
        if self._webhooks:
            address = f"{self._webhooks}{creation.attempt_id}?token={creation.callback_token}"
            parts.append(f'"webhook":{json.dumps(address)},"webhook_events_filter":["completed"]')
        path = f"{self._api}/models/{creation.model}/predictions"
        if not OFFICIAL_MODEL.match(creation.model):
            path = f"{self._api}/predictions"
            parts.append(f'"version":{json.dumps(creation.model)}')
        return path, ("{" + ",".join(parts) + "}").encode()

    def _headers(self, account: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self._tokens[account]}"}


def read_answer(status: int, headers: httpx.Headers, content: bytes) -> Outcome:
    """What an answer to a creation means."""
    if status in CREATED:
        try:
            prediction = json.loads(content)
            return Accepted(prediction_id=str(prediction["id"]), output=prediction.get("output"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return Unanswered(message=f"status {status} without a prediction that can be read", ended=True)
    problem = _problem(content)
    message = f"status {status}: {problem.get('detail') or problem.get('title') or 'no reason given'}"[:ANSWER_CHARACTERS_MAX]
    if status == 429:
        wait = _retry_after(headers, problem)
        return Refused(refusal=Refusal.THROTTLED, message=message, retry_after_seconds=wait)
    if status in NO_RIGHT:
        return Refused(refusal=Refusal.ACCOUNT, message=message)
    if status in BAD_REQUEST:
        return Refused(refusal=Refusal.BAD_INPUT, message=message)
    if status >= 500 and status != UNAVAILABLE:
        return Unanswered(message=message, ended=True)
    return Refused(refusal=Refusal.PROVIDER_ERROR, message=message)


def _problem(content: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(content)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _retry_after(headers: httpx.Headers, problem: dict[str, Any]) -> float | None:
    """Header, else `retry_after` of the body, else "~Ns" in its detail; None when none of them says."""
    for value in (headers.get("retry-after"), problem.get("retry_after")):
        try:
            return max(0.0, float(value))  # type: ignore[arg-type]  # None and words raise, as wanted
        except (TypeError, ValueError):
            continue
    match = RESETS_IN.search(str(problem.get("detail", "")))
    return float(match[1]) if match else None
