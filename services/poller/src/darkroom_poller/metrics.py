"""What the poller reports. Labels are bounded."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class PollerMetrics:
    """One per process, on the service's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.webhooks = Counter(
            "darkroom_webhooks",
            "Webhooks by outcome: accepted, progress, repeated, early, forged, unreadable",
            ["provider", "outcome"],
            registry=registry,
        )
        self.polls = Counter(
            "darkroom_polls",
            "Look-ups by outcome: pending, missing, ended, unknown, failed",
            ["provider", "outcome"],
            registry=registry,
        )
        self.overdue = Counter("darkroom_predictions_overdue", "Predictions cancelled for taking too long", registry=registry)
        self.ends = Counter(
            "darkroom_predictions_ended",
            "Predictions ended, by outcome: stored or a failure's code",
            ["outcome"],
            registry=registry,
        )
        self.collect_seconds = Histogram(
            "darkroom_collect_seconds", "From a known output to the stored result", buckets=SECONDS_BUCKETS, registry=registry
        )
        self.collect_retries = Counter(
            "darkroom_collect_retries",
            "Collections put off, by reason: fetch, gone, storage, picture, unexpected",
            ["reason"],
            registry=registry,
        )
        self.storage_away = Gauge(
            "darkroom_storage_away", "1 while results cannot be stored and are left at the provider", registry=registry
        )
        self.soonest_expiry = Gauge(
            "darkroom_outputs_expire_in_seconds",
            "Until the provider deletes the next output that is not stored; infinite while there is none",
            registry=registry,
        )
        self.without_account = Gauge(
            "darkroom_predictions_without_account",
            "Predictions of accounts that have no token here: kept, not asked about",
            ["account"],
            registry=registry,
        )
        self.collecting = Gauge("darkroom_collecting", "Outputs handed to this replica's collectors", registry=registry)
        self.image_workers_killed = Counter(
            "darkroom_image_workers_killed", "Decoding children that ran out of time or died", registry=registry
        )
