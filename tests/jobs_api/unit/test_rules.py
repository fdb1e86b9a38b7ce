"""The states of jobs and items, whatever the order in which facts come."""

import pytest
from darkroom_jobs_api.jobs.rules import (
    ITEM_STATUSES,
    ItemStatus,
    Release,
    Totals,
    charge_of,
    failure_text,
    item_after,
    next_releases,
)
from hypothesis import given
from hypothesis import strategies as st

ENDS: tuple[ItemStatus, ...] = ("DONE", "FAILED", "CANCELED")
STEPS: tuple[ItemStatus, ...] = ("RUNNING", "PROCESSING")


def after(facts: list[ItemStatus]) -> ItemStatus:
    status: ItemStatus = "PENDING"
    for fact in facts:
        status = item_after(status, fact)
    return status


@given(end=st.sampled_from(ENDS), steps=st.lists(st.sampled_from(STEPS)), repeats=st.integers(1, 3), data=st.data())
def test_any_order_and_repetition_of_an_items_facts_gives_its_end(
    end: ItemStatus, steps: list[ItemStatus], repeats: int, data: st.DataObject
) -> None:
    facts = data.draw(st.permutations([*steps, *[end] * repeats]))
    assert after(facts) == end


@given(st.permutations(["RUNNING", "PROCESSING", "RUNNING"]))
def test_without_an_end_the_furthest_step_counts(facts: list[ItemStatus]) -> None:
    assert after(facts) == "PROCESSING"


@given(end=st.sampled_from(ENDS), later=st.lists(st.sampled_from(ITEM_STATUSES)))
def test_a_terminal_state_is_never_left(end: ItemStatus, later: list[ItemStatus]) -> None:
    assert after([end, *later]) == end


@given(st.lists(st.tuples(st.sampled_from(["DONE", "FAILED", "CANCELED"]), st.sampled_from(["spend", "release"])), min_size=1))
def test_totals_add_up_and_the_job_ends_with_its_last_item(ends: list[tuple[str, str]]) -> None:
    totals = Totals(items=len(ends))
    for number, (end, charge) in enumerate(ends):
        assert totals.end() is None
        assert totals.ended == number
        totals = totals.plus(end, charge)  # type: ignore[arg-type]  # Hypothesis widens the literals
    kinds = [end for end, _ in ends]
    assert (totals.done, totals.failed, totals.canceled) == tuple(kinds.count(kind) for kind in ENDS)
    assert totals.spent == [charge for _, charge in ends].count("spend")
    assert (totals.end() == "DONE") == ("DONE" in kinds)
    assert (totals.end() == "FAILED") == (set(kinds) == {"FAILED"})
    with pytest.raises(AssertionError):
        totals.plus("DONE", "spend")


@pytest.mark.parametrize(
    ("end", "reached", "refunded", "charge"),
    [
        ("DONE", True, False, "spend"),
        ("DONE", True, True, "spend"),
        ("FAILED", True, False, "spend"),
        ("FAILED", True, True, "release"),
        ("FAILED", False, False, "release"),
        ("FAILED", False, True, "release"),
        ("CANCELED", False, False, "release"),
        ("CANCELED", True, False, "spend"),
        ("CANCELED", True, True, "spend"),
    ],
)
def test_the_charge_follows_from_the_end_the_provider_and_the_policy(
    end: ItemStatus, reached: bool, refunded: bool, charge: str
) -> None:
    assert charge_of(end, reached_provider=reached, failed_items_refunded=refunded) == charge  # type: ignore[arg-type]


def test_a_job_with_one_picture_fails_with_that_pictures_reason() -> None:
    assert failure_text(Totals(items=1, failed=1), "It was too dark.") == "It was too dark."
    assert failure_text(Totals(items=2, failed=2), "It was too dark.").startswith("None of the 2 pictures")


@given(
    jobs=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))),
    chunk_max=st.integers(1, 15),
    total_max=st.integers(1, 60),
)
def test_releasing_chunk_after_chunk_asks_for_every_item_once(
    jobs: list[tuple[int, int]], chunk_max: int, total_max: int
) -> None:
    open_jobs = {number: (released, released + left) for number, (released, left) in enumerate(jobs)}
    asked: dict[int, list[int]] = {number: [] for number in open_jobs}
    for _ in range(sum(left for _, left in jobs) + 1):
        now = next_releases(
            [(number, *progress) for number, progress in open_jobs.items()], chunk_max=chunk_max, total_max=total_max
        )
        assert sum(release.to - release.after for release in now) <= total_max
        for release in now:
            assert 0 < release.to - release.after <= chunk_max
            asked[release.job_id] += range(release.after + 1, release.to + 1)
            open_jobs[release.job_id] = (release.to, open_jobs[release.job_id][1])
        if not now:
            break
    for number, (released, left) in enumerate(jobs):
        assert asked[number] == list(range(released + 1, released + left + 1))


def test_a_chunk_ends_at_the_jobs_last_item() -> None:
    assert next_releases([(7, 500, 600), (8, 0, 10)], chunk_max=500, total_max=105) == [Release(7, 500, 600), Release(8, 0, 5)]


def test_a_failure_of_the_platform_costs_nothing_whatever_the_policy() -> None:
    assert charge_of("FAILED", reached_provider=True, failed_items_refunded=False, ours=True) == "release"
    assert charge_of("DONE", reached_provider=True, failed_items_refunded=False, ours=True) == "spend"
