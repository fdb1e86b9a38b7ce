"""Outputs that the predictor stored and nobody collected are deleted after some days."""

import os
import time
from pathlib import Path

import pytest
from darkroom_poller import sweep_staged
from support.kafka import Log
from support.poller_world import poller_world
from support.provider_double import provider_double
from support.service import eventually

DAY_SECONDS = 86_400
LEFTOVERS = 25


async def test_leftovers_are_deleted_soon_after_the_start_and_nothing_else_is(
    log: Log, database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_staged, "BATCH_OBJECTS", 10)
    now = time.time()
    old = [_object(tmp_path / f"staged/old{number}", now - 2.1 * DAY_SECONDS) for number in range(LEFTOVERS)]
    young = _object(tmp_path / "staged/young", now - 1.9 * DAY_SECONDS)
    result = _object(tmp_path / "results/ab/cd.jpg", now - 1_000 * DAY_SECONDS)
    async with (
        provider_double() as double,
        poller_world(log, database_url, redis_url, double, tmp_path, staged_keep_days=2),
    ):

        async def no_leftover_is_there() -> bool:
            return not any(path.exists() for path in old)

        await eventually(no_leftover_is_there)
    assert young.exists()
    assert result.exists()


def _object(path: Path, modified_at: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"picture")
    os.utime(path, (modified_at, modified_at))
    return path
