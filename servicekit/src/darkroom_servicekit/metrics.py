"""The Prometheus metrics of every service. Labels are bounded: never a tenant, a job or an address."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class KitMetrics:
    """What outbox, consumer and HTTP report. One per process, on its own registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.published = Counter("darkroom_events_published", "Events sent to Kafka", ["topic"], registry=registry)
        self.publish_delay = Histogram(
            "darkroom_outbox_delay_seconds",
            "From the outbox row's write to Kafka's acknowledgement",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.outbox_waiting = Gauge("darkroom_outbox_waiting", "Outbox rows not yet relayed", registry=registry)
        self.outbox_oldest = Gauge(
            "darkroom_outbox_oldest_seconds", "Age of the oldest outbox row not yet relayed", registry=registry
        )
        self.outbox_set_aside = Gauge(
            "darkroom_outbox_set_aside", "Outbox rows that Kafka refuses, set aside for an operator", registry=registry
        )
        self.consumed = Counter("darkroom_events_consumed", "Events taken from Kafka", ["type", "outcome"], registry=registry)
        self.batch_seconds = Histogram(
            "darkroom_consumer_batch_seconds",
            "Handling of one batch, commit included",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.lag = Gauge("darkroom_consumer_lag", "Messages not yet handled", ["topic"], registry=registry)
        self.dead_letters = Counter("darkroom_dead_letters", "Messages given up on", ["reason"], registry=registry)
        self.unknown = Counter(
            "darkroom_events_unknown",
            "Messages of an unknown type, passed over",
            ["topic"],
            registry=registry,
        )
        self.http_seconds = Histogram(
            "darkroom_http_request_seconds",
            "HTTP requests by route",
            ["method", "route", "status"],
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.loop_restarts = Counter(
            "darkroom_loop_restarts", "Background loops started again after an error", ["loop"], registry=registry
        )
