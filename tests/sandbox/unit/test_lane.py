"""One direction of a wire: what passes, what waits and for how long, and when the connection is cut."""

from darkroom_sandbox.wire.lane import HELD_BYTES_MAX, End, Lane
from darkroom_sandbox.wire.options import WireOptions

PASS = WireOptions()


class Wire:
    """A lane of answers and what came out of it."""

    def __init__(self) -> None:
        self.out: list[bytes | None] = []
        self.cuts = 0
        self.lane = Lane("answer", deliver=self.out.append, cut=self._cut)

    def _cut(self) -> None:
        self.cuts += 1
        self.lane.close()


def test_everything_passes_at_once_in_order() -> None:
    wire = Wire()
    for data in (b"a", b"b", End):
        assert wire.lane.put(data, PASS, now=0.0) is None
    assert wire.out == [b"a", b"b", End]


def test_a_silence_begins_after_its_bytes_and_gives_all_back_when_it_ends() -> None:
    wire, silent = Wire(), WireOptions(mode="silent", after_bytes=3)
    for data in (b"ab", b"cde", b"f", End):
        wire.lane.put(data, silent, now=0.0)
    assert wire.out == [b"ab", b"c"]
    assert wire.lane.release(silent, now=1e9) is None
    wire.lane.release(PASS, now=1.0)
    assert wire.out == [b"ab", b"c", b"de", b"f", End]


def test_bytes_are_counted_from_the_change() -> None:
    wire, silent = Wire(), WireOptions(mode="silent", after_bytes=2)
    wire.lane.put(b"abc", PASS, now=0.0)
    wire.lane.changed()
    wire.lane.put(b"def", silent, now=0.0)
    assert wire.out == [b"abc", b"de"]


def test_the_other_direction_is_not_concerned() -> None:
    wire = Wire()
    for mode in ("silent", "cut", "delay"):
        wire.lane.put(b"a", WireOptions(mode=mode, direction="request", seconds=9), now=0.0)
    assert (wire.out, wire.cuts) == ([b"a", b"a", b"a"], 0)


def test_a_cut_comes_after_exactly_its_bytes() -> None:
    wire, cut = Wire(), WireOptions(mode="cut", after_bytes=4)
    wire.lane.put(b"ab", cut, now=0.0)
    assert wire.cuts == 0
    wire.lane.put(b"cdef", cut, now=0.0)
    wire.lane.put(b"g", cut, now=0.0)
    assert (wire.out, wire.cuts) == ([b"ab", b"cd"], 1)


def test_a_cut_after_no_bytes_lets_none_pass() -> None:
    wire = Wire()
    wire.lane.put(b"a", WireOptions(mode="cut"), now=0.0)
    assert (wire.out, wire.cuts) == ([], 1)


def test_delayed_bytes_keep_their_order_also_when_the_delay_ends() -> None:
    wire, delay = Wire(), WireOptions(mode="delay", seconds=2)
    assert wire.lane.put(b"a", delay, now=10.0) == 12.0
    assert wire.lane.put(b"b", delay, now=11.0) == 12.0
    assert wire.lane.release(delay, now=12.0) == 13.0
    assert wire.out == [b"a"]
    wire.lane.put(b"c", PASS, now=12.5)
    assert wire.out == [b"a"], "what is late is not overtaken"
    assert wire.lane.release(PASS, now=12.5) is None
    assert wire.out == [b"a", b"b", b"c"]


def test_a_silent_lane_is_full_when_it_holds_enough() -> None:
    wire, silent = Wire(), WireOptions(mode="silent")
    wire.lane.put(b"x" * HELD_BYTES_MAX, silent, now=0.0)
    assert not wire.lane.is_full()
    wire.lane.put(b"y", silent, now=0.0)
    assert wire.lane.is_full()
    wire.lane.release(PASS, now=0.0)
    assert not wire.lane.is_full()
