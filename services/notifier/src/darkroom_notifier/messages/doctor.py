"""The notifier's part of the doctor: messages that are due and that no sender takes, and vendor accounts that are paused."""

from collections.abc import Callable, Sequence

from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.doctor import FOUND_MAX, Doctor, Thing
from sqlalchemy import text

DUE = text(
    f"""
    SELECT id::text AS id, instance_id, channel || ' ' || state AS state,
           extract(epoch FROM clock_timestamp() - not_before)::float8 AS age_seconds
    FROM messages
    WHERE state IN ('pending', 'sending') AND not_before < clock_timestamp() - make_interval(secs => :older)
    ORDER BY not_before LIMIT {FOUND_MAX}
    """  # noqa: S608 - our own constant
)
PAUSED = text(
    f"""
    SELECT account AS id, channel || ' paused: ' || coalesce(error_code, '') AS state,
           extract(epoch FROM clock_timestamp() - paused_at)::float8 AS age_seconds
    FROM vendor_accounts WHERE paused_at < clock_timestamp() - make_interval(secs => :older)
    ORDER BY paused_at LIMIT {FOUND_MAX}
    """  # noqa: S608 - our own constant
)


class MessagesDoctor:
    """Looks; mends by waking the senders."""

    def __init__(self, unit_of_work: UnitOfWork, wakers: Sequence[Callable[[], None]]) -> None:
        self._unit_of_work = unit_of_work
        self._wakers = wakers

    def register(self, doctor: Doctor) -> None:
        """Hand it to the service's door."""
        doctor.finds("message", "e-mails and SMS that are due and not sent", self.due, repair=("wake the senders", self.wake))
        doctor.finds("vendor-account", "accounts for e-mail and SMS that are paused: only trials are sent", self.paused)

    async def wake(self, ids: Sequence[str]) -> int:
        for wake in self._wakers:
            wake()
        return len(ids)

    async def due(self, older_seconds: float) -> list[Thing]:
        """Those that should have been sent so long ago, and neither were nor were given up."""
        async with self._unit_of_work.read() as connection:
            rows = await connection.execute(DUE, {"older": older_seconds})
            return [Thing.model_validate(dict(row)) for row in rows.mappings()]

    async def paused(self, older_seconds: float) -> list[Thing]:
        """The vendor accounts that have been paused for so long."""
        async with self._unit_of_work.read() as connection:
            rows = await connection.execute(PAUSED, {"older": older_seconds})
            return [Thing.model_validate(dict(row)) for row in rows.mappings()]
