"""Which messages are gathered: a person's flood, a tenant's limit."""

from datetime import timedelta
from uuid import UUID

from darkroom_notifier.messages.digest_rules import Line, MessageLimits, Usage, Wanted, sort_messages

ANNA = Line("shop", "anna", "email", "job")
LIMITS = MessageLimits(after=3, window=timedelta(minutes=15), per_hour={"email": 5, "sms": 2}, per_day={"email": 8, "sms": 2})


def wanted(count: int, line: Line = ANNA, kind: str = "job.done", start: int = 0) -> list[Wanted]:
    return [Wanted(UUID(int=number), UUID(int=number), line, kind) for number in range(start, start + count)]


def test_the_first_few_go_out_and_a_flood_is_gathered_by_kind() -> None:
    single, gathered = sort_messages(wanted(34) + wanted(6, kind="job.failed", start=34), {}, LIMITS)
    assert [one.event_id.int for one in single] == [0, 1, 2]
    assert [(one.line, one.event_id.int, one.counts) for one in gathered] == [(ANNA, 3, {"job.done": 31, "job.failed": 6})]


def test_what_came_before_counts_and_a_flood_goes_on_being_gathered() -> None:
    single, _ = sort_messages(wanted(3), {ANNA: Usage(in_window=2, in_hour=2, in_day=2)}, LIMITS)
    assert len(single) == 1
    single, gathered = sort_messages(wanted(1), {ANNA: Usage(flooded=True)}, LIMITS)
    assert (single, gathered[0].counts) == ([], {"job.done": 1})


def test_a_tenants_limit_counts_all_its_people_and_no_other_tenant() -> None:
    bob, other = Line("shop", "bob", "email", "job"), Line("other-shop", "carla", "email", "job")
    usage = {bob: Usage(in_hour=4, in_day=4)}
    single, gathered = sort_messages(wanted(2) + wanted(2, other, start=2), usage, LIMITS)
    assert [one.event_id.int for one in single] == [0, 2, 3]
    assert [one.line for one in gathered] == [ANNA]
    single, _ = sort_messages(wanted(2), {bob: Usage(in_day=7)}, LIMITS)
    assert len(single) == 1, "the day's limit"


def test_channels_and_topics_are_counted_apart() -> None:
    sms, credits = Line("shop", "anna", "sms", "job"), Line("shop", "anna", "email", "credits")
    usage = {ANNA: Usage(in_window=3, in_hour=3, in_day=3)}
    single, _ = sort_messages(wanted(1) + wanted(1, sms, start=1) + wanted(1, credits, start=2), usage, LIMITS)
    assert [one.event_id.int for one in single] == [1, 2]
