"""Picture work in separate processes: at most two, started when needed, stopped when idle.

The web process never loads an image library nor blocks on a picture; a worker that dies or hangs costs one prediction.
"""

import asyncio
import json
import struct
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom_sandbox.pictures.formats import OutputFormat

WORKERS_MAX = 2
IDLE_SECONDS = 30.0
WORK_SECONDS = 30.0
"""Longest a single picture may take, the worker's start included."""
ANSWER_BYTES_MAX = 100_000

AS_IT_IS = "as-it-is"
"""The painter that changes nothing, for a picture that is only to be converted."""

_LENGTHS = struct.Struct("!II")
_LENGTH = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class PictureOrder:
    """One piece of work: the model, its input, the file to write and the format of it (None: as the input asks)."""

    model: str
    input: Mapping[str, Any]
    target: Path
    output_format: OutputFormat | None = None


class PictureFault(Exception):
    """The picture itself is at fault: trying again will not help."""


class PictureWorkBroke(Exception):
    """The worker died or took too long."""


class _Worker:
    """One process: takes frames of order and picture, answers frames of JSON (see `pictures/worker.py`)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self.idle_since = 0.0

    @classmethod
    async def start(cls) -> "_Worker":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "darkroom_sandbox.pictures.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def ask(self, order: Mapping[str, Any], picture: bytes) -> dict[str, Any]:
        head = json.dumps(order).encode()
        self._stdin.writelines((_LENGTHS.pack(len(head), len(picture)), head, picture))
        await self._stdin.drain()
        (length,) = _LENGTH.unpack(await self._stdout.readexactly(_LENGTH.size))
        if length > ANSWER_BYTES_MAX:
            raise PictureWorkBroke("the worker's answer is too long")
        answer: dict[str, Any] = json.loads(await self._stdout.readexactly(length))
        return answer

    async def stop(self) -> None:
        """Kills it: between pictures there is nothing to lose."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


class PicturePool:
    """Gives picture work to workers. `place()` bounds how many pictures are in memory, fetching included."""

    def __init__(self, *, workers_max: int = WORKERS_MAX, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._places = asyncio.Semaphore(workers_max + 1)
        self._turns = asyncio.Semaphore(workers_max)
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._reaper: asyncio.Task[None] | None = None

    @property
    def workers(self) -> int:
        """How many processes there are now."""
        return len(self._all)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place in the workshop: one more than there are workers, so that fetching overlaps with painting."""
        async with self._places:
            yield

    async def paint(self, order: PictureOrder, picture: bytes) -> None:
        """Has the picture painted into the order's target. Raises PictureFault or PictureWorkBroke."""
        head = {"model": order.model, "input": order.input, "target": str(order.target), "format": order.output_format}
        async with self._turns:
            worker = self._idle.pop() if self._idle else await self._start()
            try:
                async with asyncio.timeout(WORK_SECONDS):
                    answer = await worker.ask(head, picture)
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                await self._drop(worker)
                raise PictureWorkBroke(repr(error)) from error
            except BaseException:
                await self._drop(worker)  # cancelled half-way: its late answer must not meet the next order
                raise
            worker.idle_since = time.monotonic()
            self._idle.append(worker)
            self._reap_later()
        if answer.get("fault"):
            raise PictureFault(answer["fault"])
        if answer.get("broke"):
            raise PictureWorkBroke(answer["broke"])

    async def close(self) -> None:
        """Stops all workers."""
        if self._reaper is not None:
            self._reaper.cancel()
        for worker in tuple(self._all):
            await self._drop(worker)

    async def _start(self) -> _Worker:
        worker = await _Worker.start()
        self._all.add(worker)
        return worker

    async def _drop(self, worker: _Worker) -> None:
        self._all.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        await worker.stop()

    def _reap_later(self) -> None:
        if self._reaper is None or self._reaper.done():
            self._reaper = asyncio.get_running_loop().create_task(self._reap())

    async def _reap(self) -> None:
        """Stops workers idle for long; ends when there is none left."""
        while self._all:
            await asyncio.sleep(self._idle_seconds / 2)
            for worker in tuple(self._idle):
                if time.monotonic() - worker.idle_since >= self._idle_seconds:
                    await self._drop(worker)
