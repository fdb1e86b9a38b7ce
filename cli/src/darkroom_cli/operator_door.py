"""Calls of an operator to the running platform's services; an answer that is no success ends the command with its words."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_jwt

from darkroom_cli.console import fail, settings, told_errors
from darkroom_cli.settings import StackSettings
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.signing import JWT_KEY, key_from_home
from darkroom_cli.stack.status import status_document

REQUEST_SECONDS_MAX = 10.0
TRIES_MAX = 3
TOKEN_LIFE = timedelta(minutes=5)


def ask_operator(
    service: str,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    query: dict[str, str | int] | None = None,
    headers: dict[str, str] | None = None,
    seconds_max: float = REQUEST_SECONDS_MAX,
) -> dict[str, Any]:
    """Call `/api/operator/{path}` of a service, as `status` names it.

    A call whose answer was lost is made again: what must not happen twice carries an Idempotency-Key in its headers.
    """
    chosen = settings()
    with told_errors():
        address = _addresses(chosen.home).get(service)
    if address is None:
        fail(f"{service} does not run here: start the stack with `darkroom up`")
    headers = {"Authorization": f"Bearer {_operator_token(chosen)}", **(headers or {})}
    url = f"{address}/api/operator/{path}"
    with httpx.Client(timeout=seconds_max, trust_env=False) as client:
        for attempt in range(1, TRIES_MAX + 1):
            try:
                answer = client.request(method, url, json=body, params=query, headers=headers)
                break
            except httpx.TransportError as error:
                if attempt == TRIES_MAX:
                    fail(f"{service} at {address} does not answer ({error}); look with `darkroom status`")
    if answer.is_success:
        document: dict[str, Any] = answer.json()
        return document
    problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    fail(f"{answer.status_code}: {problem.get('detail') or problem.get('title') or answer.text[:200]}")


@cache
def _addresses(home: Path) -> dict[str, str]:
    """The services' addresses, asked for once: to know them the whole stack is looked at."""
    return dict(status_document(home)["services"])


def _operator_token(chosen: StackSettings) -> str:
    """The token given, else one signed with the key of this home's stack: its own random key, or the development key."""
    given = chosen.environ.get("DARKROOM_OPERATOR_TOKEN")
    if given:
        return given
    own_key = chosen.environ.get("DARKROOM_JWT_SECRET", DEVELOPMENT_KEY) != DEVELOPMENT_KEY
    if own_key or "DARKROOM_JWT_JWKS_URL" in chosen.environ:
        fail("this stack has a signing key of its own: give an operator's token as DARKROOM_OPERATOR_TOKEN")
    now = datetime.now(UTC)
    key = key_from_home(Home(chosen.home), JWT_KEY) or DEVELOPMENT_KEY
    return make_jwt("operators", key=key, now=now, ttl=TOKEN_LIFE, subject="darkroom-cli", roles=("operator",))
