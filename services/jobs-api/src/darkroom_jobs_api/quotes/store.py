"""Each tenant's balance as the last event of credits showed it. An older event never overwrites a newer one."""

from collections.abc import Sequence
from typing import TypeVar

from darkroom_contracts.balances import BalanceEvent
from darkroom_contracts.credits import Balances
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

B = TypeVar("B", bound=BalanceEvent)

SEE = text(
    """
    INSERT INTO balances_seen (instance_id, sequence, available, held)
    SELECT * FROM unnest(
        CAST(:instance_ids AS text[]), CAST(:sequences AS bigint[]), CAST(:available AS bigint[]), CAST(:held AS bigint[])
    )
    ON CONFLICT (instance_id) DO UPDATE
    SET sequence = excluded.sequence, available = excluded.available, held = excluded.held
    WHERE balances_seen.sequence < excluded.sequence
    """
)
AVAILABLE = text("SELECT available FROM balances_seen WHERE instance_id = :instance_id")


async def see_balances(transaction: Transaction, batch: Sequence[Received[B]]) -> None:
    """Keep the newest balances of a batch, by their writer's sequence; tenants in a fixed order, so that nobody deadlocks."""
    newest: dict[str, tuple[int, Balances]] = {}
    for received in batch:
        sequence = received.envelope.sequence or 0
        known = newest.get(received.event.instance_id)
        if known is None or known[0] <= sequence:
            newest[received.event.instance_id] = (sequence, received.event.balances)
    instance_ids = sorted(newest)
    values = {
        "instance_ids": instance_ids,
        "sequences": [newest[instance_id][0] for instance_id in instance_ids],
        "available": [newest[instance_id][1].available for instance_id in instance_ids],
        "held": [newest[instance_id][1].held for instance_id in instance_ids],
    }
    await transaction.execute(SEE, values)


async def available_credits(connection: AsyncConnection, instance_id: str) -> int:
    """What the tenant may spend, as far as has been heard; a tenant that credits never spoke of has nothing."""
    return int((await connection.execute(AVAILABLE, {"instance_id": instance_id})).scalar_one_or_none() or 0)
