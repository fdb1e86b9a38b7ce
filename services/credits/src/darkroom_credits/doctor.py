"""The credits' part of the doctor: what jobs hold, so that it can be compared with how they stand. It mends nothing itself.

Held credits move by the job's own events and by nothing else; a reservation whose job has ended waits to be told so.
"""

from collections.abc import Sequence

from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.doctor import FOUND_MAX, Doctor, Thing
from sqlalchemy import text

OPEN = text(
    f"""
    SELECT job_id::text AS id, instance_id, (amount - spent - released) || ' credits held' AS state,
           extract(epoch FROM clock_timestamp() - updated_at)::float8 AS age_seconds
    FROM reservations
    WHERE state = 'OPEN' AND job_id > CAST(:after AS bigint) AND updated_at < clock_timestamp() - make_interval(secs => :older)
    ORDER BY job_id LIMIT {FOUND_MAX}
    """  # noqa: S608 - our own constant
)


class CreditsDoctor:
    """Lists reservations that are open."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def register(self, doctor: Doctor) -> None:
        """Hand it to the service's door."""
        doctor.has_open("reservations", self._open)

    async def _open(self, after: str, older_seconds: float) -> Sequence[Thing]:
        async with self._unit_of_work.read() as connection:
            rows = await connection.execute(OPEN, {"after": int(after or 0), "older": older_seconds})
            return [Thing.model_validate(dict(row)) for row in rows.mappings()]
