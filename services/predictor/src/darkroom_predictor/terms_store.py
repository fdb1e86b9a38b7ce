"""All SQL on tenants: each one's plan as credits told it last, and what operators have set over it. Rows are never deleted."""

from collections.abc import Sequence
from typing import Any

from darkroom_contracts.credits import PlanChanged
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.stages import Received
from sqlalchemy import text

from darkroom_predictor.terms import Terms

COLUMNS = "instance_id, plan, plan_weight, plan_cap, own_weight, own_cap, concurrency, requests_per_minute, paused, revision"
# Every change of a row raises its revision, so the sum over all rows names the state of the whole table.
SEE_PLANS = f"""
    INSERT INTO tenants AS t (instance_id, plan, plan_weight, plan_cap, plan_sequence, revision)
    SELECT *, 1 FROM unnest(
        CAST(:instances AS text[]), CAST(:plans AS text[]), CAST(:weights AS double precision[]), CAST(:caps AS integer[]),
        CAST(:sequences AS bigint[])
    )
    ON CONFLICT (instance_id) DO UPDATE SET
        plan = excluded.plan, plan_weight = excluded.plan_weight, plan_cap = excluded.plan_cap,
        plan_sequence = excluded.plan_sequence, revision = t.revision + 1
    WHERE t.plan_sequence < excluded.plan_sequence
    RETURNING {COLUMNS}
"""  # noqa: S608  # constants only
LOCK = f"""
    INSERT INTO tenants AS t (instance_id) VALUES (:instance)
    ON CONFLICT (instance_id) DO UPDATE SET revision = t.revision RETURNING {COLUMNS}
"""  # noqa: S608  # constants only
WRITE = """
    UPDATE tenants SET own_weight = :own_weight, own_cap = :own_cap, concurrency = :concurrency,
        requests_per_minute = :requests_per_minute, paused = :paused, revision = revision + 1
    WHERE instance_id = :instance RETURNING revision
"""
ALL = text(f"SELECT {COLUMNS} FROM tenants ORDER BY instance_id")  # noqa: S608  # constants only
OWN_REQUESTS = text("SELECT instance_id, requests_per_minute FROM tenants WHERE requests_per_minute IS NOT NULL")
STAMP = text("SELECT coalesce(sum(revision), 0)::bigint FROM tenants")


async def see_plans(transaction: Transaction, batch: Sequence[Received[PlanChanged]]) -> list[Terms]:
    """Keep each tenant's newest plan by its writer's sequence: neither a replay nor an old event wins. Those that changed."""
    newest: dict[str, Received[PlanChanged]] = {}
    for received in batch:
        known = newest.get(received.event.instance_id)
        if known is None or _sequence(known) <= _sequence(received):
            newest[received.event.instance_id] = received
    ordered = [newest[instance] for instance in sorted(newest)]
    values = {
        "instances": [one.event.instance_id for one in ordered],
        "plans": [one.event.plan for one in ordered],
        "weights": [float(one.event.weight) for one in ordered],
        "caps": [one.event.cap_per_minute for one in ordered],
        "sequences": [_sequence(one) for one in ordered],
    }
    return [_terms(row) for row in await transaction.execute(SEE_PLANS, values)]


async def lock_terms(transaction: Transaction, instance_id: str) -> Terms:
    """The tenant's terms, its row locked; made where there was none."""
    return _terms((await transaction.execute(LOCK, {"instance": instance_id})).one())


async def write_terms(transaction: Transaction, terms: Terms) -> int:
    """Write what an operator has set of a locked tenant; the row's new revision."""
    values = {
        "instance": terms.instance_id,
        "own_weight": terms.own_weight,
        "own_cap": terms.own_cap,
        "concurrency": terms.concurrency,
        "requests_per_minute": terms.requests_per_minute,
        "paused": terms.paused,
    }
    revision: int = (await transaction.execute(WRITE, values)).scalar_one()
    return revision


class TermsTable:
    """Reads of the terms."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    async def all(self) -> tuple[int, list[Terms]]:
        """The table's stamp, and every tenant that anybody spoke of. What changes in between has a later stamp."""
        async with self._unit_of_work.read() as connection:
            stamp: int = (await connection.execute(STAMP)).scalar_one()
            return stamp, [_terms(row) for row in await connection.execute(ALL)]

    async def stamp(self) -> int:
        """A number that is another one after every change."""
        async with self._unit_of_work.read() as connection:
            stamp: int = (await connection.execute(STAMP)).scalar_one()
            return stamp

    async def own_requests(self) -> dict[str, int]:
        """Requests per minute of the tenants that have a number of their own."""
        async with self._unit_of_work.read() as connection:
            return {row.instance_id: row.requests_per_minute for row in await connection.execute(OWN_REQUESTS)}


def _sequence(received: Received[PlanChanged]) -> int:
    return received.envelope.sequence or 0


def _terms(row: Any) -> Terms:
    return Terms(**row._mapping)
