"""One direction of one connection: what passes at once, what is held back, and when the connection is cut."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from darkroom_sandbox.wire.options import Direction, WireOptions

HELD_BYTES_MAX = 262_144
"""Beyond this the sender is no longer read from, as a full TCP window stops it."""

End = None
"""The sender has closed; it stands in the queue behind the bytes it sent."""


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes (or the end) that wait, and the time from which they may pass."""

    due: float
    data: bytes | None


class Lane:
    """Decides; the relay does the I/O. `deliver` takes bytes or `End`, `cut` ends the connection."""

    def __init__(self, direction: Direction, *, deliver: Callable[[bytes | None], None], cut: Callable[[], None]) -> None:
        self._direction = direction
        self._deliver = deliver
        self._cut = cut
        self._held: deque[Held] = deque()
        self._held_bytes = 0
        self._passed = 0
        self._closed = False

    def is_full(self) -> bool:
        """Whether the sender should stop for now."""
        return self._held_bytes > HELD_BYTES_MAX

    def changed(self) -> None:
        """The options are new: bytes are counted from here."""
        self._passed = 0

    def close(self) -> None:
        """Nothing passes any more."""
        self._closed = True
        self._held.clear()
        self._held_bytes = 0

    def put(self, data: bytes | None, options: WireOptions, *, now: float) -> float | None:
        """Takes what the sender sent; returns when to call `release` (None: not by time)."""
        if self._closed:
            return None
        concerned = options.direction == self._direction
        if concerned and options.mode == "cut":
            self._put_until_cut(data, options.after_bytes)
            return None
        if concerned and options.mode == "silent":
            self._put_until_silent(data, options.after_bytes)
            return None
        late = options.seconds if concerned and options.mode == "delay" else 0.0
        if self._held or late:
            self._hold(Held(now + late, data))
            return self._held[0].due
        self._pass(data)
        return None

    def release(self, options: WireOptions, *, now: float) -> float | None:
        """Delivers what is due; returns when the next is (None: not by time)."""
        if options.mode == "silent" and options.direction == self._direction:
            return None
        while self._held and (self._held[0].due <= now or options.mode != "delay"):
            held = self._held.popleft()
            self._held_bytes -= len(held.data or b"")
            self._pass(held.data)
        return self._held[0].due if self._held else None

    def _put_until_cut(self, data: bytes | None, after_bytes: int) -> None:
        if data is End:
            self._pass(data)
            return
        allowed = max(0, after_bytes - self._passed)
        if data[:allowed]:
            self._pass(data[:allowed])
        if len(data) > allowed or self._passed >= after_bytes:
            self._cut()

    def _put_until_silent(self, data: bytes | None, after_bytes: int) -> None:
        allowed = max(0, after_bytes - self._passed)
        if data is not End and not self._held and data[:allowed]:
            self._pass(data[:allowed])
            data = data[allowed:]
        if data != b"":
            self._hold(Held(0.0, data))

    def _hold(self, held: Held) -> None:
        self._held.append(held)
        self._held_bytes += len(held.data or b"")

    def _pass(self, data: bytes | None) -> None:
        if not self._closed:
            self._passed += len(data or b"")
            self._deliver(data)
