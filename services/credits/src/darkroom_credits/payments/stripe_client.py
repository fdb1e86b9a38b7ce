"""Calls to Stripe: a thin client on httpx. A creation carries an Idempotency-Key, so a second try makes nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
from darkroom_servicekit.tls import client_tls

REQUEST_SECONDS_MAX = 10.0
CONNECT_SECONDS_MAX = 3.0
TRIES_MAX = 3
BACKOFF_SECONDS = 0.25
API_VERSION = "2026-10-28.endive"
"""Sent with every call: the version whose shapes are read here, whatever the account's dashboard says (decision 64)."""
PAGE_MAX = 100
"""The most that Stripe lists at once."""
OUR_KEY = frozenset({401, 403})
"""Nothing is wrong with the request: an operator must give another key, or the key other rights."""
FAULTS = 500
RETRIED = frozenset({409, 429, 500, 502, 503, 504})


class StripeUnavailable(Exception):
    """Stripe does not answer, or not in time."""


class StripeFault(StripeUnavailable):
    """Stripe answers with a fault of its own, which it may have stored under the request's Idempotency-Key for a day."""


class StripeKeySpent(StripeFault):
    """The Idempotency-Key gives no session any more: a stored fault was replayed, or it was used with other parameters."""


class StripeRefused(Exception):
    """Stripe understood and said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class StripeClient:
    """One Stripe account. `close` when done."""

    def __init__(self, *, api_key: str, base_url: str) -> None:
        self.livemode = "_live_" in api_key
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            headers={"Authorization": f"Bearer {api_key}", "Stripe-Version": API_VERSION},
            timeout=httpx.Timeout(REQUEST_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
            follow_redirects=False,
            verify=client_tls(),
            trust_env=False,
        )

    async def create_session(self, parameters: Mapping[str, str], *, idempotency_key: str) -> dict[str, Any]:
        """Make a Checkout Session, once per key. Raises StripeUnavailable, StripeFault, StripeKeySpent, StripeRefused."""
        headers = {"Idempotency-Key": idempotency_key}
        return await self._ask("POST", "/v1/checkout/sessions", data=dict(parameters), headers=headers)

    async def session(self, session_id: str) -> dict[str, Any]:
        """A Checkout Session as it is now, its payment intent expanded, tried once. Raises StripeUnavailable, StripeRefused."""
        path = f"/v1/checkout/sessions/{session_id}"
        return await self._ask("GET", path, tries=1, params={"expand[]": "payment_intent"})

    async def events(self, types: Sequence[str], *, since: datetime) -> AsyncIterator[dict[str, Any]]:
        """All events of these types since a time, the newest first. Raises StripeUnavailable, StripeRefused."""
        query: list[tuple[str, str | int]] = [("types[]", kind) for kind in types]
        async for found in self._list("/v1/events", [*query, ("created[gte]", int(since.timestamp()))]):
            yield found

    async def sessions(self, *, since: datetime, until: datetime) -> AsyncIterator[dict[str, Any]]:
        """All Checkout Sessions made in a time, with their charges. Raises StripeUnavailable, StripeRefused."""
        query = [("created[gte]", int(since.timestamp())), ("created[lte]", int(until.timestamp()))]
        async for found in self._list(
            "/v1/checkout/sessions", [*query, ("expand[]", "data.payment_intent.latest_charge.refunds")]
        ):
            yield found

    async def _list(self, path: str, query: Sequence[tuple[str, str | int]]) -> AsyncIterator[dict[str, Any]]:
        after: list[tuple[str, str | int]] = []
        while True:
            page = await self._ask("GET", path, params=[*query, ("limit", PAGE_MAX), *after])
            found = page.get("data")
            if not isinstance(found, list):
                raise StripeUnavailable("answers no list")
            objects = [one for one in found if isinstance(one, dict)]
            for one in objects:
                yield one
            if not page.get("has_more") or not objects:
                return
            last = objects[-1].get("id")
            if not isinstance(last, str):
                raise StripeUnavailable("answers a list whose last object has no id")
            after = [("starting_after", last)]

    async def close(self) -> None:
        await self._http.aclose()

    async def _ask(self, method: str, path: str, *, tries: int = TRIES_MAX, **request: Any) -> dict[str, Any]:
        for attempt in range(1, tries + 1):
            try:
                async with asyncio.timeout(REQUEST_SECONDS_MAX):  # httpx' own limits are for each read
                    answer = await self._http.request(method, path, **request)
            except (httpx.TransportError, TimeoutError) as error:
                if attempt == tries:
                    raise StripeUnavailable(type(error).__name__) from error
            else:
                if answer.is_success:
                    return _object(answer)
                _raise_final(answer)
                if attempt == tries:
                    fault = StripeFault if answer.status_code >= FAULTS else StripeUnavailable
                    raise fault(f"answers {answer.status_code}")
            await asyncio.sleep(BACKOFF_SECONDS * 2**attempt)
        raise AssertionError("unreachable")


def _raise_final(answer: httpx.Response) -> None:
    """Raise for an answer that the same request would get again."""
    again = answer.headers.get("stripe-should-retry") != "false"
    if answer.status_code >= FAULTS and (not again or answer.headers.get("idempotent-replayed") == "true"):
        raise StripeKeySpent(f"answers {answer.status_code} under this key")
    if answer.status_code in OUR_KEY:
        raise StripeUnavailable(f"answers {answer.status_code}: it does not take our key")
    if answer.status_code not in RETRIED or not again:
        if _error_of(answer).get("type") == "idempotency_error":
            raise StripeKeySpent("was asked with other parameters under this key")
        raise StripeRefused(answer.status_code, str(_error_of(answer).get("message", answer.reason_phrase))[:300])


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError as error:
        raise StripeUnavailable("answers no JSON") from error
    if not isinstance(found, dict):
        raise StripeUnavailable("answers no object")
    return found


def _error_of(answer: httpx.Response) -> dict[str, Any]:
    try:
        error = answer.json()["error"]
    except (ValueError, LookupError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}
