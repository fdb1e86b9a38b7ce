"""What the notifier reports to Prometheus. Labels are bounded."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Measures:
    """One per process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.frames = Counter("darkroom_ws_frames", "Frames made of events", ["event"], registry=registry)
        self.sent = Counter("darkroom_ws_messages_sent", "Frames sent to sockets", registry=registry)
        self.sockets = Gauge("darkroom_ws_sockets", "Sockets open here", registry=registry)
        self.closed = Counter("darkroom_ws_closed", "Sockets that we closed, by code", ["code"], registry=registry)
        self.messages = Counter(
            "darkroom_notifier_messages",
            "Attempts to send an e-mail or SMS, by how they ended",
            ["channel", "outcome"],
            registry=registry,
        )
        self.accounts_paused = Gauge(
            "darkroom_notifier_account_paused",
            "1 while a vendor account is paused after failures and only trials are sent",
            ["account"],
            registry=registry,
        )
        self.deliveries = Counter(
            "darkroom_notifier_deliveries", "Vendors' reports on messages", ["vendor", "status"], registry=registry
        )
