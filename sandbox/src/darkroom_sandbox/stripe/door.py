"""What every call to the simulated Stripe passes: call record, key, form, Idempotency-Key, faults on demand."""

import base64
import binascii
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from darkroom_sandbox.arrival import arrived_at
from darkroom_sandbox.call_log import Call, CallLog
from darkroom_sandbox.server import NoAnswer
from darkroom_sandbox.stripe.board import Object, new_id
from darkroom_sandbox.stripe.errors import StripeError
from darkroom_sandbox.stripe.form import Tree, parse
from darkroom_sandbox.stripe.idempotency import Idempotency
from darkroom_sandbox.stripe.options import API_VERSION, CurrentStripeOptions

VENDOR = "stripe"
ACCOUNT_CHARACTERS = 4
BODY_BYTES_MAX = 1_048_576


@dataclass(frozen=True)
class Asked:
    """A call that was let in: whose it is, its parameters, the ids in its path."""

    account: str
    parameters: Tree
    path: dict[str, str]
    version: str = API_VERSION

    @property
    def id(self) -> str:
        return self.path["id"]


Handler = Callable[[Asked], Object]


class StripeDoor:
    """Turns handlers into endpoints."""

    def __init__(self, *, log: CallLog, options: CurrentStripeOptions, keys: Idempotency) -> None:
        self._log = log
        self._options = options
        self._keys = keys

    def endpoint(self, kind: str, handler: Handler) -> Callable[[Request], object]:
        """An endpoint whose calls are recorded as `kind`."""

        async def serve(request: Request) -> Response:
            key = _key(request.headers.get("authorization"))
            account = (key or "")[-ACCOUNT_CHARACTERS:]
            call = self._log.add(at=arrived_at(request.scope), vendor=VENDOR, kind=kind, account=account)
            call.version = request.headers.get("stripe-version")
            try:
                if key is None:
                    raise StripeError(401, "Invalid API Key provided.")
                response = await self._answer(request, handler, call, account)
            except StripeError as error:
                response = error.response()
            call.status = response.status_code
            response.headers["Request-Id"] = new_id("req")
            return response

        return serve

    async def _answer(self, request: Request, handler: Handler, call: Call, account: str) -> Response:
        raw = (await request.body())[: BODY_BYTES_MAX + 1]
        if len(raw) > BODY_BYTES_MAX:
            raise StripeError(413, "Request too large.")
        parameters = parse(raw.decode(errors="replace") if request.method == "POST" else request.url.query)
        call.input_json = json.dumps(parameters).encode()
        options = self._options.now
        failing = set(request.path_params.values()) & set(options.fail_ids.split(","))
        if failing or (options.fail_rate and random.random() < options.fail_rate):
            raise _fault()
        asked = Asked(account, parameters, dict(request.path_params), call.version or API_VERSION)
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        response = self._once(request, handler, asked, key, raw) if key else _json(handler(asked))
        try:
            call.id = json.loads(bytes(response.body)).get("id")
        except ValueError:
            call.id = None
        if self._options.now.lost_answer_rate and random.random() < self._options.now.lost_answer_rate:
            return NoAnswer()
        return response

    def _once(self, request: Request, handler: Handler, asked: Asked, key: str, raw: bytes) -> Response:
        again = self._keys.begin(asked.account, key, f"{request.method} {request.url.path}\n{raw.decode(errors='replace')}")
        if again is not None:
            return Response(again[1], again[0], {"Idempotent-Replayed": "true"}, "application/json")
        try:
            response = _json(handler(asked))
        except StripeError:
            # Validation failed: nothing began, so the key may be used again.
            self._keys.forget(asked.account, key)
            raise
        if self._options.now.stored_fail_rate and random.random() < self._options.now.stored_fail_rate:
            response = _fault().response()
        self._keys.end(asked.account, key, response.status_code, bytes(response.body))
        return response


def _fault() -> StripeError:
    return StripeError(500, "An error occurred with our connection to the bank.", kind="api_error")


def _json(found: Object) -> Response:
    return Response(json.dumps(found, indent=2), 200, media_type="application/json")


def _key(authorization: str | None) -> str | None:
    """The key of `Bearer …`, or the user of `Basic …`; None when it is missing or begins with `invalid`."""
    scheme, _, key = (authorization or "").partition(" ")
    key = key.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
    elif scheme.lower() != "bearer":
        return None
    return key if key and not key.startswith("invalid") else None
