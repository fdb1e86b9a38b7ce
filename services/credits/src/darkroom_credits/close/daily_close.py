"""Use case: every day of UTC is closed once, a little after its end, by whichever replica comes first; after a sleep each day
that was missed. An operator may ask for a close at any time; it says how things are and closes no day.

The ledger is compared with the balances, reservations, grants, events and money in one moment; with Stripe before that, since
nobody is asked anything while a transaction is open.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog
from darkroom_servicekit.database import UnitOfWork

from darkroom_credits.close.checks import STRIPE
from darkroom_credits.close.compare_stripe import CompareStripe
from darkroom_credits.close.report import Compared, Report, StripeAsked, compared, days_to_close, end_of
from darkroom_credits.close.store import (
    Close,
    ClosedElsewhere,
    begin_close,
    carry_forward,
    closed_last_at,
    figures,
    list_closes,
    newest_closed_day,
    previous_close,
    run_checks,
    write_close,
)
from darkroom_credits.due_loop import DueLoop
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.payments.stripe_client import StripeRefused, StripeUnavailable

LOOK_SECONDS_MAX = 600.0
DAYS_MAX = 31
"""Closed after a sleep; of a longer one, only so many of the newest."""
UNSENT_MINUTES = 10
STRIPE_DAYS = 1

log = structlog.get_logger()


class DailyClose:
    """The loop, and the close that is asked for."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        metrics: CreditsMetrics,
        stripe: CompareStripe | None,
        *,
        clock: Callable[[], datetime],
        after_seconds: float,
    ) -> None:
        self._uow = unit_of_work
        self._metrics = metrics
        self._stripe = stripe
        self._clock = clock
        self._after = timedelta(seconds=after_seconds)
        self._loop = DueLoop(self._work, self._next, clock=clock, look_seconds_max=LOOK_SECONDS_MAX)
        self.run = self._loop.run

    async def catch_up(self) -> int:
        """Close every day that is due; how many were closed here. Raises StripeUnavailable, to be tried again."""
        days = await self._due()
        if not days:
            return 0
        stripe, asked, mended = await self._ask_stripe(since=end_of(days[0]) - timedelta(days=1), raises=True)
        closed = 0
        for day in days:
            try:
                closed += await self._close(stripe, asked, mended, day=day) is not None
            except ClosedElsewhere:
                break
        return closed

    async def close_now(self, asked_by: str) -> Close:
        """Compare everything as it is now. Raises ClosedElsewhere."""
        stripe, asked, mended = await self._ask_stripe(since=self._clock() - timedelta(days=STRIPE_DAYS), raises=False)
        await self._close(stripe, asked, mended, asked_by=asked_by)
        await self._tell()
        async with self._uow.read() as connection:
            return (await list_closes(connection, limit=1))[0]

    async def _ask_stripe(self, *, since: datetime, raises: bool) -> tuple[Compared, StripeAsked, int]:
        if self._stripe is None:
            return compared(STRIPE.name, STRIPE.says, []), "not-used", 0
        try:
            found, mended = await self._stripe.compare(since=since, until=self._clock())
        except (StripeUnavailable, StripeRefused) as error:
            log.warning("stripe cannot be compared with", error=str(error)[:300])
            if raises:
                raise
            return compared(STRIPE.name, STRIPE.says, []), "unavailable", 0
        return compared(STRIPE.name, STRIPE.says, found), "asked", mended

    async def _close(
        self, stripe: Compared, asked: StripeAsked, mended: int, *, day: date | None = None, asked_by: str | None = None
    ) -> Report | None:
        async with self._uow.begin() as transaction:
            if not await begin_close(transaction):
                raise ClosedElsewhere
            previous = await previous_close(transaction)
            if day is not None and previous is not None and previous.day >= day:
                return None
            until = transaction.now if day is None else end_of(day)
            sent_before = transaction.now - timedelta(minutes=UNSENT_MINUTES)
            checks = await run_checks(transaction, sent_before=sent_before)
            report = Report(checks=[*checks, stripe], stripe=asked, mended=mended)
            report = replace(report, **await figures(transaction, previous, until=until))
            close_id = await write_close(transaction, report, day=day, until=until, asked_by=asked_by)
            if day is not None:
                await carry_forward(transaction, close_id, until=until)
        told = log.error if report.differences else log.info
        wrong = {one.check: one.differences for one in report.checks if one.differences}
        told("credits closed", day=day and day.isoformat(), differences=report.differences, wrong=wrong, mended=mended)
        return report

    async def _work(self) -> None:
        await self.catch_up()
        await self._tell()

    async def _tell(self) -> None:
        """Every replica tells what the newest close found, whoever made it."""
        async with self._uow.read() as connection:
            newest = await list_closes(connection, limit=1)
            at = await closed_last_at(connection)
        for check in newest[0].report["checks"] if newest else ():
            self._metrics.close_differences.labels(check["check"]).set(check["differences"])
        if at is not None:
            self._metrics.closed_at.set(at.timestamp())

    async def _due(self) -> list[date]:
        async with self._uow.read() as connection:
            last = await newest_closed_day(connection)
        return days_to_close(last, self._clock(), after=self._after, days_max=DAYS_MAX)

    async def _next(self) -> datetime | None:
        async with self._uow.read() as connection:
            last = await newest_closed_day(connection)
        return None if last is None else end_of(last + timedelta(days=1)) + self._after
