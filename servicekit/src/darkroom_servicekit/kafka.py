"""The connection to Kafka, built by FastStream: one producer per process that never loses an acknowledged message.

The consume loop is our own (`consumer.py`): FastStream commits what its handlers raised on, see docs/decisions/0002.
"""

import logging
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError
from faststream.kafka import KafkaBroker

from darkroom_servicekit.health import NotReady

PRODUCER_BATCH_BYTES = 131_072
REQUEST_SECONDS_MAX = 20.0
PING_SECONDS_MAX = 1.5


def build_broker(bootstrap_servers: str, *, client_id: str) -> KafkaBroker:
    """A broker that waits for all in-sync replicas and makes no topics by itself.

    It has one batch of a partition on its way at a time, so order holds. It may send a batch twice, and readers drop repeats.
    """
    return KafkaBroker(
        bootstrap_servers.split(","),
        client_id=client_id,
        acks="all",
        # With idempotence a batch that Kafka refuses leaves a gap in the sequence numbers of its partition, and aiokafka closes
        # none: Kafka then refuses all later batches of the partition as out of order.
        enable_idempotence=False,
        max_batch_size=PRODUCER_BATCH_BYTES,
        request_timeout_ms=int(REQUEST_SECONDS_MAX * 1000),
        allow_auto_create_topics=False,
        apply_types=False,
        logger=logging.getLogger("darkroom.faststream"),
        log_level=logging.DEBUG,
    )


async def ask_kafka(bootstrap_servers: str) -> None:
    """Return when Kafka answers on a connection of its own. Raises KafkaError, TimeoutError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers.split(","))
    try:
        await admin.start()
    finally:
        await admin.close()


async def check_kafka(broker: KafkaBroker) -> None:
    """Raise NotReady unless a Kafka broker answers."""
    if not await broker.ping(timeout=PING_SECONDS_MAX):
        raise NotReady("Kafka does not answer")


async def missing_topics(broker: KafkaBroker, topics: Sequence[str]) -> set[str]:
    """Those of the topics that do not exist. Raises KafkaError, TimeoutError."""
    described = await broker.config.admin_client.describe_topics(list(topics))
    return {one["topic"] for one in described if one["error_code"] == UnknownTopicOrPartitionError.errno}
