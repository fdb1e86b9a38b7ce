"""Outcomes into the table: many at once, through outages of the database, and one that cannot be written spoils no other."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.group_commit import GroupCommit
from darkroom_servicekit.outages import is_outage

from darkroom_predictor.fair_queue import Hints
from darkroom_predictor.record_outcomes import EndedCall, RecordOutcomes
from darkroom_predictor.stage_outputs import StageOutputs

RETRY_SECONDS_FIRST = 0.1
RETRY_SECONDS_MAX = 5.0

log = structlog.get_logger()


class WriteOutcomes:
    """Call it with a call that has ended; it returns when that is committed. Raises what makes this one unwritable."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        record_outcomes: RecordOutcomes,
        tell: Callable[[Mapping[str, Hints]], None],
        *,
        stage_outputs: StageOutputs,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._record_outcomes = record_outcomes
        self._tell = tell
        self._stage_outputs = stage_outputs
        self._commits: GroupCommit[EndedCall, None] = GroupCommit(self._flush)

    async def __call__(self, ended: EndedCall) -> None:
        await self._commits.submit(replace(ended, outcome=await self._stage_outputs(ended.outcome)))

    async def _flush(self, batch: list[EndedCall]) -> Sequence[Exception | None]:
        try:
            await self._write_through_outages(batch)
        except Exception as error:
            if len(batch) == 1:
                return [error]
            return [result for one in batch for result in await self._flush([one])]
        return [None] * len(batch)

    async def _write_through_outages(self, batch: Sequence[EndedCall]) -> None:
        delay = RETRY_SECONDS_FIRST
        while True:
            try:
                async with self._unit_of_work.begin() as transaction:
                    hints = await self._record_outcomes(transaction, batch)
                self._tell(hints)
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("waiting for the database", outcomes=len(batch), error=repr(error)[:200], in_seconds=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_SECONDS_MAX)
            else:
                return
