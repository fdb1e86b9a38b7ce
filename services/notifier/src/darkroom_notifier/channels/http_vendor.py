"""What the HTTP vendors have in common: one bounded client, and the classes of answers."""

import asyncio
import time

import httpx
from darkroom_servicekit.tls import client_tls

from darkroom_notifier.channels.door import Confirm, SendFailed, refused_key, unanswered, unreachable

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
REQUEST_SECONDS_MAX = 20.0
"""For a whole request. httpx' limits are for each read: a vendor that drips its answer would never reach them."""
CONNECTIONS_MAX = 10
RETRY_AFTER_SECONDS_MAX = 600.0
ERROR_CHARACTERS_MAX = 200


def vendor_client(base_url: str, **options: object) -> httpx.AsyncClient:
    """A client that follows nothing and waits for nobody long; `options` are httpx'."""
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=TIMEOUT,
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX, keepalive_expiry=30.0),
        verify=client_tls(),
        trust_env=False,
        **options,  # type: ignore[arg-type]  # httpx' own names
    )


async def post(client: httpx.AsyncClient, vendor: str, path: str, *, confirm: Confirm, **content: object) -> httpx.Response:
    """The answer to a POST that succeeded or that the caller has to read; the common failures are raised as SendFailed."""
    await confirm()
    try:
        async with asyncio.timeout(REQUEST_SECONDS_MAX):
            answer = await client.post(path, **content)  # type: ignore[arg-type]  # httpx' own names
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise unreachable(vendor, error) from error
    except (httpx.HTTPError, TimeoutError) as error:
        raise unanswered(vendor, error) from error
    match answer.status_code:
        case 401 | 403:
            raise refused_key(vendor)
        case 429:
            raise _account_failure("vendor-busy", f"{vendor} asks for patience", answer)
        case status if status >= 500:
            raise _account_failure("vendor-error", f"{vendor} answered {status}", answer)
    return answer


def refused(vendor: str, code: str, why: object) -> SendFailed:
    """The vendor will never take this message."""
    return SendFailed(code, f"{vendor} refused it: {str(why)[:ERROR_CHARACTERS_MAX]}", again="never")


def _account_failure(code: str, told: str, answer: httpx.Response) -> SendFailed:
    return SendFailed(code, told, again="soon", after_seconds=_retry_after(answer), blames="account")


def _retry_after(answer: httpx.Response) -> float | None:
    """`Retry-After` in seconds, or SendGrid's `X-RateLimit-Reset`, a Unix time."""
    after, reset = answer.headers.get("retry-after", ""), answer.headers.get("x-ratelimit-reset", "")
    if after.isdecimal():
        return min(float(after), RETRY_AFTER_SECONDS_MAX)
    return min(max(0.0, float(reset) - time.time()), RETRY_AFTER_SECONDS_MAX) if reset.isdecimal() else None
