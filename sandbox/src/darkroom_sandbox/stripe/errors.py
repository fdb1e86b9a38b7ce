"""Stripe's error answers (external API facts, Stripe 3.6): `{"error": {type, code, message, param}}`."""

import json

from starlette.responses import Response


class StripeError(Exception):
    """An error answer on its way to the client. `stored` tells whether an Idempotency-Key remembers it."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        optional = {"code": code, "param": param}
        self.body = {"error": {"message": message, "type": kind} | {name: one for name, one in optional.items() if one}}

    def response(self) -> Response:
        """The answer as HTTP."""
        return Response(json.dumps(self.body), self.status, media_type="application/json")


def missing(kind: str, object_id: str) -> StripeError:
    """404; what belongs to another account is missing too."""
    return StripeError(404, f"No such {kind}: '{object_id}'", code="resource_missing", param="id")


def required(param: str) -> StripeError:
    """400 for a parameter that must be there."""
    return StripeError(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def wrong(param: str, message: str, *, code: str | None = None) -> StripeError:
    """400 for a parameter that breaks a rule."""
    return StripeError(400, message, code=code, param=param)


def unknown(param: str) -> StripeError:
    """400 for a parameter that Stripe does not know."""
    return StripeError(400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param)
