"""What credits counts for Prometheus, beside the kit's own."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class CreditsMetrics:
    """Decisions, settled credits and grants of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.decisions = Counter("darkroom_credits_decisions", "Jobs decided on", ["outcome"], registry=registry)
        self.settled = Counter("darkroom_credits_settled", "Credits settled", ["charge"], registry=registry)
        self.granted = Counter("darkroom_credits_granted", "Credits granted", ["kind"], registry=registry)
        self.ignored = Counter("darkroom_credits_events_ignored", "Events that changed nothing", ["reason"], registry=registry)
        self.reservations_open = Gauge("darkroom_credits_reservations_open", "Jobs that hold credits", registry=registry)
        self.reservations_overdue = Gauge(
            "darkroom_credits_reservations_overdue", "Jobs that hold credits although they should have ended", registry=registry
        )
        self.webhooks = Counter(
            "darkroom_credits_stripe_webhooks", "Events of Stripe, by what came of them", ["outcome"], registry=registry
        )
        self.reconciled = Counter("darkroom_credits_stripe_reconciled", "Sessions asked after", ["outcome"], registry=registry)
        self.ledger_editable = Gauge(
            "darkroom_credits_ledger_editable", "Tables of the ledger that the service's own role could edit", registry=registry
        )
