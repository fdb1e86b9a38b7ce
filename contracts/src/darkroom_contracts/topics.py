"""The Kafka topics as data: who writes them, how many partitions, how long they are kept.

One writer per topic. The log is the audit trail, so event topics keep everything unless an archive makes that needless.
"""

from dataclasses import dataclass
from typing import Literal

KEEP_FOREVER = -1
EVENT_PARTITIONS = 12
MESSAGE_BYTES_MAX = 1_048_576

PLATFORM_KEY = "_platform"
"""The Kafka key of what belongs to no tenant."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic as `darkroom topics apply` makes it."""

    name: str
    writer: str
    purpose: str
    partitions: int = EVENT_PARTITIONS
    retention_ms: int = KEEP_FOREVER
    cleanup_policy: Literal["delete", "compact"] = "delete"
    max_message_bytes: int = MESSAGE_BYTES_MAX
    key: str = "instance_id"
    segment_bytes: int | None = None
    """A compacted topic is compacted in segments that are full: small ones keep what a reader must read at its start small."""


def dead_letter_topic(service: str) -> str:
    """The topic to which `service` sends the messages that it cannot handle."""
    return f"darkroom.{service}.dead-letters"


def _dead_letters(service: str) -> Topic:
    purpose = f"messages that {service} could not handle, with the reason"
    return Topic(name=dead_letter_topic(service), writer=service, purpose=purpose, partitions=1)


EVENT_TOPICS: tuple[Topic, ...] = (
    Topic(name="darkroom.jobs", writer="jobs-api", purpose="what was asked for, and how it ended"),
    Topic(name="darkroom.credits", writer="credits", purpose="every change of every balance"),
    Topic(name="darkroom.predictions", writer="predictor", purpose="an item's turn and its attempts"),
    Topic(name="darkroom.items", writer="poller", purpose="how a prediction at the provider ended"),
    Topic(name="darkroom.notifications", writer="notifier", purpose="how a message to a person ended"),
)

STATE_TOPICS: tuple[Topic, ...] = (
    Topic(
        name="darkroom.queue",
        writer="predictor",
        purpose="how the fair queue stands, the last measurement of each tenant alone; no part of the audit trail",
        partitions=1,
        cleanup_policy="compact",
        segment_bytes=4_194_304,
    ),
)
"""What only the last message of each key counts on. Nothing is rebuilt from them."""

CONTROL_TOPICS: tuple[Topic, ...] = (
    Topic(
        name="darkroom.redrives",
        writer="predictor",
        purpose="which dead messages their services are to handle again or to delete, in their own tables",
        partitions=1,
    ),
)
"""What one service asks of others. Nothing is rebuilt from them."""

SERVICES: tuple[str, ...] = ("jobs-api", "credits", "predictor", "poller", "notifier")

TOPICS: tuple[Topic, ...] = (
    *EVENT_TOPICS,
    *STATE_TOPICS,
    *CONTROL_TOPICS,
    *(_dead_letters(service) for service in SERVICES),
)
