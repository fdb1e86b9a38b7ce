"""Lets aiokafka read messages whose header names are not UTF-8, so that they are set aside like any other unreadable message.

Kafka's protocol says that header names are UTF-8, but no broker checks it. aiokafka fails at the whole batch: its consumer
restarts at the same place again and again. Here such a batch is read a second time, and bytes of names that are no text become
surrogates (PEP 383), from which `dead_letters.py` gets the bytes back.

aiokafka has no hook for this: its fetcher takes the class of its record batches from a name in its module.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

FIRST_MAGIC_WITH_HEADERS = 2


def accept_any_header_name() -> None:
    """Let every consumer of this process read messages whatever their header names are. Again changes nothing."""
    fetcher.MemoryRecords = _AnyRecords


class _AnyRecords(_MemoryRecordsPy):  # type: ignore[misc]  # aiokafka has no types
    """The batches of one answer; those with headers can be read a second time."""

    def next_batch(self) -> Any:
        content = self._next_slice
        batch = super().next_batch()
        has_headers = content is not None and content[self.MAGIC_OFFSET] >= FIRST_MAGIC_WITH_HEADERS
        return _AnyBatch(batch, content) if has_headers else batch


class _AnyBatch:
    """aiokafka's own batch; where that fails, the rest of the records is read leniently."""

    def __init__(self, own: Any, content: memoryview) -> None:
        self._own = own
        self._content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def __next__(self) -> Any:
        return next(self._own)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._own:
                read += 1
                yield record
        except (CorruptRecordException, UnicodeDecodeError):
            # What is corrupt in another way fails here again.
            yield from islice(_LenientBatch(self._content), read, None)


class _LenientBatch(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka has no types
    """A batch whose header names may be any bytes."""

    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _LenientBuffer(self._buffer)


class _LenientBuffer(bytearray):
    """A buffer whose parts are decoded without errors. Of a message only the names of its headers are decoded."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _LenientPart(found) if isinstance(place, slice) else found


class _LenientPart(bytes):
    def decode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> str:
        return super().decode(encoding, errors)
