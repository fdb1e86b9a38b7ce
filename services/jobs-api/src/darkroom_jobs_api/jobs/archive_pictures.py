"""A job's results as one ZIP, written while it is read: one chunk is in memory, nothing is kept in a file.

Pictures are compressed already, so they are packed at level 0: deflated blocks that hold them as they are. An entry whose size is
told behind it must be deflated: streaming readers, such as Java's ZipInputStream, refuse stored ones. A picture that is stored no
more is named in a text beside the others; a storage that breaks off breaks the download off, so that half an archive never looks
whole.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from darkroom_servicekit.storage import ObjectNotFound, ObjectStore, StoredObject

PACKING_LEVEL = 0
FILE_MODE = 0o644 << 16
LOST_NAME = "not-there-any-more.txt"


@dataclass(frozen=True)
class Picture:
    """A stored picture, and what it is called in the archive."""

    name: str
    key: str
    at: datetime


class _Outflow:
    """Where the archive is written to: it cannot seek, and gives away what has come so far."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


async def archive_pictures(pictures: Sequence[Picture], storage: ObjectStore) -> AsyncIterator[bytes]:
    """The archive's bytes, chunk by chunk. Raises StorageUnavailable; before any byte where the first picture cannot be had."""
    out = _Outflow()
    lost: list[str] = []
    # It asks of a stream that cannot seek no more than there is.
    archive = ZipFile(cast("IO[bytes]", out), "w", ZIP_DEFLATED, compresslevel=PACKING_LEVEL)
    for picture in pictures:
        try:
            stored = await storage.stream(picture.key)
        except ObjectNotFound:
            lost.append(picture.name)
            continue
        with archive.open(_entry(picture, stored), "w") as entry:
            async for chunk in stored.chunks:
                entry.write(chunk)
                yield out.take()
    if lost:
        archive.writestr(LOST_NAME, "These pictures are no longer stored:\n" + "".join(f"{name}\n" for name in lost))
    archive.close()
    yield out.take()


def _entry(picture: Picture, stored: StoredObject) -> ZipInfo:
    at = picture.at.astimezone(UTC)
    entry = ZipInfo(picture.name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    entry.external_attr = FILE_MODE
    entry.compress_type = ZIP_DEFLATED
    entry._compresslevel = PACKING_LEVEL  # type: ignore[attr-defined]  # public only from Python 3.13 on
    entry.file_size = stored.size_bytes  # tells zipfile whether the entry needs ZIP64
    return entry
