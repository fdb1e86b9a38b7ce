"""The jobs' part of the doctor: jobs that do not get on, items whose end never came, ends that not everybody heard.

What is told or asked again is what was told or asked before, so whoever knows it already changes nothing.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog
from darkroom_contracts.envelope import Envelope
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.doctor import Doctor, Thing, numbers

from darkroom_jobs_api.catalogue.store import CatalogueStore
from darkroom_jobs_api.jobs.doctor_store import DoctorTable, ended_jobs, items_to_ask_again
from darkroom_jobs_api.jobs.follow_items import job_finished
from darkroom_jobs_api.jobs.release_items import item_requested

GoOn = Callable[[], Awaitable[object]]

log = structlog.get_logger()


class JobsDoctor:
    """Looks and mends. `go_on` does now what the loops that release and stop items do by themselves."""

    def __init__(self, unit_of_work: UnitOfWork, catalogue: CatalogueStore, go_on: Sequence[GoOn]) -> None:
        self._unit_of_work = unit_of_work
        self._catalogue = catalogue
        self._go_on = go_on
        self._table = DoctorTable(unit_of_work)

    def register(self, doctor: Doctor) -> None:
        """Hand it all to the service's door."""
        doctor.finds("undecided", "jobs whose credits nobody has decided on", self._table.undecided)
        doctor.finds("unasked", "jobs whose items are not all asked for", self._table.unasked, repair=("go on now", self.go_on))
        doctor.finds("uncounted", "jobs without an end whose items have all ended", self._table.uncounted)
        doctor.has_open("items", self._open_items)
        doctor.mends("items", self.ask_again)
        doctor.knows("jobs", self._known_jobs)
        doctor.mends("jobs", self.tell_ends)

    async def _open_items(self, after: str, older_seconds: float) -> list[Thing]:
        return await self._table.open_items(int(after or 0), older_seconds)

    async def _known_jobs(self, ids: Sequence[str]) -> list[Thing]:
        return await self._table.jobs(numbers(ids))

    async def go_on(self, ids: Sequence[str]) -> int:
        for some in self._go_on:
            await some()
        return len(ids)

    async def ask_again(self, ids: Sequence[str]) -> int:
        """Ask for items again that have not begun; with the time of the first asking, so that what is too old stays refused."""
        async with self._unit_of_work.begin() as transaction:
            rows = await items_to_ask_again(transaction, numbers(ids))
            names = sorted({row.product for row in rows})
            products = await self._catalogue.known(transaction.connection, names, now=transaction.now)
            asked = 0
            for row in rows:
                try:
                    event = item_requested(row, row, products, at=row.requested_at)
                except Exception as error:  # the same item stays found; the others are asked for
                    log.error("item cannot be asked for", job_id=row.job_id, item_id=row.id, error=repr(error))
                    continue
                transaction.publish(event, cause=Envelope.from_headers(row.decision_envelope))
                asked += 1
        return asked

    async def tell_ends(self, ids: Sequence[str]) -> int:
        """Tell again how jobs ended: whoever holds credits for them settles by their totals."""
        async with self._unit_of_work.begin() as transaction:
            jobs = await ended_jobs(transaction, numbers(ids))
            for job, error in jobs:
                transaction.publish(job_finished(job, job.totals, error).model_copy(update={"told_again": True}))
        return len(jobs)
