"""Reservations without news are decided by what the log of jobs says, and by nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from darkroom_credits.keep_books import KeepBooks
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.reservations import Settled
from darkroom_credits.sweep.decide_by_hand import DecideByHand, Decision, NotLeftToAPerson, TooManyItems, UnknownReservation
from darkroom_credits.sweep.read_ends import ReadEnds
from darkroom_credits.sweep.sweep_reservations import SweepReservations
from prometheus_client import CollectorRegistry
from support.credit_books import CreditBooks, all_of, credit_books
from support.credit_events import item_finished, job_finished, requested
from support.kafka import Log
from support.service import eventually
from support.tasks import in_background

QUIET_SECONDS = 3600.0


def sweep_of(books: CreditBooks, log: Log, registry: CollectorRegistry | None = None) -> SweepReservations:
    metrics = CreditsMetrics(registry or CollectorRegistry())
    ends = ReadEnds(log.bootstrap, prefix=log.prefix)
    return SweepReservations(
        books.unit_of_work, KeepBooks(metrics), ends, metrics, clock=books.clock.now, quiet_seconds=QUIET_SECONDS
    )


def later(books: CreditBooks, than: datetime, **delta: float) -> None:
    """Counted from a fixed time, so that it makes no difference how long a test takes."""
    books.clock.set((than + timedelta(**delta)).isoformat())


async def open_jobs(books: CreditBooks) -> list[tuple[int, int]]:
    """Jobs and what they hold still."""
    found = await books.rows("SELECT job_id, amount - spent - released FROM reservations WHERE state = 'OPEN' ORDER BY job_id")
    return [(job_id, held) for job_id, held in found]


async def test_what_the_log_tells_of_a_job_is_entered_and_what_it_does_not_tell_stays_held(
    books: CreditBooks, database_url: str, log: Log
) -> None:
    await books.grant("shop", 1000)
    await books.grant("other", 1000)
    # Job 5 ended long before its request was handed on, out of the dead letters.
    await log.publish(job_finished(5, 0))
    await books.take(*[requested(job, items=2) for job in (1, 2, 3)], requested(4), requested(5))
    await books.take(requested(6, instance_id="other"), item_finished(1, 11))
    await log.publish(
        # 1: its end was lost on the way, and one item's; 2: all its items ended, its own end never came; 3: one item ended.
        *[item_finished(1, 11), item_finished(1, 12, "release"), job_finished(1, 1, items=2)],
        *[item_finished(2, 21), item_finished(2, 22, "release"), item_finished(3, 31)],
        # 4: another tenant tells of its end, which is no news of it; 6 is whole.
        *[job_finished(4, 0, instance_id="other"), job_finished(6, 1, instance_id="other")],
    )
    assert await sweep_of(books, log).sweep() == 0, "there has been news of all of them lately"

    later(books, datetime.now(UTC), hours=2)
    async with credit_books(database_url, books.clock) as replica:
        await all_of(sweep_of(books, log).sweep(), sweep_of(replica, log).sweep())
    assert await open_jobs(books) == [(3, 15), (4, 15)]
    # 1: 15 spent; 2: 15 spent; 3: 15 spent, 15 held; 4: 15 held; 5: nothing.
    assert await books.balances("shop") == (925, 30, 45)
    assert await books.balances("other") == (985, 0, 15)

    # All of it comes after all, also the end of 3: what is settled stays, what was not told is settled now.
    await books.take(item_finished(1, 12, "release"), job_finished(1, 1, items=2), job_finished(2, 1, items=2))
    await books.take(item_finished(3, 32), job_finished(3, 2, items=2))
    assert await open_jobs(books) == [(4, 15)]
    assert await books.balances("shop") == (925, 15, 60)
    await books.assert_sound()
    await books.assert_topic_rebuilds()


async def test_what_cannot_be_decided_is_counted_and_looked_up_again_less_and_less_often(books: CreditBooks, log: Log) -> None:
    await books.grant("shop", 100)
    await books.take(requested(1))
    held_at = datetime.now(UTC)
    later(books, held_at, hours=2)
    registry = CollectorRegistry()
    sweep = sweep_of(books, log, registry)
    async with in_background(sweep.run()):

        async def counted() -> bool:
            return registry.get_sample_value("darkroom_credits_reservations_undecided") == 1

        await eventually(counted)
    await log.publish(job_finished(1, 0))
    later(books, held_at, hours=2, minutes=9)
    assert await sweep.sweep() == 0
    assert await open_jobs(books) == [(1, 15)]
    later(books, held_at, hours=2, minutes=11)
    assert await sweep.sweep() == 1
    assert await open_jobs(books) == []
    assert await books.balances("shop") == (100, 0, 0)
    assert registry.get_sample_value("darkroom_credits_reservations_swept_total", {"outcome": "cleared"}) == 1
    [(sweeps, state)] = await books.rows("SELECT sweeps, state FROM reservations")
    assert (sweeps, state) == (2, "CLOSED")


async def test_what_nothing_decides_a_person_decides_once_and_late_news_changes_nothing(books: CreditBooks, log: Log) -> None:
    await books.grant("shop", 100)
    await books.take(requested(1, items=3), item_finished(1, 11))
    held_at = datetime.now(UTC)
    decide = DecideByHand(books.unit_of_work, clock=books.clock.now, quiet_seconds=QUIET_SECONDS)
    two_of_three = Decision(job_id=1, items_spent=2, reason="the pictures were delivered", decided_by="ann")
    later(books, held_at, hours=2)
    with pytest.raises(NotLeftToAPerson):
        await decide(two_of_three)  # nobody has looked it up yet
    assert await sweep_of(books, log).sweep() == 0
    later(books, held_at, hours=0)
    with pytest.raises(NotLeftToAPerson):
        await decide(two_of_three)  # it was looked up, but there has been news lately
    later(books, held_at, hours=2)
    with pytest.raises(UnknownReservation):
        await decide(replace(two_of_three, job_id=9))
    with pytest.raises(TooManyItems):
        await decide(replace(two_of_three, items_spent=4))
    assert await open_jobs(books) == [(1, 30)]

    # Of the 45 held one item's 15 were spent; a second one's are now, and the third one's are given back.
    decided = await decide(two_of_three)
    assert (decided.settled, decided.available_after) == (Settled(spent=15, released=15), 70)
    assert await books.balances("shop") == (70, 0, 30)
    with pytest.raises(NotLeftToAPerson):
        await decide(two_of_three)
    await books.take(item_finished(1, 12), job_finished(1, 3, items=3))
    assert await books.balances("shop") == (70, 0, 30)
    lines = await books.rows(
        "SELECT kind, amount, created_by FROM ledger_transactions WHERE reason = 'the pictures were delivered'"
    )
    assert sorted(tuple(line) for line in lines) == [("release", 15, "ann"), ("spend", 15, "ann")]
    await books.assert_sound()
    await books.assert_topic_rebuilds()
