"""Use case: each version of the credits' price is told to the platform once, by whichever replica sees it first.

It is told as soon as it stands in the table, also when it holds only from a later time: readers go by that time.
"""

import asyncio

import structlog
from darkroom_contracts.credits import CreditPriceSet
from darkroom_contracts.topics import PLATFORM_KEY
from darkroom_servicekit.database import UnitOfWork
from sqlalchemy import text

LOOK_SECONDS = 300.0
"""New prices are rows that come with a release or from an operator's hand."""

TAKE_UNTOLD = text(
    """
    UPDATE credit_prices SET told_at = :now WHERE told_at IS NULL
    RETURNING version AS price_version, currency, minor_per_thousand, credits_min, credits_max, valid_from
    """
)

log = structlog.get_logger()


class TellPrices:
    """Tells at the start, then looks now and then."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._uow = unit_of_work

    async def run(self) -> None:
        """Tell, for ever. Raises when the database is away, to be tried again."""
        while True:
            await self.tell()
            await asyncio.sleep(LOOK_SECONDS)

    async def tell(self) -> int:
        """Tell of what is untold; how many versions that were."""
        async with self._uow.begin() as transaction:
            rows = (await transaction.execute(TAKE_UNTOLD, {"now": transaction.now})).all()
            for row in sorted(rows, key=lambda row: int(row.price_version)):
                transaction.publish(CreditPriceSet(instance_id=PLATFORM_KEY, **row._mapping))
        if rows:
            log.info("prices of credits told", versions=sorted(row.price_version for row in rows))
        return len(rows)
