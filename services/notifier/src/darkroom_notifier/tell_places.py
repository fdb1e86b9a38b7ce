"""Tells those who watch where their jobs stand and when they should be done, as the queue moves: once a second at most.

Only tenants with a socket in this process are looked after; several processes that look after one tenant would say the same of
the same measurement, and the history files it once. A place is progress alone: nothing is held up or repeated for it, and no
more than a tenth of the process goes into it, so that under load places come more seldom and ends as fast as ever.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from darkroom_contracts.envelope import utc_text
from darkroom_servicekit.queue_view import QueueView

from darkroom_notifier.history import EventFrames, History, HistoryUnavailable
from darkroom_notifier.protocol import frame_body

ROUND_SECONDS = 1.0
SHARE_MAX = 0.1
"""Of the process' time: after a round it rests nine times as long as the round took."""
JOBS_MAX = 20
"""Of a tenant in one round: those whose turn comes first."""
POSITION_SHARE, POSITION_STEP = 0.05, 1
FINISH_SHARE, FINISH_SECONDS = 0.1, 2.0
"""A change is notable from this share of what it was on, and from this much."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Standing:
    """Where a job stands: its next picture's place, and when its last result should be there (None: no telling)."""

    position: int
    finishes_at: datetime | None

    def notably_differs(self, before: "Standing | None", now: datetime) -> bool:
        """Whether whoever was told `before` should be told this."""
        if before is None or (self.finishes_at is None) != (before.finishes_at is None):
            return True
        if abs(self.position - before.position) >= max(POSITION_STEP, POSITION_SHARE * before.position):
            return True
        if self.finishes_at is None or before.finishes_at is None:
            return False
        left = max(0.0, (before.finishes_at - now).total_seconds())
        return abs((self.finishes_at - before.finishes_at).total_seconds()) >= max(FINISH_SECONDS, FINISH_SHARE * left)

    def data(self, job_id: int) -> dict[str, Any]:
        """As a page is told it."""
        finish = None if self.finishes_at is None else utc_text(self.finishes_at)
        return {"jobId": job_id, "position": self.position, "expectedFinishAt": finish}


class TellPlaces:
    """`run` for ever. `watched`: the tenants with sockets here."""

    def __init__(self, view: QueueView, history: History, watched: Callable[[], Sequence[str]]) -> None:
        self._view = view
        self._history = history
        self._watched = watched
        self._told: dict[str, dict[int, Standing]] = {}

    async def run(self) -> None:
        """Tell after each change of the queue, until cancelled."""
        while True:
            await self._view.changed()
            began = time.monotonic()
            await self.tell(datetime.now(UTC))
            await asyncio.sleep(max(ROUND_SECONDS, (time.monotonic() - began) * (1 / SHARE_MAX - 1)))

    async def tell(self, now: datetime) -> None:
        """Tell what has notably changed for those who watch."""
        told: dict[str, dict[int, Standing]] = {}
        frames: dict[str, list[EventFrames]] = {}
        for tenant in self._watched():
            told[tenant], news = await self._news(tenant, now)
            if news:
                frames[tenant] = news
        try:
            if frames:
                await self._history.append(frames)
        except HistoryUnavailable as error:
            log.warning("places not told", tenants=len(frames), error=str(error)[:200])
            return
        self._told = told

    async def _news(self, tenant: str, now: datetime) -> tuple[dict[int, Standing], list[EventFrames]]:
        """What the tenant knows after this round, and the frames that say what is new of it."""
        before = self._told.get(tenant, {})
        told: dict[int, Standing] = {}
        frames = []
        for job_id, waiting in self._waiting(tenant).items():
            await asyncio.sleep(0)  # frames of what has happened go first: a place takes up to a millisecond to work out
            found = self._standing(tenant, job_id, waiting, now)
            if found is None:
                continue
            name, standing = found
            known = before.get(job_id)
            if known is not None and not standing.notably_differs(known, now):
                told[job_id] = known
                continue
            told[job_id] = standing
            body = frame_body("job.updated", utc_text(now), standing.data(job_id))
            frames.append(EventFrames(f"{name}:{job_id}", (body,)))
        return told, frames

    def _waiting(self, tenant: str) -> dict[int, tuple[str, int]]:
        """Of each waiting job where it waits, and how many items; the next jobs first."""
        waiting = self._view.waiting_jobs(tenant)[:JOBS_MAX]
        return {job_id: (provider, items) for provider, job_id, items in waiting if items}

    def _standing(self, tenant: str, job_id: int, waiting: tuple[str, int], now: datetime) -> tuple[str, Standing] | None:
        """The name of the measurement and of the tenant's part of it, and where the job stands by it."""
        provider, items = waiting
        outlook = self._view.outlook(tenant, provider)
        if outlook is None:
            return None
        first, last = outlook.of_ends(job_id, items, now=now)
        # The two are read apart, and one may change without the other: each pair of them is news of its own.
        times = ":".join(utc_text(at) for at in (outlook.measured_at, outlook.own_at or outlook.measured_at))
        name = f"queue:{provider}:{outlook.queue.epoch}:{times}"
        return name, Standing(first.position, last.finishes_at)
