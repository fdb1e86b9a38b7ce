"""Errors over HTTP as problem+json (RFC 9457). Rules raise their own errors; the routes turn them into these."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException

PROBLEM_TYPE = "application/problem+json"

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
        return answer(invalid_fields([_field_error(one) for one in error.errors()]))

    @app.exception_handler(HTTPException)
    async def on_http(_request: Request, error: HTTPException) -> JSONResponse:
        return answer(Problem(error.status_code, str(error.detail), headers=dict(error.headers or {})))

    @app.exception_handler(Exception)
    async def on_unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("unexpected error", method=request.method, path=request.url.path, exc_info=error)
        return answer(Problem(500, "Internal error", "Something went wrong on our side; it has been recorded."))


def _field_error(error: Any) -> FieldError:
    """pydantic's account of an error, as a field's path and the rule in words."""
    place = [str(part) for part in error["loc"]]
    if place and place[0] in {"body", "query", "path", "header"} and len(place) > 1:
        place = place[1:]
    field = "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in place).lstrip(".")
    return FieldError(field=field or "body", rule=str(error["msg"]).removeprefix("Value error, "))
