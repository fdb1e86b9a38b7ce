"""A job's results as a ZIP: its names, what is in it, and that it is never held whole."""

import asyncio
import io
import struct
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from darkroom_jobs_api.jobs.archive_pictures import Picture, archive_pictures
from darkroom_jobs_api.jobs.picture_names import attachment, picture_name, slug
from darkroom_servicekit.storage import ObjectStore, StorageUnavailable, StoredObject

AT = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC)
MEGABYTE = 1024 * 1024


def store_at(folder: Path) -> ObjectStore:
    return ObjectStore(folder.as_uri())


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def test_every_picture_is_there_as_it_was_stored(tmp_path: Path) -> None:
    storage = store_at(tmp_path)
    bodies = {"results/a.jpg": b"a" * 700_000, "results/b.webp": b"", "results/c.png": bytes(range(256)) * 40}
    for key, body in bodies.items():
        await storage.put(key, body)
    pictures = [Picture(picture_name(place, "Ceramic mug", key), key, AT) for place, key in enumerate(bodies, 1)]

    with ZipFile(io.BytesIO(await whole(archive_pictures(pictures, storage)))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["1-ceramic-mug.jpg", "2-ceramic-mug.webp", "3-ceramic-mug.png"]
        assert [archive.read(name) for name in archive.namelist()] == list(bodies.values())
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 3, 4, 5, 6, 8)}


def streamed(archive: bytes) -> dict[str, bytes]:
    """The entries as a streaming reader sees them (Java's ZipInputStream): by the local headers alone, strictly."""
    entries: dict[str, bytes] = {}
    place = 0
    while archive[place : place + 4] == b"PK\x03\x04":
        _, flags, method, _, _, crc, packed, size, name_size, extra_size = struct.unpack_from("<HHHHHIIIHH", archive, place + 4)
        name = archive[place + 30 : place + 30 + name_size]
        assert name.isascii() or flags & 0x800, "a name in UTF-8 says so"
        place += 30 + name_size + extra_size
        if not flags & 0x08:
            body = archive[place : place + packed]
            place += packed
        assert method == 8 or not flags & 0x08, "only deflated entries can have a data descriptor"
        unpacker = zlib.decompressobj(-15)
        if flags & 0x08:
            plain = unpacker.decompress(archive[place:])
            place = len(archive) - len(unpacker.unused_data)
            assert archive[place : place + 4] == b"PK\x07\x08"
            crc, packed, size = struct.unpack_from("<III", archive, place + 4)
            place += 16
        else:
            plain = unpacker.decompress(body) if method == 8 else body
        assert (len(plain), zlib.crc32(plain)) == (size, crc)
        assert name.decode() not in entries
        entries[name.decode()] = plain
    assert archive[place : place + 4] == b"PK\x01\x02"
    return entries


async def test_a_reader_of_streams_reads_every_entry(tmp_path: Path) -> None:
    storage = store_at(tmp_path)
    bodies = {"results/a.jpg": b"a" * 700_000, "results/b.webp": b"", "results/c.png": bytes(range(256)) * 40}
    for key, body in bodies.items():
        await storage.put(key, body)
    pictures = [Picture(picture_name(place, "Größe", key), key, AT) for place, key in enumerate(bodies, 1)]
    pictures.append(Picture("gone.jpg", "results/gone.jpg", AT))

    entries = streamed(await whole(archive_pictures(pictures, storage)))
    assert list(entries) == ["1-größe.jpg", "2-größe.webp", "3-größe.png", "not-there-any-more.txt"]
    assert list(entries.values())[:3] == list(bodies.values())


async def test_a_picture_that_is_gone_is_named_and_the_others_come(tmp_path: Path) -> None:
    storage = store_at(tmp_path)
    await storage.put("results/b.jpg", b"b")
    pictures = [Picture("1-mug.jpg", "results/gone.jpg", AT), Picture("2-mug.jpg", "results/b.jpg", AT)]

    with ZipFile(io.BytesIO(await whole(archive_pictures(pictures, storage)))) as archive:
        assert archive.read("2-mug.jpg") == b"b"
        assert archive.read("not-there-any-more.txt").decode().splitlines()[1:] == ["1-mug.jpg"]


class BreakingOff(ObjectStore):
    """A storage whose second picture ends in the middle."""

    async def stream(self, key: str) -> StoredObject:
        stored = await super().stream(key)
        return StoredObject(stored.size_bytes, None, self._broken(stored.chunks)) if key == "results/b.jpg" else stored

    async def _broken(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        yield (await anext(chunks))[:1]
        raise StorageUnavailable("away")


async def test_a_storage_that_breaks_off_never_gives_what_looks_whole(tmp_path: Path) -> None:
    storage = BreakingOff(tmp_path.as_uri())
    for key in ("results/a.jpg", "results/b.jpg"):
        await storage.put(key, b"x" * 1000)
    chunks = archive_pictures([Picture("1", "results/a.jpg", AT), Picture("2", "results/b.jpg", AT)], storage)
    taken = await anext(chunks) + await anext(chunks)
    with pytest.raises(StorageUnavailable):
        await anext(chunks)

    assert b"x" * 1000 in taken
    assert b"PK\x01\x02" not in taken, "a central directory makes half an archive look whole"


def test_an_archive_is_never_in_memory_whole(tmp_path: Path) -> None:
    # In a loop of its own: what a service of other tests does beside it in theirs would be counted as well.
    size, peak = asyncio.run(size_and_peak(store_at(tmp_path)))

    assert size > 40 * MEGABYTE
    assert peak < 4 * MEGABYTE


async def size_and_peak(storage: ObjectStore) -> tuple[int, int]:
    """An archive's bytes, and the most bytes that were in memory for it."""
    await storage.put("results/a.jpg", b"a" * (8 * MEGABYTE))
    pictures = [Picture(f"{place}.jpg", "results/a.jpg", AT) for place in range(1, 6)]
    size = 0
    tracemalloc.start()
    try:
        async for chunk in archive_pictures(pictures, storage):
            size += len(chunk)
        return size, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ceramic mug", "ceramic-mug"),
        ("  Größe XL / Öl ", "größe-xl-öl"),
        ("חולצה כחולה", "חולצה-כחולה"),
        ("../../etc/passwd", "etc-passwd"),
        ('a"b\r\nc', "a-b-c"),
        ("…", "picture"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_name_becomes_a_file_name_in_any_script(name: str, written: str) -> None:
    assert slug(name) == written


def test_a_header_is_plain_for_old_clients_and_whole_for_new_ones() -> None:
    assert attachment("größe-7.zip") == "attachment; filename=\"gre-7.zip\"; filename*=UTF-8''gr%C3%B6%C3%9Fe-7.zip"
