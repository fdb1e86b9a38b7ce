"""The HTTP doors of payments: a tenant starts a checkout, Stripe tells what came of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

import structlog
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.idempotency_key import IdempotencyKey
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import PrincipalOf
from darkroom_servicekit.problems import Problem, invalid
from darkroom_servicekit.request_body import read_body, read_bytes
from fastapi import APIRouter, Depends, Header, Request
from pydantic import Field

from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.payments.prices import CreditsOutOfBounds
from darkroom_credits.payments.signature import BadSignature, check_signature
from darkroom_credits.payments.start_checkout import AnotherPurchaseHasThisKey, StartCheckout
from darkroom_credits.payments.stripe_client import StripeRefused, StripeUnavailable
from darkroom_credits.payments.take_webhook import NotAnEvent, TakeWebhook

CREDITS_MAX = 10**12
RETRY_SECONDS = "30"

log = structlog.get_logger()


class CheckoutRequest(StrictBody):
    """How many credits are wanted."""

    credits: int = Field(gt=0, le=CREDITS_MAX, strict=True)


class CheckoutBody(Body):
    """Where they can be paid."""

    session_id: str
    url: str | None


class TakenBody(Body):
    """What came of an event."""

    received: bool = True
    outcome: str


def build_payment_routes(checkout: StartCheckout | None, principal_of: PrincipalOf) -> APIRouter:
    """The tenant's door; without a checkout (no key of Stripe) it says so."""
    router = APIRouter(prefix="/api/credits", tags=["payments"])
    signed_in = Depends(principal_of)

    @router.post("/checkout", status_code=201, openapi_extra=json_body(CheckoutRequest))
    async def start_checkout(
        request: Request, principal: Principal = signed_in, idempotency_key: IdempotencyKey = None
    ) -> CheckoutBody:
        """Buy credits by card: answers the page to pay at. The same `Idempotency-Key` answers the same page."""
        body = await read_body(request, CheckoutRequest)
        if checkout is None:
            raise _closed("This platform does not sell credits by card: no key of Stripe is set.")
        try:
            offered = await checkout.start(principal.instance_id, body.credits, created_by=principal.subject, key=idempotency_key)
        except CreditsOutOfBounds as error:
            raise invalid("credits", f"must be between {error.credits_min:,} and {error.credits_max:,}") from error
        except AnotherPurchaseHasThisKey as error:
            detail = "This Idempotency-Key was used for another number of credits."
            raise Problem(422, "Key used before", detail, kind="/problems/idempotency-conflict") from error
        except StripeUnavailable as error:
            log.warning("checkout without stripe", error=str(error))
            raise _closed("Payments by card cannot be started just now; nothing was charged.") from error
        except StripeRefused as error:
            log.error("stripe refused a checkout", error=str(error))
            detail = "The payment provider refused to start this payment; nothing was charged."
            raise Problem(502, "Payment not started", detail, kind="/problems/payment-provider") from error
        return CheckoutBody(session_id=offered.session_id, url=offered.url)

    return router


def build_webhook_routes(
    webhook: TakeWebhook, metrics: CreditsMetrics, *, secrets: Sequence[str], clock: Callable[[], datetime]
) -> APIRouter:
    """Stripe's door; what is not signed with one of the secrets is refused, counted and forgotten."""
    router = APIRouter(prefix="/webhooks", tags=["payments"])

    @router.post("/stripe")
    async def stripe(request: Request, stripe_signature: Annotated[str | None, Header()] = None) -> TakenBody:
        """An event of Stripe."""
        if not secrets:
            raise _closed("No signing secret of Stripe is set, so no event can be believed.")
        body = await read_bytes(request)
        try:
            check_signature(body, stripe_signature, secrets=secrets, now=clock())
            outcome = await webhook.take(body)
        except (BadSignature, NotAnEvent) as error:
            reason = error.reason if isinstance(error, BadSignature) else "no-event"
            metrics.webhooks.labels(f"refused-{reason}").inc()
            log.warning("stripe webhook refused", reason=reason, body_bytes=len(body))
            raise Problem(400, "Webhook refused", f"This is no event of ours: {reason}.", kind="/problems/webhook") from error
        return TakenBody(outcome=outcome)

    return router


def _closed(detail: str) -> Problem:
    return Problem(503, "Payments are closed", detail, kind="/problems/payments-closed", headers={"Retry-After": RETRY_SECONDS})
