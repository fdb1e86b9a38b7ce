"""Progress that comes too fast is told by its latest alone; ends always come, at once."""

from darkroom_notifier.coalescing import FRAMES_PER_SECOND_MAX, HOLD_SECONDS, Coalescer, Held
from darkroom_notifier.frames import Frame
from hypothesis import given
from hypothesis import strategies as st

ENDS = ("DONE", "FAILED", "CANCELED")
STATES = ("RUNNING", "PROCESSING", *ENDS)


def item(number: int, status: str) -> Frame:
    return Frame("item.updated", {"itemId": number, "status": status})


def offer(coalescer: Coalescer, frame: Frame, now: float, tenant: str = "shop") -> bool:
    number = frame.data.get("itemId", frame.data.get("jobId"))
    return coalescer.admits(tenant, frame, now=now, held=Held(f"{number}", f"{frame.kind} {frame.data.get('status')}"))


def crowded(now: float = 0.0) -> Coalescer:
    coalescer = Coalescer()
    assert all(offer(coalescer, item(1000 + n, "RUNNING"), now) for n in range(FRAMES_PER_SECOND_MAX))
    return coalescer


def test_what_a_person_can_see_passes_at_once() -> None:
    coalescer = crowded()
    assert coalescer.due_in(0.0) is None
    assert offer(coalescer, item(1, "RUNNING"), 1.0)


def test_of_too_much_progress_the_latest_is_told_a_little_later() -> None:
    coalescer = crowded()
    assert not offer(coalescer, item(1, "RUNNING"), 0.1)
    assert not offer(coalescer, item(1, "PROCESSING"), 0.2)
    assert not offer(coalescer, Frame("job.updated", {"jobId": 9}), 0.2)
    assert coalescer.take_due(0.3) == {}
    assert [one.body for one in coalescer.take_due(0.1 + HOLD_SECONDS)["shop"]] == ["item.updated PROCESSING", "job.updated None"]
    assert coalescer.due_in(1.0) is None


def test_an_end_overtakes_what_is_held_of_its_thing() -> None:
    coalescer = crowded()
    assert not offer(coalescer, item(1, "PROCESSING"), 0.1)
    assert not offer(coalescer, Frame("job.updated", {"jobId": 9}), 0.1)
    assert offer(coalescer, item(1, "DONE"), 0.2)
    assert offer(coalescer, Frame("job.finished", {"jobId": 9}), 0.2)
    assert coalescer.take_due(5.0) == {}


def test_a_thing_with_something_held_is_not_overtaken_by_its_own_progress() -> None:
    coalescer = crowded()
    assert not offer(coalescer, item(1, "RUNNING"), 0.9)
    assert not offer(coalescer, item(1, "PROCESSING"), 1.2)


def test_one_tenants_crowd_is_no_others() -> None:
    assert offer(crowded(), item(1, "RUNNING"), 0.1, tenant="other")


def test_what_is_no_progress_is_never_held() -> None:
    coalescer = crowded()
    for kind in ("job.accepted", "credits.changed", "notification"):
        assert offer(coalescer, Frame(kind, {"jobId": 1}), 0.1)


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(STATES), st.floats(0, 0.2)), max_size=200))
def test_every_end_is_told_and_everything_ends_at_its_last_state(steps: list[tuple[int, str, float]]) -> None:
    coalescer, now, seen = Coalescer(), 0.0, dict[str, str]()
    for number, status, pause in steps:
        now += pause
        for held in coalescer.take_due(now).get("shop", []):
            seen[held.event_id] = held.body
        if offer(coalescer, item(number, status), now):
            seen[str(number)] = f"item.updated {status}"
        else:
            assert status not in ENDS
    for held in coalescer.take_due(now + 10).get("shop", []):
        seen[held.event_id] = held.body
    assert seen == {str(number): f"item.updated {status}" for number, status, _ in steps}
