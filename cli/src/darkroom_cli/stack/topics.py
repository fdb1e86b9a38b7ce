"""The Kafka topics of `darkroom_contracts.topics`, compared with the broker and made where missing. As a job of the plan:

    python -m darkroom_cli.stack.topics

Applying is idempotent. Partitions are never added silently: that would move keys between partitions and break their order.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from darkroom_contracts.topics import TOPICS, Topic

TIMEOUT_MS = 20_000
LOOK_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class TopicState:
    """A topic on the broker beside what the contracts say; `drift` names each difference."""

    topic: Topic
    exists: bool
    partitions: int | None
    created: bool = False
    drift: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        return {
            "name": self.topic.name,
            "writer": self.topic.writer,
            "purpose": self.topic.purpose,
            "partitions": self.partitions if self.exists else self.topic.partitions,
            "retentionMs": self.topic.retention_ms,
            "cleanupPolicy": self.topic.cleanup_policy,
            "exists": self.exists,
            "created": self.created,
            "drift": list(self.drift),
        }


def wanted_config(topic: Topic) -> dict[str, str]:
    """The broker's settings of a topic."""
    return {
        "retention.ms": str(topic.retention_ms),
        "cleanup.policy": topic.cleanup_policy,
        "max.message.bytes": str(topic.max_message_bytes),
    } | ({} if topic.segment_bytes is None else {"segment.bytes": str(topic.segment_bytes)})


def drift_of(topic: Topic, partitions: int, config: Mapping[str, str]) -> tuple[str, ...]:
    """Each difference in words."""
    found = [] if partitions == topic.partitions else [f"partitions are {partitions}, wanted {topic.partitions}"]
    for name, value in wanted_config(topic).items():
        if config.get(name) != value:
            found.append(f"{name} is {config.get(name)}, wanted {value}")
    return tuple(found)


async def compare(bootstrap: str, *, create: bool, topics: Sequence[Topic] = TOPICS, replication: int = 1) -> list[TopicState]:
    """The state of each topic; with `create`, the missing ones are made first. Raises aiokafka's errors."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=TIMEOUT_MS, client_id="darkroom-topics")
    await admin.start()
    try:
        present = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in present]
        if create and missing:
            await _create(admin, missing, replication)
            present |= {topic.name for topic in missing}
        return await _states(admin, topics, present, {topic.name for topic in missing} if create else set())
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], replication: int) -> None:
    new = [
        NewTopic(
            name=topic.name, num_partitions=topic.partitions, replication_factor=replication, topic_configs=wanted_config(topic)
        )
        for topic in topics
    ]
    answer = await admin.create_topics(new, timeout_ms=TIMEOUT_MS)
    for name, code, message in answer.topic_errors:
        error = for_code(code)
        if code != 0 and error is not TopicAlreadyExistsError:
            raise error(f"{name}: {message}")


async def _states(admin: AIOKafkaAdminClient, topics: Sequence[Topic], present: set[str], created: set[str]) -> list[TopicState]:
    names = [topic.name for topic in topics if topic.name in present]
    partitions = await _partitions(admin, names)
    configs = await _configs(admin, names)
    return [
        TopicState(
            topic=topic,
            exists=topic.name in present,
            partitions=partitions.get(topic.name),
            created=topic.name in created,
            drift=drift_of(topic, partitions[topic.name], configs[topic.name]) if topic.name in present else (),
        )
        for topic in topics
    ]


async def _partitions(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    """How many each topic has. One that was just made has none until the broker has heard of it from the controller."""
    deadline = monotonic() + TIMEOUT_MS / 1000
    while names:
        found = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(names)}
        if all(found.values()) or monotonic() > deadline:
            return found
        await asyncio.sleep(LOOK_SECONDS)
    return {}


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await admin.describe_configs(resources) if resources else []
    # An answer's resource: (error code, message, type, name, entries); an entry begins with its name and value.
    found = [resource for answer in answers for resource in answer.resources]
    return {resource[3]: {entry[0]: entry[1] for entry in resource[4]} for resource in found}


def main() -> None:
    try:
        states = asyncio.run(compare(os.environ["DARKROOM_KAFKA_BOOTSTRAP_SERVERS"], create=True))
    except (OSError, KafkaError) as error:
        sys.exit(f"the topics could not be made: {error}")
    for state in states:
        for difference in state.drift:
            print(f"{state.topic.name}: {difference}", flush=True)


if __name__ == "__main__":
    main()
