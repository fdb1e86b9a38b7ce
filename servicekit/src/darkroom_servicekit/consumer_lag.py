"""For the doctor and the watch for stalls: messages that a group, with all its replicas, has left unhandled for too long.

It looks over connections of its own: on the consumer's, every question would wait for a fetch that Kafka holds for seconds.
"""

import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from darkroom_servicekit.doctor import Thing

LOOK_SECONDS_MAX = 8.0


async def unhandled_messages(bootstrap_servers: str, group: str, topics: list[str], older_seconds: float) -> list[Thing]:
    """As `look_for_unhandled`; where Kafka does not say, that is the finding."""
    try:
        return await look_for_unhandled(bootstrap_servers, group, topics, older_seconds)
    except (KafkaError, TimeoutError) as error:
        return [Thing(id=group, state=f"Kafka does not say: {error!r}"[:200], age_seconds=older_seconds)]


async def look_for_unhandled(bootstrap_servers: str, group: str, topics: list[str], older_seconds: float) -> list[Thing]:
    """The partitions that have a message older than that which the group has not committed. It joins no group.

    Raises KafkaError, TimeoutError.
    """
    where = {"bootstrap_servers": bootstrap_servers.split(","), "request_timeout_ms": int(LOOK_SECONDS_MAX * 1000)}
    admin, consumer = AIOKafkaAdminClient(**where), AIOKafkaConsumer(**where)
    try:
        await admin.start()
        await consumer.start()
        return await _look(admin, consumer, group=group, topics=topics, older_seconds=older_seconds)
    finally:
        await consumer.stop()
        await admin.close()


async def _look(
    admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, *, group: str, topics: list[str], older_seconds: float
) -> list[Thing]:
    described = await admin.describe_topics(topics)
    partitions = [TopicPartition(one["topic"], part["partition"]) for one in described for part in one["partitions"]]
    before_ms = int((time.time() - older_seconds) * 1000)
    committed = await admin.list_consumer_group_offsets(group)
    begins = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    young = await consumer.offsets_for_times(dict.fromkeys(partitions, before_ms))
    found = []
    for partition in sorted(partitions):
        # What the log has dropped since was no message for this group.
        handled = max(committed[partition].offset if partition in committed else 0, begins[partition])
        first_young = young[partition].offset if young[partition] else ends[partition]
        if handled < first_young:
            name, waiting = f"{partition.topic}/{partition.partition}", ends[partition] - handled
            found.append(Thing(id=name, state=f"{waiting} messages unhandled", age_seconds=older_seconds))
    return found
