"""Deletes old outputs: those under `staged/` that nobody collected, and those under `unusable/` that were kept for operators.

The predictor stores staged outputs (decision 0058); once the result has its own place, the collector deletes each at once.
Deleting one twice does no harm, so every replica sweeps.
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


async def sweep_staged(storage: ObjectStore, *, keep_days: int, folder: str = STAGED) -> None:
    """Delete the outputs in `folder` that are older than `keep_days`, in bounded batches. Never raises for the storage."""
    before = datetime.now(UTC) - timedelta(days=keep_days)
    deleted = 0
    try:
        for _ in range(BATCHES_MAX):
            async with asyncio.timeout(BATCH_SECONDS_MAX):
                batch = await storage.delete_older(folder, before=before, limit=BATCH_OBJECTS)
            deleted += batch
            if batch < BATCH_OBJECTS:
                break
    except (StorageUnavailable, TimeoutError) as error:
        log.warning("outputs are not swept now, the next sweep tries again", folder=folder, error=str(error)[:200])
    if deleted:
        log.info("outputs that nobody needs any more were deleted", folder=folder, deleted=deleted)
