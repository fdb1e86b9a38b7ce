"""Use case: Stripe's own list of events is read now and then, for those whose webhook was lost: payments, refunds, disputes.

Each event counts once for ever, however it came, so reading one twice, or before its webhook, changes nothing. One replica at a
time reads, from where the last one got to; with nothing ever sold nobody is asked. An event that cannot be taken is counted and
read again the next time; those after it are taken.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.outages import is_outage

from darkroom_credits.due_loop import DueLoop
from darkroom_credits.payments.store_watch import claim_reading, next_reading, note_read, unknown_events
from darkroom_credits.payments.stripe_client import StripeClient
from darkroom_credits.payments.take_webhook import EVENTS, VISIBLE, NotAnEvent, TakeWebhook

STRIPE_KEEPS = timedelta(days=30)
OVERLAP = timedelta(minutes=10)
"""Read again: an event is listed a little after it happened."""
LOOK_SECONDS_MAX = 600.0

log = structlog.get_logger()


class AskEvents:
    """The loop."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        stripe: StripeClient,
        webhook: TakeWebhook,
        *,
        clock: Callable[[], datetime],
        every_seconds: float,
    ) -> None:
        self._uow = unit_of_work
        self._stripe = stripe
        self._webhook = webhook
        self._clock = clock
        self._every = timedelta(seconds=every_seconds)
        self._loop = DueLoop(self.ask, self._next, clock=clock, look_seconds_max=min(LOOK_SECONDS_MAX, every_seconds))
        self.run = self._loop.run

    async def ask(self) -> int:
        """Read what is new, when it is due; how many events had not come by themselves. Raises StripeUnavailable."""
        async with self._uow.begin() as transaction:
            claimed = await claim_reading(transaction, every=self._every)
        if claimed is None:
            return 0
        begun = self._clock()
        since = max(claimed.read_until or begun - STRIPE_KEEPS, begun - STRIPE_KEEPS)
        missed, read_until = 0, begun - OVERLAP
        # Oldest first, as they would have come.
        listed = [found async for found in self._stripe.events(EVENTS, since=since)]
        async with self._uow.read() as connection:
            ids = [str(found.get("id")) for found in listed]
            unknown = await unknown_events(connection, [one for one in ids if VISIBLE.fullmatch(one)])
        for found in reversed(listed):
            if str(found.get("id")) in unknown:
                taken = await self._take(found)
                missed += taken or 0
                if taken is None:
                    read_until = min(read_until, created_of(found) or read_until)
        async with self._uow.begin() as transaction:
            await note_read(transaction, until=read_until)
        if missed:
            log.warning("events of stripe whose webhooks had not come", count=missed)
        return missed

    async def _take(self, found: dict[str, object]) -> bool | None:
        """Whether an event is new; None when it cannot be taken, now."""
        try:
            return await self._webhook.take_listed(found) != "repeated"
        except NotAnEvent as error:
            self._webhook.count_failed()
            log.error("stripe lists what is no event", event_id=str(found.get("id")), error=str(error))
            return False
        except Exception as error:
            if is_outage(error):
                raise
            self._webhook.count_failed()
            log.exception("an event that stripe lists cannot be taken", event_id=str(found.get("id")))
            return None

    async def _next(self) -> datetime | None:
        async with self._uow.read() as connection:
            read_at = await next_reading(connection)
        return None if read_at is None else read_at + self._every


def created_of(found: dict[str, object]) -> datetime | None:
    """When an event happened, as far as it says so."""
    created = found.get("created")
    return datetime.fromtimestamp(created, UTC) if isinstance(created, int) and 0 <= created < 2**33 else None
