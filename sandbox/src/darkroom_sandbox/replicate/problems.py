"""Replicate's error answers (external API facts, Replicate "Errors"): problem+json with the vendor's own extensions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class InvalidField:
    """One rule broken by a request; `path` is dotted (`input.prompt`) or empty for the body itself."""

    type: str
    path: str
    description: str

    def line(self) -> str:
        """The line this field takes in `detail`."""
        return f"- {self.path}: {self.description}" if self.path else f"- {self.description}"


class Problem(Exception):
    """An error answer on its way to the client."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str | None = None,
        extensions: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self._headers = headers
        self._body: dict[str, object] = {"title": title} if title else {}
        self._body |= {"detail": detail, "status": status, **(extensions or {})}

    def response(self) -> Response:
        """The answer as HTTP."""
        return Response(json.dumps(self._body), self.status, self._headers, PROBLEM_JSON)


def unauthenticated() -> Problem:
    """401 for a key that is missing or not good."""
    return Problem(401, "You did not pass a valid authentication token", title="Unauthenticated")


def not_found(detail: str = "The requested resource could not be found.") -> Problem:
    """404; what belongs to another account is not found either."""
    return Problem(404, detail)


def invalid_input(fields: Sequence[InvalidField]) -> Problem:
    """422 listing every rule the request broke."""
    return Problem(
        422,
        "\n".join(field.line() for field in fields) + "\n",
        title="Input validation failed",
        extensions={
            "invalid_fields": [{"type": field.type, "field": field.path, "description": field.description} for field in fields]
        },
    )


def invalid_version() -> Problem:
    """422 for a version that does not exist or is another's."""
    return Problem(
        422,
        "The specified version does not exist (or perhaps you don't have permission to use it?)",
        title="Invalid version or not permitted",
    )


def insufficient_credit() -> Problem:
    """402: the account has no credit left, and nothing was made."""
    return Problem(
        402,
        "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to purchase credit. "
        "Once you purchase credit, please wait a few minutes before trying again.",
        title="Insufficient credit",
    )


def server_error(status: int) -> Problem:
    """A 5xx: it says nothing about what was done (the vendor's own body is not documented)."""
    return Problem(status, f"The server answered with status {status}.")


def throttled(retry_after_seconds: int, *, why: str = "Request was throttled.") -> Problem:
    """429: nothing was made; the wait stands in the text, the body and the header."""
    return Problem(
        429,
        f"{why} Your rate limit resets in ~{retry_after_seconds}s.",
        extensions={"retry_after": retry_after_seconds},
        headers={"Retry-After": str(retry_after_seconds)},
    )
