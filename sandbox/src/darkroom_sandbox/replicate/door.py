"""What every call to the simulated Replicate passes: the call record, the key, the rate limit."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from darkroom_sandbox.arrival import arrived_at
from darkroom_sandbox.call_log import Call, CallLog
from darkroom_sandbox.replicate.limits import RollingLimits
from darkroom_sandbox.replicate.options import CurrentOptions
from darkroom_sandbox.replicate.problems import Problem, unauthenticated

VENDOR = "replicate"
ACCOUNT_CHARACTERS = 4

Handler = Callable[[Request, Call], Awaitable[Response]]


class Door:
    """Turns handlers into endpoints."""

    def __init__(self, *, log: CallLog, options: CurrentOptions, limits: RollingLimits) -> None:
        self._log = log
        self._options = options
        self._limits = limits

    def endpoint(self, kind: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint whose calls are recorded as `kind`, from an account with places left in its minute."""

        async def serve(request: Request) -> Response:
            at = arrived_at(request.scope)
            key = _key(request.headers.get("authorization"))
            call = self._log.add(at=at, vendor=VENDOR, kind=kind, account=(key or "")[-ACCOUNT_CHARACTERS:])
            try:
                if key is None:
                    raise unauthenticated()
                options = self._options.now
                if kind == "create":
                    self._limits.check_credit(call.account, options.credit, at=at)
                headers = self._limits.take(
                    call.account, creation=kind == "create", at=at, creations_per_minute=options.creations_per_minute
                )
                response = await handler(request, call)
                response.headers.update(headers)
            except Problem as problem:
                response = problem.response()
            call.status = response.status_code
            return response

        return serve


def _key(authorization: str | None) -> str | None:
    """The key of `Bearer …` (or the older `Token …`), None when it is missing or begins with `invalid`."""
    scheme, _, key = (authorization or "").partition(" ")
    key = key.strip()
    if scheme.lower() not in ("bearer", "token") or not key or key.startswith("invalid"):
        return None
    return key
