"""Drift between the contracts and a broker, in words."""

from darkroom_cli.stack.topics import drift_of, wanted_config
from darkroom_contracts.topics import Topic

TOPIC = Topic(name="darkroom.x", writer="x", purpose="a test", partitions=12)


def test_a_topic_as_wanted_has_no_drift() -> None:
    config = {"retention.ms": "-1", "cleanup.policy": "delete", "max.message.bytes": "1048576"}
    assert wanted_config(TOPIC) == config
    assert drift_of(TOPIC, 12, {**config, "segment.bytes": "1"}) == ()


def test_each_difference_is_named() -> None:
    config = {"retention.ms": "604800000", "cleanup.policy": "delete", "max.message.bytes": "1048576"}
    assert drift_of(TOPIC, 6, config) == ("partitions are 6, wanted 12", "retention.ms is 604800000, wanted -1")
