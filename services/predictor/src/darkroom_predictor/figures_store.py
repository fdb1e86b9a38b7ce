"""Figures of tenants from the tables: what waits, runs, started in the last window, and how long items had waited. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass

from darkroom_servicekit.database import UnitOfWork
from sqlalchemy import text

WAITS_SECONDS = 600.0
WAITS_MAX = 20_000
"""Percentiles are of the starts of the last ten minutes, of the newest so many."""

WAITING = """
    SELECT instance_id, count(*) AS waiting,
           extract(epoch FROM clock_timestamp() - min(greatest(queued_at, not_before)) FILTER (
               WHERE not_before IS NULL OR not_before <= clock_timestamp()
           ))::float8 AS oldest
    FROM queue_items WHERE state = 'QUEUED' GROUP BY instance_id
"""
IN_FLIGHT = """
    SELECT q.instance_id, count(*) AS in_flight FROM attempts a JOIN queue_items q USING (item_id)
    WHERE a.state IN ('CALLING', 'CREATED', 'UNKNOWN') GROUP BY q.instance_id
"""
STARTED = """
    SELECT q.instance_id, count(*) AS started FROM attempts a JOIN queue_items q USING (item_id)
    WHERE a.provider = ANY(CAST(:providers AS text[]))
      AND a.granted_at > clock_timestamp() - make_interval(secs => :window_seconds)
    GROUP BY q.instance_id
"""
WAITED = """
    SELECT q.instance_id, percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY a.waited_seconds) AS waits
    FROM (
        SELECT item_id, waited_seconds FROM attempts
        WHERE provider = ANY(CAST(:providers AS text[])) AND waited_seconds IS NOT NULL
          AND granted_at > clock_timestamp() - make_interval(secs => :waits_seconds)
        ORDER BY granted_at DESC LIMIT :waits_max
    ) a JOIN queue_items q USING (item_id) GROUP BY q.instance_id
"""
FIGURES = text(
    f"""
    WITH waiting AS ({WAITING}), in_flight AS ({IN_FLIGHT}), started AS ({STARTED}), waited AS ({WAITED})
    SELECT instance_id, coalesce(waiting, 0) AS waiting, oldest, coalesce(in_flight, 0) AS in_flight,
           coalesce(started, 0) AS started, waits
    FROM waiting FULL JOIN in_flight USING (instance_id) FULL JOIN started USING (instance_id)
         FULL JOIN waited USING (instance_id)
    """  # noqa: S608  # constants only
)

USUAL = text(
    """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - granted_at))::float8
    FROM (
        SELECT state, granted_at, ended_at FROM attempts
        WHERE provider = :provider AND granted_at > clock_timestamp() - make_interval(secs => :waits_seconds)
        ORDER BY granted_at DESC LIMIT :usual_max
    ) lately WHERE state = 'DONE'
    """
)
EXPECTED = text("SELECT expected_seconds FROM queue_items WHERE provider = :provider ORDER BY item_id DESC LIMIT 1")
USUAL_MAX = 500


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a tenant stands now. Waits are of its recent starts: median, 95th and 99th hundredth, in seconds."""

    waiting: int = 0
    oldest_seconds: float | None = None
    in_flight: int = 0
    started: int = 0
    waits: tuple[float, float, float] | None = None


async def read_standings(unit_of_work: UnitOfWork, providers: Sequence[str], *, window_seconds: float) -> dict[str, Standing]:
    """Every tenant that has something waiting, running or lately started."""
    values = {
        "providers": list(providers),
        "window_seconds": window_seconds,
        "waits_seconds": WAITS_SECONDS,
        "waits_max": WAITS_MAX,
    }
    async with unit_of_work.read() as connection:
        return {
            row.instance_id: Standing(
                waiting=row.waiting,
                oldest_seconds=row.oldest,
                in_flight=row.in_flight,
                started=row.started,
                waits=None if row.waits is None else (row.waits[0], row.waits[1], row.waits[2]),
            )
            for row in await connection.execute(FIGURES, values)
        }


async def usual_seconds(unit_of_work: UnitOfWork, provider: str) -> float | None:
    """How long an item takes from its start to its result, by the median of the latest; else what its product expects."""
    async with unit_of_work.read() as connection:
        values = {"provider": provider, "waits_seconds": WAITS_SECONDS, "usual_max": USUAL_MAX}
        measured: float | None = (await connection.execute(USUAL, values)).scalar_one()
        if measured is not None:
            return measured
        expected: float | None = (await connection.execute(EXPECTED, {"provider": provider})).scalar_one_or_none()
        return expected
