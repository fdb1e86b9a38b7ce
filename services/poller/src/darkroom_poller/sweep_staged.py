"""Deletes outputs under `staged/` that nobody collected: the poller died before it deleted one, or its picture was unusable.

The predictor stores them there (decision 0058); once the result has its own place, the collector deletes each at once. Deleting
one twice does no harm, so every replica sweeps.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from darkroom_servicekit.storage import ObjectStore, StorageUnavailable

STAGED = "staged"
BATCH_OBJECTS = 500
BATCHES_MAX = 200
"""In one sweep; the next one goes on."""
BATCH_SECONDS_MAX = 60.0

log = structlog.get_logger()


async def sweep_staged(storage: ObjectStore, *, keep_days: int) -> None:
    """Delete the staged outputs that are older than `keep_days`, in bounded batches. Never raises for the storage."""
    before = datetime.now(UTC) - timedelta(days=keep_days)
    deleted = 0
    try:
        for _ in range(BATCHES_MAX):
            async with asyncio.timeout(BATCH_SECONDS_MAX):
                batch = await storage.delete_older(STAGED, before=before, limit=BATCH_OBJECTS)
            deleted += batch
            if batch < BATCH_OBJECTS:
                break
    except (StorageUnavailable, TimeoutError) as error:
        log.warning("staged outputs are not swept now, the next sweep tries again", error=str(error)[:200])
    if deleted:
        log.info("staged outputs that nobody collected were deleted", deleted=deleted)
