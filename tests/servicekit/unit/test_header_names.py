"""Batches of records whose header names are any bytes, and batches that are broken in another way."""

import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from darkroom_servicekit.header_names import accept_any_header_name
from support.kafka import AnyBytes

CODECS = {"none": 0, "gzip": 1}


def batch_of(*names: bytes, codec: int = 0, first_offset: int = 0) -> bytes:
    builder = _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, 0, 100_000)
    for place, name in enumerate(names):
        builder.append(place, 1_000, key=b"k", value=b"\xff", headers=[(AnyBytes(name), b"v"), (AnyBytes(b"more"), None)])
    content = bytearray(builder.build())
    content[:8] = first_offset.to_bytes(8, "big")
    return bytes(content)


def names_in(content: bytes) -> list[tuple[int, bytes]]:
    """Offset and first header's name of every record, as the fetcher reads them."""
    accept_any_header_name()
    records = fetcher.MemoryRecords(content)
    found = []
    while records.has_next():
        batch = records.next_batch()
        assert batch.validate_crc()
        assert not batch.is_control_batch
        for record in batch:
            assert (record.key, record.value, record.headers[0][1], record.headers[1]) == (b"k", b"\xff", b"v", ("more", None))
            found.append((record.offset, record.headers[0][0].encode("utf-8", "surrogateescape")))
        assert batch.next_offset == found[-1][0] + 1
    return found


@pytest.mark.parametrize("codec", CODECS)
def test_every_record_is_read_once_whatever_the_names_are(codec: str) -> None:
    names = [b"plain", "größe".encode(), b"\xff\xfe", b"", b"behind", b"\xed\xa0\x80"]
    content = batch_of(*names, codec=CODECS[codec]) + batch_of(b"next", codec=CODECS[codec], first_offset=6)
    assert names_in(content) == list(enumerate([*names, b"next"]))


def test_a_batch_that_is_broken_in_another_way_is_still_refused() -> None:
    content = bytearray(batch_of(b"\xff", b"second"))
    content[-1] = 0x7E  # the length of the last header's value: 63 bytes, of which there are none
    accept_any_header_name()
    batch = fetcher.MemoryRecords(bytes(content)).next_batch()
    assert not batch.validate_crc()
    records = iter(batch)
    assert next(records).offset == 0
    with pytest.raises(CorruptRecordException):
        next(records)


def test_accepting_twice_changes_nothing() -> None:
    accept_any_header_name()
    accepting = fetcher.MemoryRecords
    accept_any_header_name()
    assert fetcher.MemoryRecords is accepting
