"""All tries of one picture: the item of the first job, and the items of the retries and redrives made from it. Pure.

A picture is sold once: while one of its tries is open, or when one is DONE, nobody makes another. A redriven try costs as much
as the price it was sold at exceeds what the tenant has paid for the earlier tries and not been given back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from darkroom_jobs_api.jobs.rules import ItemStatus

TRIED_IN_VAIN: tuple[ItemStatus, ...] = ("FAILED", "CANCELED")


class RetriedAlready(Exception):
    """Each failed picture of the job is in a later job that is open, or that has made it."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"job {job_id} has the pictures")
        self.job_id = job_id


@dataclass(frozen=True, kw_only=True)
class Try:
    """One item of a picture. `retry_of` is the job whose item it tries again; `price_credits` is its job's."""

    item_id: int
    job_id: int
    retry_of: int | None
    place: int
    redriven: bool
    status: ItemStatus
    spent: bool
    price_credits: int
    credits_given_back: int


def job_that_has_it(tries: Sequence[Try]) -> int | None:
    """Return the newest job in which the picture is open or DONE, None if it may be made again."""
    return max((one.job_id for one in tries if one.status not in TRIED_IN_VAIN), default=None)


def redrive_price(tries: Sequence[Try], failed: Try) -> int:
    """Return the credits that making `failed` again costs: what its price exceeds the payments that were kept."""
    kept = sum(one.price_credits - one.credits_given_back for one in tries if one.spent)
    return max(0, _sold_at(tries, failed) - max(0, kept))


def _sold_at(tries: Sequence[Try], failed: Try) -> int:
    """Return the price the picture was sold at: a redriven job carries only what was left to pay."""
    of_job = {one.job_id: one for one in tries}
    sold = failed
    while sold.redriven and sold.retry_of in of_job:
        sold = of_job[sold.retry_of]
    return sold.price_credits
