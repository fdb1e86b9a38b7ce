"""The life of a payment: a Checkout Session that is paid, declined or expires; its payment intent, charge, refunds.

`expires_at` is looked at whenever a session is: one that is past it has expired.
"""

from typing import Any

from darkroom_sandbox.stripe.board import Board, Object, new_id, now
from darkroom_sandbox.stripe.errors import StripeError, missing, wrong
from darkroom_sandbox.stripe.events import Events
from darkroom_sandbox.stripe.options import CurrentStripeOptions
from darkroom_sandbox.stripe.versions import PRESENTED

PAID, DECLINED, EXPIRED, DELAYED = "paid", "declined", "expired", "delayed"
NOT_REFUNDED = ("failed", "canceled")
OUTCOMES = (PAID, DECLINED, EXPIRED, DELAYED)


class Payments:
    """What customers and the merchant do with payments."""

    def __init__(self, board: Board, events: Events, options: CurrentStripeOptions) -> None:
        self._options = options
        self._board = board
        self._events = events

    def session(self, account: str, session_id: str) -> Object:
        """A session as it is now. Raises StripeError."""
        found = self._board.get(account, session_id, "checkout.session")
        if found is None:
            raise missing("checkout.session", session_id)
        if found["status"] == "open" and found["expires_at"] <= now():
            self._end_session(account, found)
        return found

    def expire(self, account: str, session_id: str) -> Object:
        """Close an open session."""
        found = self.session(account, session_id)
        if found["status"] != "open":
            message = f"Only Checkout Sessions that are open can be expired. This Session has a status of {found['status']}."
            raise StripeError(400, message)
        self._end_session(account, found)
        return found

    def customer_does(self, account: str, session_id: str, outcome: str) -> Object:
        """What happens at the session's page; a delayed payment is paid or declined later. Raises StripeError."""
        found = self.session(account, session_id)
        pending = found["status"] == "complete" and found["payment_status"] == "unpaid"
        if outcome == EXPIRED:
            return self.expire(account, session_id)
        if found["status"] != "open" and not (pending and outcome in (PAID, DECLINED)):
            raise StripeError(400, f"This Checkout Session is {found['status']} already.", code="checkout_session_ended")
        intent = self._intent(account, found)
        if outcome == PAID:
            self._charge(account, intent)
            kind = "checkout.session.async_payment_succeeded" if pending else "checkout.session.completed"
            self._complete(account, found, kind, payment_status="paid")
        elif outcome == DELAYED:
            intent["status"] = "processing"
            self._complete(account, found, "checkout.session.completed", payment_status="unpaid")
        else:
            self._decline(account, intent)
            if pending:
                self._events.tell(account, "checkout.session.async_payment_failed", found)
        return found

    def refund(
        self, account: str, payment_intent: str, amount: int | None, *, reason: str | None = None, status: str = "succeeded"
    ) -> Object:
        """Pay back all or a part. Raises StripeError."""
        intent = self._board.get(account, payment_intent, "payment_intent")
        if intent is None:
            raise missing("payment_intent", payment_intent)
        charge = self._board.get(account, intent["latest_charge"] or "", "charge")
        if charge is None or intent["status"] != "succeeded":
            raise wrong("payment_intent", "This PaymentIntent does not have a successful charge to refund.")
        rest = charge["amount"] - charge["amount_refunded"]
        if rest == 0:
            raise StripeError(400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
        wanted = rest if amount is None else amount
        if not 0 < wanted <= rest:
            raise wrong("amount", f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({rest}).")
        before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
        charge["amount_refunded"] += wanted
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        refund = self._board.add(account, _refund(charge, wanted, reason, status))
        self._events.tell(account, "refund.created", refund)
        self._events.tell(account, "charge.refunded", charge, previous=before)
        return refund

    def end_refund(self, account: str, refund_id: str, outcome: str) -> Object:
        """The bank takes a refund, or sends it back days later (`failed`); the merchant may cancel it. Raises StripeError."""
        refund = self._board.get(account, refund_id, "refund")
        if refund is None:
            raise missing("refund", refund_id)
        if refund["status"] in NOT_REFUNDED or outcome == refund["status"]:
            raise StripeError(400, f"This refund is {refund['status']} already.")
        before = {"status": refund["status"]}
        refund["status"] = outcome
        if outcome in NOT_REFUNDED:
            charge = self._board.get(account, refund["charge"], "charge")
            assert charge is not None, "a refund has its charge"
            charge["amount_refunded"] -= refund["amount"]
            charge["refunded"] = False
        self._events.tell(account, "refund.updated", refund, previous=before)
        self._events.tell(account, "charge.refund.updated", refund, previous=before)
        if outcome == "failed":
            refund["failure_reason"] = "lost_or_stolen_card"
            self._events.tell(account, "refund.failed", refund)
        return refund

    def _end_session(self, account: str, found: Object) -> None:
        found.update(status="expired", url=None)
        self._events.tell(account, "checkout.session.expired", found)

    def _complete(self, account: str, found: Object, kind: str, *, payment_status: str) -> None:
        email = found["customer_email"] or "customer@example.com"
        details: Object = {
            "email": email,
            "name": "Sandbox Customer",
            "phone": None,
            "address": None,
            "tax_exempt": "none",
            "tax_ids": [],
        }
        found.update(status="complete", payment_status=payment_status, url=None, customer_details=details)
        self._events.tell(account, kind, found)

    def _intent(self, account: str, found: Object) -> Object:
        """The session's payment intent, made when it is needed first."""
        known = self._board.get(account, found["payment_intent"] or "", "payment_intent")
        if known is not None:
            return known
        intent = {
            "id": new_id("pi"),
            "object": "payment_intent",
            "amount": found["amount_total"],
            "amount_received": 0,
            "created": now(),
            "currency": found["currency"],
            "customer": found["customer"],
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": found["_intent_metadata"],
            "status": "requires_payment_method",
        }
        adaptive = self._options.now.adaptive_pricing
        if adaptive.currency not in (None, found["currency"]):
            intent[PRESENTED] = found[PRESENTED] = adaptive.model_dump()
        found["payment_intent"] = intent["id"]
        return self._board.add(account, intent)

    def _charge(self, account: str, intent: Object) -> None:
        charge: dict[str, Any] = {
            "id": new_id("ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"],
            "amount_refunded": 0,
            "captured": True,
            "created": now(),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "disputed": False,
            "livemode": False,
            "metadata": intent["metadata"],
            "paid": True,
            "payment_intent": intent["id"],
            "refunded": False,
            "status": "succeeded",
            PRESENTED: intent.get(PRESENTED),
        }
        self._board.add(account, charge)
        intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"], last_payment_error=None)
        self._events.tell(account, "charge.succeeded", charge)
        self._events.tell(account, "payment_intent.succeeded", intent)

    def _decline(self, account: str, intent: Object) -> None:
        error = {
            "code": "card_declined",
            "decline_code": "generic_decline",
            "message": "Your card was declined.",
            "type": "card_error",
        }
        intent.update(status="requires_payment_method", last_payment_error=error)
        self._events.tell(account, "payment_intent.payment_failed", intent)


def _refund(charge: Object, amount: int, reason: str | None, status: str) -> Object:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": status,
        PRESENTED: charge.get(PRESENTED),
    }
