"""Reads windows of the provider's lists, page by page, within the budget of requests."""

import asyncio

import structlog

from darkroom_predictor.look_up_rules import Reading, Window, match_by_token
from darkroom_predictor.providers.door import Listed, LookUpFailed, ProviderDoor
from darkroom_predictor.request_budget import RequestBudget

PAGES_MAX = 60
"""Of one window. At the largest rate of creations a window of five minutes has thirty."""

BUDGET_WAIT_SECONDS_MAX = 20.0
"""For requests, within one window: who gave up what was read and began anew would never reach the end of a long window."""
BUDGET_LOOK_SECONDS = 0.5

log = structlog.get_logger()


class BudgetSpent(Exception):
    """No more requests to this account now."""


class ReadLists:
    """The lists of one provider's accounts."""

    def __init__(self, door: ProviderDoor, budget: RequestBudget) -> None:
        self.door = door
        self._budget = budget

    async def read(self, account: str, window: Window) -> Reading:
        """Read a window, newest first, until all its calls are found. Raises BudgetSpent if it could not even begin."""
        listed: list[Listed] = []
        page: str | None = None
        waited_seconds = 0.0
        for _ in range(PAGES_MAX):
            while not await self._budget.take(account):
                if page is None:
                    raise BudgetSpent
                if waited_seconds >= BUDGET_WAIT_SECONDS_MAX:
                    log.warning("no requests left within a window, its other calls wait", account=account)
                    return Reading(listed=listed, complete=False)
                await asyncio.sleep(BUDGET_LOOK_SECONDS)
                waited_seconds += BUDGET_LOOK_SECONDS
            try:
                found = await self.door.list_page(account, since=window.since, until=window.until, page=page)
            except LookUpFailed as error:
                log.warning("provider's list not readable, unanswered calls wait", account=account, error=str(error)[:200])
                return Reading(listed=listed, complete=False)
            listed += found.listed
            page = found.following
            past = any(one.created_at < window.since for one in found.listed if one.created_at)
            if page is None or past or len(match_by_token(window.attempts, listed)) == len(window.attempts):
                return Reading(listed=listed, complete=True)
        log.error("provider's list is longer than we read", account=account, pages=PAGES_MAX)
        return Reading(listed=listed, complete=False)
