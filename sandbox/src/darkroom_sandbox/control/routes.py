"""The control of the sandbox, for people and tests: what arrived, how the vendors shall behave, a clean start."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Query
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from darkroom_sandbox.call_log import Call, CallLog, max_in_window
from darkroom_sandbox.messages.options import SendGridOptions, TwilioOptions
from darkroom_sandbox.replicate.options import CurrentOptions, ReplicateOptions
from darkroom_sandbox.replicate.problems import PROBLEM_JSON
from darkroom_sandbox.stripe.options import StripeOptions

CALLS_PER_CHUNK = 500
OPTIONS: Mapping[str, type[BaseModel]] = {
    "replicate": ReplicateOptions,
    "stripe": StripeOptions,
    "sendgrid": SendGridOptions,
    "twilio": TwilioOptions,
}
REDIRECTS = (301, 302, 303, 307, 308)
_NOT_ESCAPED = "!#$%&'()*+,/:;=?@[]~"


def build_control_router(
    *, log: CallLog, options: CurrentOptions, finish: Callable[[], int], reset: Callable[[], None]
) -> APIRouter:
    """The control's routes, all under `/sandbox`."""
    router = APIRouter(prefix="/sandbox", tags=["control"])

    @router.get("/calls")
    async def calls(
        vendor: str | None = None, kind: str | None = None, account: str | None = None, after: int = 0
    ) -> StreamingResponse:
        """Every call numbered above `after`, oldest first; `next` is the `after` of the next reading."""
        found = log.find(vendor=vendor, kind=kind, account=account, after=after)
        return StreamingResponse(_stream(found, max(after, log.last_seq)), media_type="application/json")

    @router.get("/rates")
    async def rates(
        vendor: str | None = None,
        kind: str | None = None,
        account: str | None = None,
        window: Annotated[float, Query(gt=0, le=86_400)] = 60,
    ) -> dict[str, int]:
        """The largest number of calls in any rolling window of `window` seconds, exactly."""
        times = [call.at for call in log.find(vendor=vendor, kind=kind, account=account)]
        return {"max": await asyncio.to_thread(max_in_window, times, window)}

    @router.get("/schemas")
    async def schemas() -> dict[str, dict[str, Any]]:
        """By vendor, the JSON Schema of the options that `PUT /sandbox/<vendor>` takes."""
        return {vendor: model.model_json_schema(by_alias=True) for vendor, model in OPTIONS.items()}

    @router.get("/replicate")
    async def show_replicate() -> ReplicateOptions:
        """The options in force."""
        return options.now

    @router.put("/replicate", response_model=ReplicateOptions, openapi_extra=body_of(ReplicateOptions))
    async def change_replicate(changes: Annotated[dict[str, Any], Body()]) -> Any:  # Any: the options or a problem
        """Changes what is named, keeps the rest."""
        try:
            return options.change(changes)
        except ValidationError as error:
            return _invalid(error)

    @router.post("/replicate/finish")
    async def finish_replicate() -> dict[str, int]:
        """Ends all predictions under way, as if their simulated time were over; how many they were."""
        return {"finished": finish()}

    @router.get("/redirect")
    async def redirect(to: str, status: int = 302) -> Response:
        """A redirect to any address, for tests of a fetcher."""
        if status not in REDIRECTS:
            return _problem([{"field": "status", "detail": f"must be one of {', '.join(map(str, REDIRECTS))}"}])
        return Response(status_code=status, headers={"location": quote(to, safe=_NOT_ESCAPED)})

    @router.post("/reset", status_code=204)
    async def start_anew() -> None:
        """Forgets calls and options; predictions under way go on to their end."""
        reset()

    return router


def body_of(model: type[BaseModel]) -> dict[str, Any]:  # Any: a part of an OpenAPI document
    """The documentation of a body that is read as plain JSON, since it may name a part of the fields only."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def _stream(found: Iterator[Call], following: int) -> AsyncIterator[bytes]:
    """The answer in parts, so that a hundred thousand calls do not hold up those arriving."""
    yield b'{"calls":['
    part: list[bytes] = []
    first = True
    for call in found:
        part.append(call.to_json())
        if len(part) == CALLS_PER_CHUNK:
            yield (b"" if first else b",") + b",".join(part)
            part, first = [], False
            await asyncio.sleep(0)
    if part:
        yield (b"" if first else b",") + b",".join(part)
    yield b'],"next":%d}' % following


def _invalid(error: ValidationError) -> JSONResponse:
    return _problem([{"field": ".".join(map(str, fault["loc"])) or "body", "detail": fault["msg"]} for fault in error.errors()])


def _problem(errors: list[dict[str, str]]) -> JSONResponse:
    detail = "; ".join(f"{error['field']}: {error['detail']}" for error in errors)
    body = {"title": "Invalid options", "status": 422, "detail": detail, "errors": errors}
    return JSONResponse(body, 422, media_type=PROBLEM_JSON)
