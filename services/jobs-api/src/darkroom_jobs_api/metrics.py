"""What jobs-api reports to Prometheus. Labels are bounded: our products, never a tenant."""

from prometheus_client import CollectorRegistry, Counter


class JobsApiMetrics:
    """One per process, on its registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.not_released = Counter(
            "darkroom_jobs_not_released",
            "Times that a job was set aside because its items could not be asked for",
            ["product"],
            registry=registry,
        )
