"""What every call to the simulated SendGrid and Twilio passes: the call record, the key, the rate limit, the faults."""

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from darkroom_sandbox.arrival import arrived_at
from darkroom_sandbox.call_log import Call, CallLog
from darkroom_sandbox.messages.options import VendorOptions
from darkroom_sandbox.server import NoAnswer

ACCOUNT_CHARACTERS = 4
WINDOW_SECONDS = 60.0
SEND = "send"


class VendorError(Exception):
    """An error answer on its way to the client."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class Vendor(Protocol):
    """The shapes in which a vendor refuses."""

    name: str

    def key_of(self, request: Request) -> str | None:
        """The key, None when there is none or it begins with `invalid`."""

    def unauthorized(self) -> Response: ...

    def throttled(self, reset_seconds: int) -> Response: ...

    def broken(self) -> Response: ...


Handler = Callable[[Request, Call, str], Awaitable[Response]]
"""Answers a call; the last argument is the key."""


class VendorDoor:
    """Turns handlers into endpoints of one vendor."""

    def __init__(self, vendor: Vendor, log: CallLog, options: Callable[[], VendorOptions]) -> None:
        self._vendor = vendor
        self._log = log
        self._options = options
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)

    def endpoint(self, kind: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint whose calls are recorded as `kind`; faults and limit concern `send` alone."""

        async def serve(request: Request) -> Response:
            key = self._vendor.key_of(request)
            at = arrived_at(request.scope)
            call = self._log.add(at=at, vendor=self._vendor.name, kind=kind, account=(key or "")[-ACCOUNT_CHARACTERS:])
            try:
                if key is None:
                    raise VendorError(self._vendor.unauthorized())
                response = await (self._faulty(request, call, key, handler) if kind == SEND else handler(request, call, key))
            except VendorError as error:
                response = error.response
            call.status = response.status_code
            return response

        return serve

    async def _faulty(self, request: Request, call: Call, key: str, handler: Handler) -> Response:
        options = self._options()
        times = self._times[call.account]
        while times and times[0] <= call.at - WINDOW_SECONDS:
            times.popleft()
        if len(times) >= options.limit_per_minute:
            raise VendorError(self._vendor.throttled(1))
        times.append(call.at)
        await request.body()  # taken before the wait: a caller that dies meanwhile has asked all the same
        await asyncio.sleep(options.seconds)
        if options.fail_rate and random.random() < options.fail_rate:
            raise VendorError(self._vendor.broken())
        response = await handler(request, call, key)
        if options.lost_answer_rate and random.random() < options.lost_answer_rate:
            call.lost = True
            return NoAnswer(status_code=response.status_code)
        return response
