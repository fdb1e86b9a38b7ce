"""The control of the simulated Stripe, and the page of a session: what a customer does, and how webhooks shall misbehave."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Form
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from darkroom_sandbox.stripe.board import Board, Object
from darkroom_sandbox.stripe.disputes import Disputes
from darkroom_sandbox.stripe.errors import StripeError, missing
from darkroom_sandbox.stripe.new_session import shown
from darkroom_sandbox.stripe.options import CurrentStripeOptions, StripeOptions
from darkroom_sandbox.stripe.page import page_of
from darkroom_sandbox.stripe.payments import DECLINED, Payments

PAGE_PATH = "/stripe/pay"
PROBLEM_JSON = "application/problem+json"

Outcome = Literal["paid", "declined", "expired", "delayed"]


class Pay(BaseModel):
    """What the customer does."""

    model_config = ConfigDict(extra="forbid")
    outcome: Outcome = "paid"


class Refund(BaseModel):
    """How much is paid back; all that is left when it is not said."""

    model_config = ConfigDict(extra="forbid")
    amount: int | None = Field(default=None, gt=0, strict=True)
    status: Literal["succeeded", "pending"] = "succeeded"


class RefundEnd(BaseModel):
    """What the bank makes of it, at once or days later."""

    model_config = ConfigDict(extra="forbid")
    outcome: Literal["failed", "succeeded", "canceled"] = "failed"


class Dispute(BaseModel):
    """How much is disputed, all when it is not said; an inquiry takes no money."""

    model_config = ConfigDict(extra="forbid")
    amount: int | None = Field(default=None, gt=0, strict=True)
    inquiry: bool = False


class DisputeEnd(BaseModel):
    """How the bank decides."""

    model_config = ConfigDict(extra="forbid")
    outcome: Literal["lost", "won", "warning_closed"] = "lost"


def build_stripe_control(*, board: Board, payments: Payments, disputes: Disputes, options: CurrentStripeOptions) -> APIRouter:
    """The control under `/sandbox/stripe`, and the page under `PAGE_PATH`."""
    router = APIRouter(tags=["stripe"])

    @router.get("/sandbox/stripe")
    async def show() -> StripeOptions:
        """The options in force."""
        return options.now

    @router.put("/sandbox/stripe", response_model=StripeOptions)
    async def change(changes: Annotated[dict[str, Any], Body()]) -> Any:  # Any: the options or a problem
        """Changes what is named, keeps the rest."""
        try:
            return options.change(changes)
        except ValidationError as error:
            errors = [{"field": ".".join(map(str, one["loc"])) or "body", "detail": one["msg"]} for one in error.errors()]
            return JSONResponse({"title": "Invalid options", "status": 422, "errors": errors}, 422, media_type=PROBLEM_JSON)

    @router.post("/sandbox/stripe/sessions/{session_id}/pay")
    async def pay(session_id: str, body: Pay | None = None) -> Response:
        """The customer pays, is declined, lets it expire, or pays by a method that takes its time (`delayed`)."""
        outcome = (body or Pay()).outcome
        return _told(board, session_id, lambda account: payments.customer_does(account, session_id, outcome))

    @router.post("/sandbox/stripe/payments/{payment_intent}/refund")
    async def refund(payment_intent: str, body: Refund | None = None) -> Response:
        """The merchant pays back, all or a part; `pending` until the bank has it."""
        wanted = body or Refund()
        return _told(
            board,
            payment_intent,
            lambda account: payments.refund(account, payment_intent, wanted.amount, status=wanted.status),
        )

    @router.post("/sandbox/stripe/refunds/{refund_id}/end")
    async def end_refund(refund_id: str, body: RefundEnd | None = None) -> Response:
        """A refund fails at the bank, also after it has succeeded; or succeeds, or is canceled."""
        outcome = (body or RefundEnd()).outcome
        return _told(board, refund_id, lambda account: payments.end_refund(account, refund_id, outcome))

    add_disputes(router, board, disputes)

    @router.get(f"{PAGE_PATH}/{{session_id}}", response_class=HTMLResponse, include_in_schema=False)
    async def page(session_id: str) -> Response:
        account = board.owner(session_id)
        if account is None:
            return HTMLResponse("<p>There is no such checkout.</p>", 404)
        return HTMLResponse(page_of(payments.session(account, session_id)))

    @router.post(f"{PAGE_PATH}/{{session_id}}", response_class=HTMLResponse, include_in_schema=False)
    async def press(session_id: str, outcome: Annotated[Outcome, Form()]) -> Response:
        account = board.owner(session_id)
        if account is None:
            return HTMLResponse("<p>There is no such checkout.</p>", 404)
        try:
            found = payments.customer_does(account, session_id, outcome)
        except StripeError as error:
            return HTMLResponse(page_of(payments.session(account, session_id), said=str(error)), 409)
        if outcome == DECLINED:
            return HTMLResponse(page_of(found, said="Your card was declined."))
        back = found["cancel_url"] if found["status"] == "expired" else found["success_url"]
        target = (back or found["success_url"]).replace("{CHECKOUT_SESSION_ID}", session_id)
        return RedirectResponse(target, status_code=303)

    return router


def _told(board: Board, object_id: str, act: Callable[[str], Object]) -> Response:
    try:
        account = board.owner(object_id)
        if account is None:
            raise missing("object", object_id)
        return JSONResponse(shown(act(account)))
    except StripeError as error:
        return error.response()


def add_disputes(router: APIRouter, board: Board, disputes: Disputes) -> None:
    """What the customer's bank does."""

    @router.post("/sandbox/stripe/payments/{payment_intent}/dispute")
    async def dispute(payment_intent: str, body: Dispute | None = None) -> Response:
        """The customer's bank disputes the payment, or a part of it, or only asks; it may do so several times."""
        wanted = body or Dispute()
        return _told(
            board,
            payment_intent,
            lambda account: disputes.open(account, payment_intent, wanted.amount, inquiry=wanted.inquiry),
        )

    @router.post("/sandbox/stripe/payments/{payment_intent}/dispute/close")
    async def close_newest(payment_intent: str, body: DisputeEnd | None = None) -> Response:
        """The bank decides on the newest dispute: the merchant has lost (the money stays with the customer) or won."""
        outcome = (body or DisputeEnd()).outcome
        return _told(board, payment_intent, lambda account: disputes.close_newest(account, payment_intent, outcome))

    @router.post("/sandbox/stripe/disputes/{dispute_id}/close")
    async def close_dispute(dispute_id: str, body: DisputeEnd | None = None) -> Response:
        """The bank decides on one dispute."""
        outcome = (body or DisputeEnd()).outcome
        return _told(board, dispute_id, lambda account: disputes.close(account, dispute_id, outcome))

    @router.post("/sandbox/stripe/disputes/{dispute_id}/reinstate")
    async def reinstate(dispute_id: str) -> Response:
        """The money of a dispute that was lost comes back after all."""
        return _told(board, dispute_id, lambda account: disputes.reinstate(account, dispute_id))
