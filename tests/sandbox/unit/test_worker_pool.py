"""The pool of picture workers: real processes, as few and as short-lived as promised."""

import asyncio
from pathlib import Path

import pytest
from darkroom_sandbox.pictures.worker_pool import PictureFault, PictureOrder, PicturePool


def order(target: Path) -> PictureOrder:
    return PictureOrder("google/nano-banana", {"prompt": "x"}, target)


async def test_workers_start_when_needed_and_stop_when_idle(tmp_path: Path) -> None:
    pool = PicturePool(idle_seconds=1.0)
    assert pool.workers == 0
    await asyncio.gather(*(pool.paint(order(tmp_path / f"{n}.jpg"), b"") for n in range(5)))
    assert 1 <= pool.workers <= 2
    assert all((tmp_path / f"{n}.jpg").read_bytes().startswith(b"\xff\xd8") for n in range(5))
    async with asyncio.timeout(60):
        while pool.workers:
            await asyncio.sleep(0.02)
    await pool.close()


async def test_a_bad_picture_does_not_cost_the_worker(tmp_path: Path) -> None:
    pool = PicturePool()
    with pytest.raises(PictureFault):
        await pool.paint(order(tmp_path / "a.jpg"), b"no picture")
    assert pool.workers == 1
    await pool.paint(order(tmp_path / "b.jpg"), b"")
    assert (tmp_path / "b.jpg").exists()
    await pool.close()
    assert pool.workers == 0
