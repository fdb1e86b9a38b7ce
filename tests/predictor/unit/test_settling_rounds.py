"""Rounds of settling: windows that cannot be read keep no other from being read, and a long window is read to its end."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from darkroom_predictor.attempt_store import AttemptTable, UnknownAttempt
from darkroom_predictor.fail_attempts import FailAttempts
from darkroom_predictor.look_up_rules import Reading, Window, windows
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.door import Listed, ListedPage, ProviderDoor
from darkroom_predictor.read_lists import ReadLists
from darkroom_predictor.record_outcomes import RecordOutcomes, SettleTimes
from darkroom_predictor.request_budget import RequestBudget
from darkroom_predictor.settle_unanswered import FAILED_WINDOWS_MAX, SettleUnanswered
from darkroom_servicekit.auth import token_digest
from darkroom_servicekit.database import UnitOfWork
from prometheus_client import CollectorRegistry

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACCOUNT = "replicate-1"
PAGES = 5


def unknown(number: int) -> UnknownAttempt:
    """A call without an answer, an hour after the one before it, so that each has a window of its own."""
    return UnknownAttempt(
        attempt_id=f"attempt-{number}",
        account=ACCOUNT,
        granted_at=NOW + timedelta(hours=number),
        callback_token_sha256=token_digest("t"),
        message=None,
        input={},
        overdue=False,
        rivals=False,
    )


class UnreadableLists:
    """Notes which calls' windows are asked for; none of them can be read."""

    door = SimpleNamespace(name="replicate", accounts=(ACCOUNT,), webhook_expected=True)

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def read(self, _account: str, window: Window) -> Reading:
        self.asked.append(window.attempts[0].attempt_id)
        return Reading(listed=[], complete=False)


class DueAttempts:
    """All of them are due in each round."""

    def __init__(self, attempts: list[UnknownAttempt]) -> None:
        self._attempts = attempts

    async def due_for_look_up(self, *_: Any, **__: Any) -> list[UnknownAttempt]:
        return self._attempts


class PagedDoor:
    """A list of several pages, an entry each; what is looked for stands on the last one."""

    def __init__(self) -> None:
        self.pages: list[int] = []

    async def list_page(self, _account: str, *, page: str | None, since: datetime, until: datetime) -> ListedPage:
        assert since < until
        number = int(page or 1)
        self.pages.append(number)
        entry = Listed(
            prediction_id=f"p{number}",
            created_at=NOW,
            attempt_id="attempt-0" if number == PAGES else f"other-{number}",
            callback_token="t",
            has_webhook=True,
            input={},
        )
        return ListedPage(listed=[entry], following=str(number + 1) if number < PAGES else None)


class BudgetOfOneAtATime:
    """Every second request has to be asked for twice: the budget fills while the reader waits."""

    def __init__(self) -> None:
        self._asked = 0

    async def take(self, _account: str) -> bool:
        self._asked += 1
        return self._asked % 2 == 1


async def test_windows_that_cannot_be_read_keep_no_younger_call_from_being_looked_up() -> None:
    attempts = [unknown(number) for number in range(FAILED_WINDOWS_MAX + 2)]
    lists = UnreadableLists()
    settle = SettleUnanswered(
        cast(ReadLists, lists),
        cast(AttemptTable, DueAttempts(attempts)),
        cast(UnitOfWork, None),
        cast(RecordOutcomes, None),
        cast(FailAttempts, None),
        metrics=PredictorMetrics(CollectorRegistry()),
        tell=lambda _: None,
        times=SettleTimes(every_seconds=5, unanswered_seconds=60, retell_margin_seconds=60),
    )
    for _ in range(2):
        await settle.settle_due()

    assert len(lists.asked) == 2 * FAILED_WINDOWS_MAX, "a round gives up after so many windows"
    assert set(lists.asked) == {attempt.attempt_id for attempt in attempts}


async def test_a_window_longer_than_the_budget_of_the_moment_is_read_to_its_end() -> None:
    door = PagedDoor()
    lists = ReadLists(cast(ProviderDoor, door), cast(RequestBudget, BudgetOfOneAtATime()))

    reading = await lists.read(ACCOUNT, windows([unknown(0)])[0])

    assert door.pages == [1, 2, 3, 4, 5], "no page is read twice"
    assert reading.complete
    assert [one.prediction_id for one in reading.listed] == ["p1", "p2", "p3", "p4", "p5"]
