"""The tries of one picture: who has it, and what a redrive of it costs. Figures worked out by hand."""

import pytest
from darkroom_jobs_api.jobs.lineage import Try, job_that_has_it, redrive_price
from darkroom_jobs_api.jobs.rules import ITEM_STATUSES, ItemStatus


def attempt(
    job_id: int,
    status: ItemStatus = "FAILED",
    *,
    price: int = 15,
    spent: bool = True,
    given_back: int = 0,
    retry_of: int | None = None,
    redriven: bool = False,
) -> Try:
    return Try(
        item_id=job_id * 10,
        job_id=job_id,
        retry_of=retry_of,
        place=1,
        redriven=redriven,
        status=status,
        spent=spent,
        price_credits=price,
        credits_given_back=given_back,
    )


def test_a_picture_is_had_by_its_newest_try_that_is_open_or_done() -> None:
    had = {status: job_that_has_it([attempt(1), attempt(2, status, retry_of=1)]) for status in ITEM_STATUSES}
    assert had == {"PENDING": 2, "RUNNING": 2, "PROCESSING": 2, "DONE": 2, "FAILED": None, "CANCELED": None}
    assert job_that_has_it([attempt(1), attempt(2, "DONE", retry_of=1), attempt(3, retry_of=1)]) == 2


FIRST = attempt(1)
CASES: list[tuple[str, list[Try], int, int]] = [
    ("its credits were kept", [FIRST], 0, 0),
    ("its credits came back at once", [attempt(1, spent=False)], 0, 15),
    ("its credits were given back by an operator", [attempt(1, given_back=15)], 0, 15),
    ("a part of them was given back", [attempt(1, given_back=10)], 0, 10),
    ("paid twice, one of them given back", [attempt(1, given_back=15), attempt(2, retry_of=1)], 1, 0),
    ("the price has risen since: that of the try", [attempt(1, price=10, spent=False), attempt(2, spent=False)], 1, 15),
    (
        "a redrive for nothing failed, then its first payment was given back",
        [attempt(1, given_back=15), attempt(2, price=0, retry_of=1, redriven=True)],
        1,
        15,
    ),
    (
        "given back, redriven at its price, kept",
        [attempt(1, given_back=15), attempt(2, retry_of=1, redriven=True)],
        1,
        0,
    ),
    (
        "redriven twice for nothing",
        [FIRST, attempt(2, price=0, retry_of=1, redriven=True), attempt(3, price=0, retry_of=2, redriven=True)],
        2,
        0,
    ),
]


@pytest.mark.parametrize(("why", "tries", "failed", "price"), CASES, ids=[case[0] for case in CASES])
def test_a_redrive_costs_what_is_left_to_pay(why: str, tries: list[Try], failed: int, price: int) -> None:
    assert redrive_price(tries, tries[failed]) == price, why
