"""The pool of picture workers: real processes, as few and as short-lived as promised."""

import asyncio
from pathlib import Path

import pytest
from darkroom_sandbox.pictures.worker_pool import PictureFault, PicturePool


async def test_workers_start_when_needed_and_stop_when_idle(tmp_path: Path) -> None:
    pool = PicturePool(idle_seconds=1.0)
    assert pool.workers == 0
    orders = (pool.paint("google/nano-banana", {"prompt": "x"}, b"", tmp_path / f"{n}.jpg") for n in range(5))
    await asyncio.gather(*orders)
    assert 1 <= pool.workers <= 2
    assert all((tmp_path / f"{n}.jpg").read_bytes().startswith(b"\xff\xd8") for n in range(5))
    async with asyncio.timeout(60):
        while pool.workers:
            await asyncio.sleep(0.02)
    await pool.close()


async def test_a_bad_picture_does_not_cost_the_worker(tmp_path: Path) -> None:
    pool = PicturePool()
    with pytest.raises(PictureFault):
        await pool.paint("google/nano-banana", {"prompt": "x"}, b"no picture", tmp_path / "a.jpg")
    assert pool.workers == 1
    await pool.paint("google/nano-banana", {"prompt": "x"}, b"", tmp_path / "b.jpg")
    assert (tmp_path / "b.jpg").exists()
    await pool.close()
    assert pool.workers == 0
