"""JSON answers: written once by pydantic, times in UTC with milliseconds, what does not apply left out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from darkroom_contracts.envelope import utc_text
from darkroom_servicekit.http import Body
from darkroom_servicekit.problems import PROBLEM_TYPE, ProblemBody
from fastapi import Response
from pydantic import Field, PlainSerializer

UtcTime = Annotated[datetime, PlainSerializer(utc_text, return_type=str)]


def _is_none(value: object) -> bool:
    return value is None


def left_out_when_none(description: str | None = None) -> Any:  # pydantic's Field is typed so
    """A field that is only there where it applies."""
    return Field(default=None, exclude_if=_is_none, description=description)


def json_answer(body: Body, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer whose body is not validated a second time."""
    return Response(body.model_dump_json(by_alias=True), status, headers, media_type="application/json")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the errors that it may answer."""
    return {status: {"model": ProblemBody, "description": MEANINGS[status], "content": {PROBLEM_TYPE: {}}} for status in statuses}


def example(value: Mapping[str, Any], kind: str = "application/json") -> dict[str, Any]:
    """For one of a route's `responses`: what it may look like."""
    return {"content": {kind: {"example": value}}}


MEANINGS = {
    400: "Invalid input; `errors` names each field with its rule",
    401: "Not signed in",
    402: "Too few credits; nothing was started or taken",
    403: "Not allowed: the token, or the page, may not do this",
    404: "There is no such thing in this tenant",
    409: "A request with the same Idempotency-Key is still running, or the job was cancelled while this request waited",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The Idempotency-Key was used for another request",
    429: "Too many requests; see Retry-After",
    503: "A part that is needed is away; see Retry-After",
}
