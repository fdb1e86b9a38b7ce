"""For the doctor: messages that a consumer group has left unhandled for too long, of all its replicas.

It looks over connections of its own: on the consumer's, every question would wait for a fetch that Kafka holds for seconds.
"""

import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from darkroom_servicekit.doctor import Thing

LOOK_SECONDS_MAX = 8.0


async def unhandled_messages(bootstrap_servers: str, *, group: str, topics: list[str], older_seconds: float) -> list[Thing]:
    """The partitions that have a message older than that which the group has not committed. It joins no group."""
    where = {"bootstrap_servers": bootstrap_servers.split(","), "request_timeout_ms": int(LOOK_SECONDS_MAX * 1000)}
    admin, consumer = AIOKafkaAdminClient(**where), AIOKafkaConsumer(**where)
    try:
        await admin.start()
        await consumer.start()
        return await _look(admin, consumer, group=group, topics=topics, older_seconds=older_seconds)
    except (KafkaError, TimeoutError) as error:
        return [Thing(id=group, state=f"Kafka does not say: {error!r}"[:200], age_seconds=older_seconds)]
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
    ends = await consumer.end_offsets(partitions)
    young = await consumer.offsets_for_times(dict.fromkeys(partitions, before_ms))
    found = []
    for partition in sorted(partitions):
        handled = max(0, committed[partition].offset) if partition in committed else 0
        first_young = young[partition].offset if young[partition] else ends[partition]
        if handled < first_young:
            name, waiting = f"{partition.topic}/{partition.partition}", ends[partition] - handled
            found.append(Thing(id=name, state=f"{waiting} messages unhandled", age_seconds=older_seconds))
    return found
