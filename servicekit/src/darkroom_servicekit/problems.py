"""Errors over HTTP as problem+json (RFC 9457). Rules raise their own errors; the routes turn them into these."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException

from darkroom_servicekit.http_methods import allowed_methods

PROBLEM_TYPE = "application/problem+json"
ERRORS_MAX = 100
"""How many broken rules an answer names at most."""
TEXT_CHARACTERS_MAX = 300
"""Of one field's path and of one rule. A caller chooses the names of its fields."""

RULES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a text",
    "string_unicode": "must be valid Unicode",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
"""pydantic's kinds of error in our words; the other kinds keep pydantic's words."""

SOURCES = frozenset({"body", "query", "path", "header", "cookie"})

NUL = "\x00"
NUL_RULE = "must not contain the character U+0000"

log = structlog.get_logger()


class FieldError(BaseModel):
    """One field that breaks one rule."""

    field: str
    rule: str


class ProblemBody(BaseModel):
    """The body of every error answer."""

    model_config = ConfigDict(extra="allow", alias_generator=to_camel, populate_by_name=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldError] | None = None


class Problem(Exception):
    """An answer that is an error. `more` holds extension members, in camelCase."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str | None = None,
        *,
        kind: str = "about:blank",
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {"type": kind, "title": title, "status": status}
        if detail:
            self.body["detail"] = detail
        if errors:
            self.body["errors"] = [error.model_dump() for error in errors]
        self.body |= more or {}


def invalid(field: str, rule: str) -> Problem:
    """`400` for one field, named with its rule."""
    return invalid_fields([FieldError(field=field, rule=rule)])


def invalid_fields(errors: Sequence[FieldError]) -> Problem:
    """`400` for one or more fields, each named with its rule."""
    detail = "; ".join(f"{error.field}: {error.rule}" for error in errors)
    return Problem(400, "Invalid input", detail, kind="/problems/invalid-input", errors=errors)


def answer(problem: Problem) -> JSONResponse:
    """The HTTP answer of a problem."""
    return JSONResponse(problem.body, problem.status, headers=problem.headers, media_type=PROBLEM_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error answer of `app` problem+json; what is unexpected says nothing of the inside."""

    @app.exception_handler(Problem)
    async def on_problem(_request: Request, problem: Problem) -> JSONResponse:
        return answer(problem)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(invalid_fields(field_errors(_without_source(one) for one in islice(error.errors(), ERRORS_MAX))))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == 405:  # the router names the methods of the first route of this path only
            headers["Allow"] = ", ".join(allowed_methods(app.router.routes, request.scope))
        return answer(Problem(error.status_code, str(error.detail), headers=headers))

    @app.exception_handler(Exception)
    async def on_unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected error", method=request.method, path=request.url.path, exc_info=error)
        return answer(Problem(500, "Internal error", "Something went wrong on our side; it has been recorded."))


def field_errors(errors: Iterable[Any]) -> list[FieldError]:  # pydantic's dictionaries
    """Return the first of pydantic's errors, each as the field's path and the rule."""
    return [FieldError(field=field_path(one["loc"]), rule=_rule(one["type"], one["msg"])) for one in islice(errors, ERRORS_MAX)]


def field_path(place: Sequence[int | str]) -> str:
    """Write a place in a body as `images[0].prompt`; the body itself is `body`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return printable(text) or "body"


def printable(text: str) -> str:
    """Return text that can stand in an answer, whatever a caller sent."""
    return text.replace(NUL, "\\u0000").encode("utf-8", "backslashreplace").decode()[:TEXT_CHARACTERS_MAX]


def _rule(kind: str, message: str) -> str:
    return RULES.get(kind) or printable(message.removeprefix("Value error, "))


def _without_source(error: Any) -> dict[str, Any]:  # FastAPI's dictionary
    """FastAPI's account of an error, without where in the request the parameter stood."""
    place = error["loc"]
    return {**error, "loc": place[1:] if place[:1] and place[0] in SOURCES and len(place) > 1 else place}
