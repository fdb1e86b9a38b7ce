"""All SQL on model_refusals and model_faults."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_predictor.items import Item

REFUSALS_WITHIN_SECONDS = 600.0
REFUSE = """
    INSERT INTO model_refusals (provider, model, field, instance_id)
    SELECT :provider, :model, field, :instance_id FROM unnest(CAST(:fields AS text[])) AS f (field)
    ORDER BY field
    ON CONFLICT (provider, model, field, instance_id) DO UPDATE SET refused_at = clock_timestamp()
"""
# A prediction that the model took since proves that the field's refusals before it were not the model's.
REFUSING_TENANTS = """
    WITH taken AS (
        SELECT max(a.granted_at) AS at FROM attempts a JOIN queue_items q USING (item_id)
        WHERE a.provider = :provider AND q.model = :model AND a.prediction_id IS NOT NULL
          AND a.granted_at > clock_timestamp() - make_interval(secs => :within_seconds)
    )
    SELECT coalesce(max(tenants), 0) FROM (
        SELECT count(*) AS tenants FROM model_refusals r, taken
        WHERE r.provider = :provider AND r.model = :model AND r.field = ANY(CAST(:fields AS text[]))
          AND r.refused_at > greatest(taken.at, clock_timestamp() - make_interval(secs => :within_seconds))
        GROUP BY r.field
    ) counted
"""
FORGET_REFUSALS = """
    DELETE FROM model_refusals WHERE (provider, model, field, instance_id) IN (
        SELECT provider, model, field, instance_id FROM model_refusals
        WHERE refused_at < clock_timestamp() - make_interval(secs => :within_seconds)
        LIMIT :limit FOR UPDATE SKIP LOCKED
    )
"""
FAULT = """
    INSERT INTO model_faults AS f (provider, model, code, detail) VALUES (:provider, :model, :code, :detail)
    ON CONFLICT (provider, model) DO UPDATE SET code = excluded.code, detail = excluded.detail
    RETURNING f.xmax = 0 AS is_new
"""
FAULTS = text("SELECT provider, model, code, detail FROM model_faults ORDER BY provider, model")
MENDED = """
    DELETE FROM model_faults
    WHERE provider = :provider AND model <> ALL(CAST(:closed AS text[]))
      AND since < clock_timestamp() - make_interval(secs => :settled_seconds)
    RETURNING model
"""


@dataclass(frozen=True, kw_only=True)
class ModelFault:
    """A model that is closed for a fault of ours, and the provider's answer."""

    provider: str
    model: str
    code: str
    detail: str


async def count_refusing_tenants(transaction: Transaction, item: Item, fields: Sequence[str]) -> int:
    """Record the refusal; return how many tenants were refused for one of these fields since the model last took a call."""
    values = {"provider": item.provider, "model": item.model, "fields": sorted(set(fields))}
    await transaction.execute(REFUSE, values | {"instance_id": item.instance_id})
    counted = await transaction.execute(REFUSING_TENANTS, values | {"within_seconds": REFUSALS_WITHIN_SECONDS})
    return int(counted.scalar_one())


async def record_fault(transaction: Transaction, item: Item, *, code: str, detail: str) -> bool:
    """Record that the item's model is closed for a fault of ours; return whether that is new."""
    values = {"provider": item.provider, "model": item.model, "code": code, "detail": detail}
    is_new: bool = (await transaction.execute(FAULT, values)).scalar_one()
    return is_new


async def read_faults(connection: AsyncConnection) -> list[ModelFault]:
    """Return the models that are closed for a fault of ours."""
    return [ModelFault(**row._mapping) for row in await connection.execute(FAULTS)]


async def forget_mended(transaction: Transaction, provider: str, closed: Collection[str], *, settled_seconds: float) -> list[str]:
    """Forget the faults of models that are called again (`closed`: those that are not); return the models.

    A fault younger than `settled_seconds` stays: its model's breaker may be about to open.
    """
    values = {"provider": provider, "closed": sorted(closed), "settled_seconds": settled_seconds}
    return list((await transaction.execute(MENDED, values)).scalars())


async def forget_refusals(unit_of_work: UnitOfWork) -> None:
    """Delete the refusals that are too old to be counted, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        values = {"within_seconds": REFUSALS_WITHIN_SECONDS, "limit": limit}
        return (await transaction.execute(FORGET_REFUSALS, values)).rowcount

    await forget(unit_of_work, "model refusals", forget_some)
