"""The decoding children as the poller sees them: started when needed, killed when they take too long, ended when idle.

The poller itself imports no decoder; a picture can at worst cost a child.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from darkroom_poller.budget import Budget
from darkroom_poller.imaging_costs import MEMORY_BYTES_USUAL, PIXELS_USUAL, weight
from darkroom_poller.imaging_frames import ANSWER_HEAD, Answer, BrokenFrame, Order, pack_order, read_head
from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.picture_bytes import Kind

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
# `-I` ignores PYTHONPATH and the working directory, so the child would import the installed package even when this process runs
# another copy of it. The root leaves the path again before the decoders are imported: it may be a `site-packages` with modules
# that would come before those of the standard library.
START_CHILD = (
    f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); import darkroom_poller; del sys.path[0]; "
    "from darkroom_poller.imaging import main; main()"
)
COMMAND = (sys.executable, "-I", "-c", START_CHILD)
"""Isolated from the environment, with the code of this very process."""
IDLE_SECONDS_MAX = 30.0
PICTURES_MAX = 5_000
"""After this many a child is replaced, so that nothing a decoder leaks adds up."""
BLOCKS_KEPT = 4
"""Blocks of at most 16 MiB that a child keeps for its next picture: asking the kernel anew doubles the cost of a small one."""
STREAM_BYTES = 4 * 1024 * 1024
WRITE_BYTES = 1024 * 1024

log = structlog.get_logger()


class UnusablePicture(Exception):
    """The bytes are no picture that we take."""


class ImagingFailed(Exception):
    """A child died or took too long over a picture; another try may go better, once."""


@dataclass(frozen=True)
class ImageLimits:
    """What one picture may cost at most. `seconds_max` is for one of usual size, a larger one has more in proportion."""

    pixels_max: int
    thumbnail_pixels: int
    seconds_max: float
    memory_bytes_max: int = MEMORY_BYTES_USUAL
    """Of a child, whatever its order."""


class ImagingWorkers:
    """At most `count` children; `examine` waits for a free one.

    A picture that may have more than the usual pixels takes the place of as many usual ones, so that the memory of all children
    together stays bounded.
    """

    def __init__(self, count: int, limits: ImageLimits, metrics: PollerMetrics) -> None:
        self._limits = limits
        self._free: asyncio.LifoQueue[_Child] = asyncio.LifoQueue()  # the last used first, so that the others grow idle
        for _ in range(count):
            self._free.put_nowait(_Child(metrics, limits.memory_bytes_max))
        self._pixels = Budget(max(count * PIXELS_USUAL, limits.pixels_max))

    async def examine(self, data: bytes, *, pixels_max: int | None = None, kinds: tuple[Kind, ...] = ()) -> Answer:
        """Decode a picture of one of `kinds` (empty: of any) in a child. Raises UnusablePicture, ImagingFailed."""
        limits = self._limits
        order = Order(data, min(pixels_max or limits.pixels_max, limits.pixels_max), limits.thumbnail_pixels, kinds)
        async with self._pixels.hold(max(PIXELS_USUAL, order.pixels_max)):
            child = await self._free.get()
            try:
                answer = await child.examine(order, limits.seconds_max * weight(order.pixels_max))
            finally:
                self._free.put_nowait(child)
        if answer.refused:
            raise UnusablePicture(answer.refused)
        return answer

    async def aclose(self) -> None:
        """End all children."""
        while not self._free.empty():
            await self._free.get_nowait().end()


class _Child:
    """One process, while there is one."""

    def __init__(self, metrics: PollerMetrics, memory_bytes_max: int) -> None:
        self._metrics = metrics
        self._memory_bytes_max = memory_bytes_max
        self._process: Process | None = None
        self._pictures = 0
        self._used_at = 0.0
        self._idle_check: asyncio.TimerHandle | None = None
        self._busy = False

    async def examine(self, order: Order, seconds_max: float) -> Answer:
        self._busy = True
        done = False
        try:
            async with asyncio.timeout(seconds_max):
                answer = await self._ask(await self._started(), order)
            done = True
            return answer
        except TimeoutError as error:
            raise ImagingFailed(f"not decoded within {seconds_max:g} s") from error
        except (asyncio.IncompleteReadError, ConnectionError, BrokenFrame) as error:
            raise ImagingFailed(f"the decoding child failed ({type(error).__name__})") from error
        finally:
            self._busy = False
            self._used_at = asyncio.get_running_loop().time()
            if not done:
                self._metrics.image_workers_killed.inc()
                await self.end()
            elif self._pictures >= PICTURES_MAX:
                await self.end()

    async def end(self) -> None:
        """Kill the process, if there is one, and reap it."""
        process, self._process = self._process, None
        if self._idle_check:
            self._idle_check.cancel()
            self._idle_check = None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _started(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *COMMAND,
                str(self._memory_bytes_max),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=_environment(),
                limit=STREAM_BYTES,
            )
            self._pictures = 0
            self._plan_idle_check(IDLE_SECONDS_MAX)
        return self._process

    async def _ask(self, process: Process, order: Order) -> Answer:
        assert process.stdin is not None
        assert process.stdout is not None
        self._pictures += 1
        process.stdin.write(pack_order(order))
        for start in range(0, len(order.data), WRITE_BYTES):  # in pieces: what a pipe does not take at once is copied
            process.stdin.write(order.data[start : start + WRITE_BYTES])
            await process.stdin.drain()
        head = read_head(await process.stdout.readexactly(ANSWER_HEAD.size))
        sizes = (head.thumbnail_bytes, head.replacement_bytes, head.refusal_bytes)
        thumbnail, replacement, refusal = [await process.stdout.readexactly(size) for size in sizes]
        return Answer(head.extension, head.width, head.height, thumbnail, replacement, refusal.decode("utf-8", "replace"))

    def _plan_idle_check(self, in_seconds: float) -> None:
        self._idle_check = asyncio.get_running_loop().call_later(in_seconds, self._end_when_idle)

    def _end_when_idle(self) -> None:
        """An idle child costs memory: close its stdin, upon which it ends by itself."""
        left = self._used_at + IDLE_SECONDS_MAX - asyncio.get_running_loop().time()
        if self._busy or left > 0:
            self._plan_idle_check(IDLE_SECONDS_MAX if self._busy else left)
            return
        process, self._process = self._process, None
        self._idle_check = None
        if process is not None and process.stdin is not None:
            process.stdin.close()


def _environment() -> dict[str, str]:
    """What starting Python may need; none of our settings, so none of our secrets."""
    needed = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return needed | {"PILLOW_BLOCKS_MAX": str(BLOCKS_KEPT)}
