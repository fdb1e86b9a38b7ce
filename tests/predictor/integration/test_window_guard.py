"""The script's window is W + D: the provider counts arrivals, which may lag a grant by up to D."""

from darkroom_predictor.fair_queue import FairQueue, Place
from darkroom_predictor.limits import AccountLimits

WINDOW_SECONDS, GRANT_SECONDS_MAX = 30.0, 5.0
ONE_CALL = [AccountLimits(account="a", cap=1, burst=1, slots=9)]


async def test_the_next_window_begins_only_when_the_slowest_call_of_the_last_has_arrived(redis_url: str) -> None:
    queue = FairQueue(redis_url, "double", window_seconds=WINDOW_SECONDS, grant_seconds_max=GRANT_SECONDS_MAX)
    await queue.set_accounts(1, ONE_CALL)
    await queue.open(1)
    queue.enter(1)
    await queue.file(1, [(Place("shop", 1, 1), 0.0), (Place("shop", 1, 2), 0.0)])

    first = await queue.take(["one", "two"], ["a"])

    assert [grant.place.item_id for grant in first.grants] == [1]
    assert first.wait_seconds == WINDOW_SECONDS + GRANT_SECONDS_MAX  # no time has passed between grant and answer
    await queue.close()
