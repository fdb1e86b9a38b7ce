"""HTTP endpoints of predictions: create, get, list, cancel."""

import asyncio
import base64
import binascii
import json
import random
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from darkroom_sandbox.call_log import Call
from darkroom_sandbox.replicate.board import Board
from darkroom_sandbox.replicate.create_request import read_create_request, wait_seconds
from darkroom_sandbox.replicate.lifecycle import Predictions
from darkroom_sandbox.replicate.options import CurrentOptions
from darkroom_sandbox.replicate.prediction import Prediction
from darkroom_sandbox.replicate.problems import InvalidField, Problem, invalid_input, not_found
from darkroom_sandbox.server import NoAnswer

BODY_BYTES_MAX = 40_000_000
PAGE = 100
_JSON = "application/json"


class PredictionsApi:
    """The endpoints; each takes the request and its call record."""

    def __init__(self, *, board: Board, options: CurrentOptions, predictions: Predictions, api_url: str) -> None:
        self._board = board
        self._options = options
        self._predictions = predictions
        self._list_url = f"{api_url}/predictions"

    async def create_by_version(self, request: Request, call: Call) -> Response:
        """POST /v1/predictions"""
        return await self._create(request, call, model_ref=None)

    async def create_by_model(self, request: Request, call: Call) -> Response:
        """POST /v1/models/{owner}/{name}/predictions"""
        parameters = request.path_params
        return await self._create(request, call, model_ref=f"{parameters['owner']}/{parameters['name']}")

    async def get(self, request: Request, call: Call) -> Response:
        """GET /v1/predictions/{id}"""
        return Response(self._predictions.to_json(self._own(request, call)), media_type=_JSON)

    async def cancel(self, request: Request, call: Call) -> Response:
        """POST /v1/predictions/{id}/cancel; 200 with the unchanged object when it has ended."""
        prediction = self._own(request, call)
        self._predictions.cancel(prediction)
        return Response(self._predictions.to_json(prediction), media_type=_JSON)

    async def list_page(self, request: Request, call: Call) -> Response:
        """GET /v1/predictions: newest first; the cursor names a place in the order of creation."""
        query = request.query_params
        after, before = _time(query.get("created_after")), _time(query.get("created_before"))
        direction, number = _cursor(query.get("cursor"))
        matching = [
            prediction
            for prediction in self._board.newest_first(call.account)
            if (after is None or prediction.created_at >= after)
            and (before is None or prediction.created_at < before)
            and query.get("source") != "web"
        ]
        newer = [prediction for prediction in matching if direction == "older" and prediction.number >= number]
        if direction == "newer":
            newer = [prediction for prediction in matching if prediction.number > number]
            start = max(0, len(newer) - PAGE)
        else:
            start = len(newer)
        page = matching[start : start + PAGE]
        filters = {name: query[name] for name in ("created_after", "created_before", "source") if name in query}
        following = self._page_url(filters, "older", page[-1].number) if start + PAGE < len(matching) else None
        preceding = self._page_url(filters, "newer", page[0].number) if start > 0 and page else None
        results = b",".join(map(self._predictions.to_json, page))
        head = json.dumps({"next": following, "previous": preceding}, separators=(",", ":")).encode()
        return Response(head[:-1] + b',"results":[' + results + b"]}", media_type=_JSON)

    async def _create(self, request: Request, call: Call, *, model_ref: str | None) -> Response:
        body = await _bounded_body(request)
        headers = request.headers
        asked = read_create_request(body, model_ref=model_ref, cancel_after=headers.get("cancel-after"))
        options = self._options.now
        if options.create_seconds > 0:
            await asyncio.sleep(options.create_seconds)
        prediction = self._predictions.create(asked, account=call.account, record=call)
        if options.lost_answer_rate and random.random() < options.lost_answer_rate:
            call.lost = True
            return NoAnswer(status_code=201)
        answer_headers = {"location": f"{self._list_url}/{prediction.id}"}
        wait = wait_seconds(headers.get("prefer"))
        if wait is not None:
            await self._predictions.wait_for_end(prediction, wait)
            answer_headers["preference-applied"] = headers["prefer"].strip()
        return Response(self._predictions.to_json(prediction), 201, answer_headers, _JSON)

    def _own(self, request: Request, call: Call) -> Prediction:
        """The prediction of the path, if it is the caller's; the call record learns its id."""
        call.id = request.path_params["id"]
        prediction = self._board.get(call.id)
        if prediction is None or prediction.account != call.account:
            raise not_found()
        return prediction

    def _page_url(self, filters: dict[str, str], direction: str, number: int) -> str:
        cursor = base64.urlsafe_b64encode(f"{direction}:{number}".encode()).decode()
        return f"{self._list_url}?{urlencode({**filters, 'cursor': cursor})}"


async def _bounded_body(request: Request) -> bytes:
    if int(request.headers.get("content-length") or 0) <= BODY_BYTES_MAX:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                break
        else:
            return bytes(body)
    raise Problem(413, f"The request body has more than {BODY_BYTES_MAX} bytes")


def _time(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_input([InvalidField("format", "created_after", "Does not match format 'date-time'")]) from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _cursor(text: str | None) -> tuple[str, int]:
    """(`older` or `newer`, number) of a cursor we gave out; without one, everything older than the end of time."""
    if text is None:
        return "older", 1 << 62
    try:
        direction, _, number = base64.urlsafe_b64decode(text).decode().partition(":")
        return direction, int(number)
    except (binascii.Error, ValueError):
        raise invalid_input([InvalidField("format", "cursor", "Invalid cursor")]) from None
