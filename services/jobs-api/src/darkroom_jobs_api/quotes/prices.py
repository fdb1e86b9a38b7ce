"""What credits cost by card, as credits told of it: each version once, and the one that holds at a time."""

from collections.abc import Sequence
from datetime import datetime

from darkroom_contracts.credits import CreditPriceSet
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_jobs_api.quotes.quote import CreditPrice

SEE = text(
    """
    INSERT INTO credit_prices_seen (version, currency, minor_per_thousand, credits_min, credits_max, valid_from)
    SELECT * FROM unnest(
        CAST(:versions AS integer[]), CAST(:currencies AS text[]), CAST(:minors AS bigint[]), CAST(:mins AS bigint[]),
        CAST(:maxs AS bigint[]), CAST(:froms AS timestamptz[])
    )
    ON CONFLICT DO NOTHING
    """
)
HOLDS = text(
    """
    SELECT currency, minor_per_thousand, credits_min, credits_max FROM credit_prices_seen
    WHERE valid_from <= :now ORDER BY version DESC LIMIT 1
    """
)


async def see_prices(transaction: Transaction, batch: Sequence[Received[CreditPriceSet]]) -> None:
    """Keep the versions of a batch; a version never changes."""
    told = [received.event for received in batch]
    values = {
        "versions": [one.price_version for one in told],
        "currencies": [one.currency for one in told],
        "minors": [one.minor_per_thousand for one in told],
        "mins": [one.credits_min for one in told],
        "maxs": [one.credits_max for one in told],
        "froms": [one.valid_from for one in told],
    }
    await transaction.execute(SEE, values)


async def credit_price(connection: AsyncConnection, *, now: datetime) -> CreditPrice | None:
    """The price that holds now; None while credits has told of none."""
    row = (await connection.execute(HOLDS, {"now": now})).one_or_none()
    return CreditPrice(**row._mapping) if row else None
