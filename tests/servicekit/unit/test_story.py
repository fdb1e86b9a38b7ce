"""A job's story in causal order, whatever the services' clocks say."""

from datetime import UTC, datetime, timedelta

from darkroom_servicekit.story import StoryEvent, causal_order, partition_of, small

BEGAN = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def event(name: str, at_seconds: float, cause: str | None = None) -> StoryEvent:
    return StoryEvent(
        id=name,
        type=f"darkroom.{name}.v1",
        at=BEGAN + timedelta(seconds=at_seconds),
        causation_id=cause,
        source="/services/x",
        subject="jobs/1",
        instance_id="shop",
        sequence=0,
        data={},
    )


def test_a_cause_comes_first_although_its_clock_is_ahead() -> None:
    story = [event("finished", 1, "started"), event("started", 5, "asked"), event("asked", 3), event("other", 2)]

    assert [one.id for one in causal_order(story)] == ["other", "asked", "started", "finished"]


def test_without_a_cause_in_sight_time_decides_and_forged_circles_come_last() -> None:
    story = [event("b", 2, "unknown"), event("x", 0, "y"), event("y", 0, "x"), event("a", 1), event("self", 3, "self")]

    assert [one.id for one in causal_order(story)] == ["a", "b", "self", "x", "y"]


def test_what_is_large_is_left_out_or_cut() -> None:
    data = {"instanceId": "s", "input": {"prompt": "p"}, "message": "x" * 300, "attempts": list(range(50)), "code": "c"}

    shown = small(data)

    assert set(shown) == {"message", "attempts", "code"}
    assert (len(shown["message"]), len(shown["attempts"])) == (200, 20)


def test_a_tenants_partition_is_where_kafkas_own_clients_put_it() -> None:
    # By Kafka's own tests of its murmur2 (UtilsTest): "21" -973932308, "foobar" -790332482.
    assert partition_of("21", 12) == (-973932308 & 0x7FFFFFFF) % 12
    assert partition_of("foobar", 12) == (-790332482 & 0x7FFFFFFF) % 12
