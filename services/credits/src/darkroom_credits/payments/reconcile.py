"""Use case: sessions whose webhook never came are asked after, less and less often, until Stripe names their end.

A purchase whose session was never heard of (the answer was lost, or we died) is offered once more under the same key, so that it
has an end too. With nothing open nobody is asked anything. A purchase that Stripe does not answer for is put off, longer each
time, and holds up no other; one that was put off often is an operator's.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.outages import is_outage
from pydantic import ValidationError

from darkroom_credits.due_loop import DueLoop
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.payments.purchase import Purchase
from darkroom_credits.payments.record_payments import record_session
from darkroom_credits.payments.start_checkout import StartCheckout
from darkroom_credits.payments.store import check_again, end_unoffered, next_check, purchases_to_check
from darkroom_credits.payments.stripe_client import StripeClient, StripeRefused
from darkroom_credits.payments.stripe_objects import Session

READ_MAX = 20
AT_ONCE_MAX = 5
STUCK_CHECKS = 8
"""So often put off or asked after: with the first wait of a minute, more than four hours."""
LOOK_SECONDS_MAX = 300.0
WAIT_SECONDS_MAX = 6 * 3600.0
CHECKS_MAX = 60
"""About two weeks; after that a delayed payment is told by its webhook, or by hand."""

OFFER_AGAIN_HOURS_MAX = 20
"""Stripe remembers a key for a day, and a session is open for a day: later the same key would make a second session."""

log = structlog.get_logger()


class Reconcile:
    """The loop; `look_again` when a purchase was offered."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        stripe: StripeClient,
        metrics: CreditsMetrics,
        checkout: StartCheckout,
        *,
        clock: Callable[[], datetime],
        first_seconds: float,
    ) -> None:
        self._uow = unit_of_work
        self._stripe = stripe
        self._metrics = metrics
        self._checkout = checkout
        self._clock = clock
        self._first_seconds = first_seconds
        self._places = asyncio.Semaphore(AT_ONCE_MAX)
        self._loop = DueLoop(self.ask_after_due, self._next, clock=clock, look_seconds_max=LOOK_SECONDS_MAX)
        self.look_again = self._loop.look_again
        """There is something to ask after, some time."""
        self.run = self._loop.run

    async def ask_after_due(self) -> int:
        """Ask after the sessions that are due; how many these were. Raises only when the database is away."""
        asked = 0
        while due := await self._due():
            async with asyncio.TaskGroup() as group:
                for purchase in due:
                    group.create_task(self._in_turn(purchase))
            asked += len(due)
        return asked

    async def _in_turn(self, purchase: Purchase) -> None:
        async with self._places:
            try:
                await (self._ask_after(purchase) if purchase.session_id else self._offer_again(purchase))
            except Exception as error:
                if is_outage(error):
                    raise
                await self._put_off(purchase, error)

    async def _put_off(self, purchase: Purchase, error: Exception) -> None:
        """Whatever is wrong with this purchase, the others go on."""
        async with self._uow.begin() as transaction:
            await self._check_later(transaction, purchase)
        outcome = "stuck" if purchase.checks >= STUCK_CHECKS else "unavailable"
        self._metrics.reconciled.labels(outcome).inc()
        log.warning("purchase put off", purchase_id=purchase.id, outcome=outcome, checks=purchase.checks, error=repr(error)[:300])

    async def _check_later(self, transaction: Transaction, purchase: Purchase) -> None:
        wait = min(self._first_seconds * 2**purchase.checks, WAIT_SECONDS_MAX)
        at = transaction.now + timedelta(seconds=wait) if purchase.checks < CHECKS_MAX else None
        await check_again(transaction, purchase, at=at)

    async def _due(self) -> list[Purchase]:
        async with self._uow.read() as connection:
            return await purchases_to_check(connection, now=self._clock(), limit=READ_MAX)

    async def _offer_again(self, purchase: Purchase) -> None:
        outcome = "offered"
        try:
            if self._clock() - purchase.created_at > timedelta(hours=OFFER_AGAIN_HOURS_MAX):
                outcome = "never-offered"
            else:
                await self._checkout.offer(purchase)
        except (StripeRefused, ValidationError) as error:
            outcome = "never-offered"
            log.warning("stripe refuses a session", purchase_id=purchase.id, error=str(error)[:300])
        if outcome == "never-offered":
            async with self._uow.begin() as transaction:
                await end_unoffered(transaction, purchase)
        self._metrics.reconciled.labels(outcome).inc()
        log.info("purchase without a session", purchase_id=purchase.id, outcome=outcome)

    async def _ask_after(self, purchase: Purchase) -> None:
        assert purchase.session_id is not None, "only what was offered is asked after"
        outcome, session = "refused", None
        try:
            session = Session.read(await self._stripe.session(purchase.session_id))
        except (StripeRefused, ValidationError) as error:
            log.warning("stripe does not show a session", purchase_id=purchase.id, error=str(error)[:300])
        async with self._uow.begin() as transaction:
            if session is not None:
                outcome = await record_session(transaction, session)
            if outcome == "mismatch":
                await check_again(transaction, purchase, at=None)
            else:
                await self._check_later(transaction, purchase)
        self._metrics.reconciled.labels(outcome).inc()
        if outcome != "nothing-new":
            log.info("session asked after", purchase_id=purchase.id, session_id=purchase.session_id, outcome=outcome)

    async def _next(self) -> datetime | None:
        async with self._uow.read() as connection:
            return await next_check(connection)
