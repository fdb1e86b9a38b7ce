"""The life of a dispute: a bank asks about a payment or takes its money, and decides; several may be about one payment."""

from darkroom_sandbox.stripe.board import Board, Object, new_id, now
from darkroom_sandbox.stripe.errors import StripeError, missing, wrong
from darkroom_sandbox.stripe.events import Events
from darkroom_sandbox.stripe.versions import PRESENTED

OPEN, INQUIRY = "needs_response", "warning_needs_response"
WITHDRAWN, REINSTATED = "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"


class Disputes:
    """What banks do."""

    def __init__(self, board: Board, events: Events) -> None:
        self._board = board
        self._events = events

    def open(self, account: str, payment_intent: str, amount: int | None, *, inquiry: bool) -> Object:
        """The customer's bank wants the money back, all or a part; an inquiry only asks. Raises StripeError."""
        intent = self._board.get(account, payment_intent, "payment_intent")
        if intent is None or intent["latest_charge"] is None:
            raise missing("payment_intent", payment_intent)
        dispute = {
            "id": new_id("du"),
            "object": "dispute",
            "amount": intent["amount"] if amount is None else amount,
            "charge": intent["latest_charge"],
            "created": now(),
            "currency": intent["currency"],
            "livemode": False,
            "metadata": {},
            "payment_intent": payment_intent,
            "reason": "fraudulent",
            "status": INQUIRY if inquiry else OPEN,
            PRESENTED: intent.get(PRESENTED),
        }
        self._events.tell(account, "charge.dispute.created", self._board.add(account, dispute))
        if not inquiry:
            self._events.tell(account, WITHDRAWN, dispute)
        return dispute

    def close(self, account: str, dispute_id: str, outcome: str) -> Object:
        """The bank decides on a dispute: `lost` or `won`; an inquiry is only closed. Raises StripeError."""
        dispute = self._dispute(account, dispute_id)
        if dispute["status"] not in (OPEN, INQUIRY):
            raise StripeError(400, f"This dispute is {dispute['status']} already.")
        if (dispute["status"] == INQUIRY) != (outcome == "warning_closed"):
            raise wrong("outcome", f"A dispute that is {dispute['status']} does not end as {outcome}.")
        dispute["status"] = outcome
        self._events.tell(account, "charge.dispute.closed", dispute)
        if outcome == "won":
            self._events.tell(account, REINSTATED, dispute)
        return dispute

    def close_newest(self, account: str, payment_intent: str, outcome: str) -> Object:
        """The bank decides on the newest dispute of a payment. Raises StripeError."""
        disputes = self._board.newest_first(account, "dispute")
        dispute = next((one for one in disputes if one["payment_intent"] == payment_intent), None)
        if dispute is None:
            raise missing("dispute", payment_intent)
        return self.close(account, dispute["id"], outcome)

    def reinstate(self, account: str, dispute_id: str) -> Object:
        """The money of a dispute that was lost comes back after all. Raises StripeError."""
        dispute = self._dispute(account, dispute_id)
        if dispute["status"] != "lost":
            raise StripeError(400, f"This dispute is {dispute['status']}, so no money is away for good.")
        dispute["status"] = "won"
        self._events.tell(account, REINSTATED, dispute)
        return dispute

    def _dispute(self, account: str, dispute_id: str) -> Object:
        found = self._board.get(account, dispute_id, "dispute")
        if found is None:
            raise missing("dispute", dispute_id)
        return found
