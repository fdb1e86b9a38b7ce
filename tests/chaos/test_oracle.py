"""Every rule of the oracle finds what breaks it, and nothing in a run that went well."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from chaos.evidence import Evidence, LogEvent
from chaos.good_run import A, B, good_run
from chaos.oracle import judge
from chaos.rule_book import RULES

T = TypeVar("T")
Spoil = Callable[[Evidence], Evidence]


def with_one(values: Sequence[T], place: int, **changes: object) -> list[T]:
    """The rows, one of them changed."""
    changed = list(values)
    changed[place] = replace(changed[place], **changes)  # type: ignore[type-var]  # rows are dataclasses
    return changed


def without(values: Sequence[T], place: int) -> list[T]:
    return [value for number, value in enumerate(values) if number != place]


def again(run: Evidence, place: int, **changes: Any) -> list[LogEvent]:
    """The log with one more event, like one of it."""
    return [*run.events, replace(run.events[place], **{"id": "another", **changes})]


def test_a_good_run_is_good() -> None:
    assert judge(good_run()) == []


SPOILT: dict[str, list[Spoil]] = {
    "cap_is_kept": [
        # Calls 1 to 4 with the cap of three: the fourth comes 59.9 s after the first.
        lambda run: replace(run, calls=with_one(run.calls, 3, at=159.9, began=159.9)),
    ],
    "acknowledged_jobs_exist": [
        lambda run: replace(run, asked=with_one(run.asked, 1, job_ids=frozenset({99}))),
        lambda run: replace(run, asked=with_one(run.asked, 1, job_ids=frozenset({1}))),
    ],
    "a_key_makes_one_job": [
        lambda run: replace(run, asked=with_one(run.asked, 1, job_ids=frozenset({2, 3}))),
        lambda run: replace(run, asked=without(run.asked, 0)),
        lambda run: replace(run, asked=with_one(run.asked, 0, statuses=(201, 402))),
        lambda run: replace(run, jobs=with_one(run.jobs, 3, retry_of=None)),
        lambda run: replace(run, jobs=with_one(run.jobs, 5, redriven=False)),
        lambda run: replace(run, jobs=with_one(run.jobs, 4, redriven=True)),
    ],
    "a_cancelled_job_stops": [
        lambda run: replace(run, jobs=with_one(run.jobs, 1, stop_asked=False)),
        lambda run: replace(run, events=without(run.events, 15)),
        lambda run: replace(run, events=again(run, 15)),
        lambda run: replace(run, events=with_one(run.events, 14, sequence=16)),
        # Item 21 was stopped at 165 s.
        lambda run: replace(run, attempts=[*run.attempts, replace(run.attempts[0], id="a21", item_id=21, granted_at=165.1)]),
    ],
    "what_was_cancelled_comes_back": [
        lambda run: replace(run, items=with_one(run.items, 2, status="CANCELED")),
        lambda run: replace(run, items=with_one(run.items, 3, charge="spend")),
        lambda run: replace(run, settlements=with_one(run.settlements, 3, charge="spend")),
    ],
    "what_was_given_up_is_filed": [
        lambda run: replace(run, letters=[]),
        lambda run: replace(run, letters=with_one(run.letters, 0, state="redriving")),
        lambda run: replace(run, events=again(run, 22)),
        lambda run: replace(run, items=with_one(run.items, 6, status="DONE")),
    ],
    "a_redriven_item_is_made_once": [
        lambda run: replace(run, items=without(run.items, 7)),
        lambda run: replace(run, items=[*run.items, replace(run.items[7], id=62)]),
        lambda run: replace(run, letters=with_one(run.letters, 0, state="open")),
        lambda run: replace(run, events=again(run, 25)),
    ],
    "a_picture_is_made_once": [
        # The shop's retry was done; a redrive of the same failed item made it again.
        lambda run: replace(run, jobs=with_one(run.jobs, 5, retry_of=1), items=with_one(run.items, 7, image_id="13")),
    ],
    "a_redriven_item_costs_what_is_left_to_pay": [
        lambda run: replace(run, jobs=with_one(run.jobs, 5, price=15)),
        lambda run: replace(run, items=with_one(run.items, 6, charge="release")),
    ],
    "a_paused_tenant_starts_nothing": [
        lambda run: replace(run, pauses=with_one(run.pauses, 0, ended_at=401.0)),
    ],
    "everything_has_ended": [
        lambda run: replace(run, items=with_one(run.items, 2, status="PROCESSING")),
        lambda run: replace(run, jobs=with_one(run.jobs, 0, status="RUNNING")),
        lambda run: replace(run, jobs=with_one(run.jobs, 0, done=1)),
        lambda run: replace(run, jobs=with_one(run.jobs, 0, status="FAILED")),
    ],
    "every_end_is_told_once": [
        lambda run: replace(run, events=again(run, 6)),
        lambda run: replace(run, events=without(run.events, 9)),
        lambda run: replace(run, events=again(run, 11)),
        lambda run: replace(run, items=with_one(run.items, 2, status="CANCELED")),
    ],
    "an_attempt_precedes_every_call": [
        lambda run: replace(run, attempts=without(run.attempts, 0)),
        lambda run: replace(run, calls=with_one(run.calls, 0, attempt_id=None)),
        lambda run: replace(run, attempts=with_one(run.attempts, 0, granted_at=101.0)),
        lambda run: replace(run, calls=[*run.calls, replace(run.calls[3], seq=5, prediction_id="p5")]),
    ],
    "attempts_are_bounded": [
        lambda run: replace(run, queue=with_one(run.queue, 0, attempts_counted=4)),
        lambda run: replace(run, queue=with_one(run.queue, 1, attempts_max=1)),
    ],
    "no_attempt_is_left": [
        lambda run: replace(run, attempts=with_one(run.attempts, 1, state="UNKNOWN")),
        lambda run: replace(run, queue=with_one(run.queue, 0, state="QUEUED")),
        lambda run: replace(run, predictions=with_one(run.predictions, 0, state="IN_FLIGHT")),
    ],
    "one_live_call_per_item": [
        lambda run: replace(run, calls=with_one(run.calls, 3, began=101.5)),
        lambda run: replace(run, calls=with_one(run.calls, 1, ended=None)),
    ],
    "nothing_is_paid_twice": [
        # A 503 that lied: its prediction runs on and succeeds, and a second is paid for.
        lambda run: replace(run, calls=with_one(run.calls, 1, state="succeeded", status=503, lost=True)),
        lambda run: replace(run, calls=with_one(run.calls, 1, state="succeeded", lost=True)),
    ],
    "what_was_made_is_delivered": [
        lambda run: replace(run, items=with_one(run.items, 0, status="FAILED")),
        lambda run: replace(run, items=with_one(run.items, 1, status="FAILED")),
    ],
    "a_result_was_paid_for": [
        lambda run: replace(run, calls=with_one(run.calls, 0, state="failed")),
        lambda run: replace(run, calls=without(run.calls, 0)),
    ],
    "books_are_right": [
        lambda run: replace(run, entries=with_one(run.entries, 0, amount=51)),
        lambda run: replace(run, balances=with_one(run.balances, 0, available=6)),
        # The hold of 45 comes before the grant of 65: available was -45 for a while.
        lambda run: replace(run, entries=[*run.entries[2:4], *(replace(one, transaction_id=9) for one in run.entries[:2])]),
    ],
    "holds_are_cleared": [
        lambda run: replace(run, balances=with_one(run.balances, 0, held=15)),
        lambda run: replace(run, reservations=with_one(run.reservations, 0, state="OPEN")),
        lambda run: replace(run, reservations=with_one(run.reservations, 1, released=0)),
        lambda run: replace(run, settlements=without(run.settlements, 2)),
        lambda run: replace(run, settlements=with_one(run.settlements, 2, amount=30)),
        lambda run: replace(run, settlements=with_one(run.settlements, 3, charge="spend", amount=0)),
    ],
    "spent_is_what_ended_so": [
        # Stopped before its decision is seen: then what was held must have gone back.
        lambda run: replace(run, jobs=with_one(run.jobs, 0, decision="WAITING")),
        lambda run: replace(run, balances=with_one(run.balances, 0, spent=75)),
        lambda run: replace(run, items=with_one(run.items, 2, charge="release")),
        lambda run: replace(run, reservations=without(run.reservations, 1)),
    ],
    "the_log_rebuilds_the_books": [
        lambda run: replace(run, events=without(run.events, 2)),
        lambda run: replace(run, balances=with_one(run.balances, 1, available=35)),
        lambda run: replace(run, events=again(run, 0, sequence=0)),
    ],
    "nothing_waits_to_be_told": [
        lambda run: replace(run, unsent={"credits": 1}),
        lambda run: replace(run, lag={"darkroom.credits": 2}),
    ],
    "no_message_was_given_up": [
        lambda run: replace(run, events=again(run, 0, type="darkroom.DeadLetter.v1", gives_up="handler-error of darkroom.jobs")),
    ],
    "results_are_kept": [
        lambda run: replace(run, files={}),
        lambda run: replace(run, files=dict.fromkeys(run.files, "is no picture")),
        lambda run: replace(run, items=with_one(run.items, 0, thumbnail_key=None)),
    ],
    "pages_show_the_truth": [
        lambda run: replace(run, views=with_one(run.views, 0, items={11: "DONE", 12: "PROCESSING", 13: "FAILED"})),
        lambda run: replace(run, views=with_one(run.views, 1, jobs={2: "CANCELED"})),
        lambda run: replace(run, views=with_one(run.views, 0, complaints=["frame 7 is missing"])),
    ],
    "tenants_are_apart": [
        lambda run: replace(run, items=with_one(run.items, 0, instance_id=B)),
        lambda run: replace(run, predictions=with_one(run.predictions, 0, instance_id=B)),
        lambda run: replace(run, events=again(run, 6, key=B)),
        lambda run: replace(run, items=with_one(run.items, 3, result_key=f"results/{A}/21.jpg")),
        lambda run: replace(run, views=with_one(run.views, 1, items={11: "DONE", 21: "CANCELED"})),
    ],
}


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        pytest.param(name, spoil, id=f"{name}-{number}")
        for name, spoils in SPOILT.items()
        for number, spoil in enumerate(spoils, 1)
    ],
)
def test_a_spoilt_run_is_found(name: str, spoil: Spoil) -> None:
    assert name in {violation.rule for violation in judge(spoil(good_run()))}


def test_every_rule_is_tested() -> None:
    assert SPOILT.keys() == RULES.keys()
