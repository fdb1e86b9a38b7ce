"""What credits counts for Prometheus, beside the kit's own. Credits are counted by the events of committed transactions,
so none is missed, whoever moved it: a job, a person, Stripe or time.
"""

from collections.abc import Sequence

from darkroom_contracts.credits import (
    CreditsAdjusted,
    CreditsExpired,
    CreditsGranted,
    CreditsReimbursed,
    CreditsRejected,
    CreditsReserved,
    CreditsRestored,
    CreditsSettled,
    CreditsTakenBack,
)
from darkroom_contracts.event import Event
from prometheus_client import CollectorRegistry, Counter, Gauge

ADDED, TAKEN, LOST = "added", "taken", "lost"


class CreditsMetrics:
    """Decisions, and credits moved, of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.decisions = Counter("darkroom_credits_decisions", "Jobs decided on", ["outcome"], registry=registry)
        self.settled = Counter("darkroom_credits_settled", "Credits settled", ["charge"], registry=registry)
        self.granted = Counter("darkroom_credits_granted", "Credits granted", ["kind"], registry=registry)
        self.expired = Counter("darkroom_credits_expired", "Credits that reached their end unspent", registry=registry)
        self.taken_back = Counter("darkroom_credits_taken_back", "Credits taken back for refunded payments", registry=registry)
        self.restored = Counter("darkroom_credits_restored", "Credits given back when a refund failed", registry=registry)
        self.adjusted = Counter("darkroom_credits_adjusted", "Credits adjusted by operators", ["how"], registry=registry)
        self.reimbursed = Counter("darkroom_credits_reimbursed", "Spent credits given back by operators", registry=registry)
        self.ignored = Counter("darkroom_credits_events_ignored", "Events that changed nothing", ["reason"], registry=registry)
        self.reservations_open = Gauge("darkroom_credits_reservations_open", "Jobs that hold credits", registry=registry)
        self.reservations_overdue = Gauge(
            "darkroom_credits_reservations_overdue", "Jobs that hold credits although they should have ended", registry=registry
        )
        self.reservations_undecided = Gauge(
            "darkroom_credits_reservations_undecided",
            "Jobs without news that hold credits, and whose end the log does not tell",
            registry=registry,
        )
        self.swept = Counter(
            "darkroom_credits_reservations_swept", "Reservations looked up in the log of jobs", ["outcome"], registry=registry
        )
        self.webhooks = Counter(
            "darkroom_credits_stripe_webhooks", "Events of Stripe, by what came of them", ["outcome"], registry=registry
        )
        self.reconciled = Counter("darkroom_credits_stripe_reconciled", "Sessions asked after", ["outcome"], registry=registry)
        self.listed = Counter(
            "darkroom_credits_stripe_events_listed",
            "Events found by asking Stripe, by what came of them",
            ["outcome"],
            registry=registry,
        )
        self.close_differences = Gauge(
            "darkroom_credits_close_differences", "Figures that did not agree at the newest close", ["check"], registry=registry
        )
        self.closed_at = Gauge(
            "darkroom_credits_closed_timestamp_seconds", "When a day was closed last, in Unix seconds", registry=registry
        )
        self.ledger_editable = Gauge(
            "darkroom_credits_ledger_editable", "Tables of the ledger that the service's own role could edit", registry=registry
        )

    def count(self, events: Sequence[Event]) -> None:
        """Count what a committed transaction has published."""
        for event in events:
            match event:
                case CreditsReserved():
                    self.decisions.labels("reserved").inc()
                case CreditsRejected():
                    self.decisions.labels("rejected").inc()
                case CreditsSettled():
                    self.settled.labels("spend").inc(event.spent)
                    self.settled.labels("release").inc(event.released)
                case CreditsGranted():
                    self.granted.labels(event.kind).inc(event.amount)
                case CreditsExpired():
                    self.expired.inc(event.amount)
                case CreditsTakenBack():
                    self.taken_back.inc(event.amount)
                case CreditsRestored():
                    self.restored.inc(event.amount)
                case CreditsAdjusted():
                    self.adjusted.labels(ADDED if event.amount > 0 else TAKEN).inc(abs(event.amount) - event.lost)
                    self.adjusted.labels(LOST).inc(event.lost)
                case CreditsReimbursed():
                    self.reimbursed.inc(event.amount)
