"""HTTP endpoints of predictions: create, get, list, cancel."""

import asyncio
import base64
import binascii
import json
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from darkroom_sandbox.call_log import Call
from darkroom_sandbox.replicate import faults
from darkroom_sandbox.replicate.board import Board
from darkroom_sandbox.replicate.create_request import WAIT_MAX_SECONDS, read_create_request, wait_seconds
from darkroom_sandbox.replicate.lifecycle import Predictions
from darkroom_sandbox.replicate.options import CurrentOptions
from darkroom_sandbox.replicate.prediction import Prediction
from darkroom_sandbox.replicate.problems import InvalidField, Problem, invalid_input, not_found, server_error
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
        prediction, options = self._own(request, call), self._options.now
        fresh = time.time() - prediction.created_at < options.look_up_404_seconds
        if fresh and options.look_up_404_rate and random.random() < options.look_up_404_rate:
            raise not_found()
        return Response(self._predictions.to_json(prediction), media_type=_JSON)

    async def cancel(self, request: Request, call: Call) -> Response:
        """POST /v1/predictions/{id}/cancel; 200 with the unchanged object when it has ended."""
        prediction = self._own(request, call)
        self._predictions.cancel(prediction)
        return Response(self._predictions.to_json(prediction), media_type=_JSON)

    async def list_page(self, request: Request, call: Call) -> Response:
        """GET /v1/predictions: newest first; the cursor names a place in the order of creation."""
        query, options = request.query_params, self._options.now
        cursor = _Cursor.read(query.get("cursor"))
        if cursor.page == options.list_fail_page:
            raise server_error(500)
        matching = self._matching(query, call.account)
        if cursor.direction == "newer":
            start = max(0, sum(prediction.number > cursor.number for prediction in matching) - PAGE)
        else:
            start = sum(prediction.number >= cursor.number for prediction in matching)
        page = matching[start : start + PAGE]
        filters = {name: query[name] for name in ("created_after", "created_before", "source") if name in query}
        following = preceding = None
        if start + PAGE < len(matching):
            following = self._page_url(filters, _Cursor("older", page[-1].number, cursor.page + 1))
        if start > 0 and page:
            preceding = self._page_url(filters, _Cursor("newer", page[0].number, cursor.page - 1))
        shown = [self._predictions.to_json(one, webhook_shown=options.list_echoes_webhook) for one in page]
        head = json.dumps({"next": following, "previous": preceding}, separators=(",", ":")).encode()
        return Response(head[:-1] + b',"results":[' + b",".join(shown) + b"]}", media_type=_JSON)

    def _matching(self, query: QueryParams, account: str) -> list[Prediction]:
        """The account's predictions that are old enough to be listed and pass the filters, newest first."""
        after, before = _time("created_after", query), _time("created_before", query)
        listed_until = time.time() - self._options.now.list_lag_seconds
        return [
            prediction
            for prediction in self._board.newest_first(account)
            if (after is None or prediction.created_at >= after)
            and (before is None or prediction.created_at < before)
            and prediction.created_at <= listed_until
            and query.get("source") != "web"
        ]

    async def _create(self, request: Request, call: Call, *, model_ref: str | None) -> Response:
        body = await _bounded_body(request)
        headers, options = request.headers, self._options.now
        asked = read_create_request(
            body,
            model_ref=model_ref,
            cancel_after=headers.get("cancel-after"),
            reject_unknown_input=options.reject_unknown_input,
        )
        seconds = self._options.next_create_seconds()
        if seconds > 0:
            await asyncio.sleep(seconds)
        prediction = self._predictions.create(asked, account=call.account, record=call)
        status = faults.drawn_status(options.create_status_rate)
        if status is not None:
            call.lost = True
            raise server_error(status)
        if options.lost_answer_rate and random.random() < options.lost_answer_rate:
            call.lost = True
            return NoAnswer(status_code=201)
        answer_headers = {"location": f"{self._list_url}/{prediction.id}"}
        wait = wait_seconds(headers.get("prefer"))
        if wait is not None:
            answer_headers["preference-applied"] = headers["prefer"].strip()
        if wait is not None or options.answers_at_once:
            await self._predictions.wait_for_end(prediction, wait or WAIT_MAX_SECONDS)
        return Response(self._predictions.to_json(prediction), 201, answer_headers, _JSON)

    def _own(self, request: Request, call: Call) -> Prediction:
        """The prediction of the path, if it is the caller's; the call record learns its id."""
        call.id = request.path_params["id"]
        prediction = self._board.get(call.id)
        if prediction is None or prediction.account != call.account:
            raise not_found()
        return prediction

    def _page_url(self, filters: dict[str, str], cursor: "_Cursor") -> str:
        return f"{self._list_url}?{urlencode({**filters, 'cursor': cursor.text()})}"


@dataclass(frozen=True, slots=True)
class _Cursor:
    """A place in a list: what is older or newer than the prediction of this number, and which page that is."""

    direction: str
    number: int
    page: int

    @classmethod
    def read(cls, text: str | None) -> "_Cursor":
        """A cursor we gave out; without one, everything older than the end of time."""
        if text is None:
            return cls("older", 1 << 62, 1)
        try:
            direction, number, page = base64.urlsafe_b64decode(text).decode().split(":")
            return cls(direction, int(number), int(page))
        except (binascii.Error, ValueError):
            raise invalid_input([InvalidField("format", "cursor", "Invalid cursor")]) from None

    def text(self) -> str:
        """As it stands in an address."""
        return base64.urlsafe_b64encode(f"{self.direction}:{self.number}:{self.page}".encode()).decode()


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


def _time(name: str, query: QueryParams) -> float | None:
    """The time in a query, by RFC 3339; a `+` that was not escaped has arrived as a space."""
    text = query.get(name)
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise invalid_input([InvalidField("format", name, "Does not match format 'date-time'")]) from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
