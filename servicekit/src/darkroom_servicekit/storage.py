"""Objects in a folder or in S3, behind one door. Keys are checked: no `..`, nothing absolute, nothing hidden.

A folder keeps no attributes, so the content type always follows from the key's extension, in both.
"""

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from darkroom_servicekit.health import NotReady

KEY_CHARACTERS_MAX = 512
KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
REQUEST_SECONDS_MAX = 20
CONNECT_SECONDS_MAX = 5
RETRIES_MAX = 2
RETRY_SECONDS_MAX = 5
STREAM_CHUNK_BYTES = 256 * 1024
CACHE_FOREVER = "public, max-age=31536000, immutable"
LIST_PAGE_OBJECTS = 500
PROBE_KEY = "readiness-probe"

CONTENT_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "heic": "image/heic",
    "tiff": "image/tiff",
    "json": "application/json",
    "zip": "application/zip",
}
UNKNOWN_TYPE = "application/octet-stream"


class InvalidKey(ValueError):
    """No key of ours looks like this."""


class ObjectNotFound(Exception):
    """Nothing is stored under this key."""


class ObjectTooLarge(Exception):
    """An object has more bytes than its reader takes."""


class StorageUnavailable(Exception):
    """The storage did not do what was asked; trying again later is right."""


@dataclass(frozen=True)
class StoredObject:
    """An open object: its size, its tag and its bytes, once."""

    size_bytes: int
    etag: str | None
    chunks: AsyncIterator[bytes]


class ObjectStore:
    """Puts, gets and deletes objects. `url` is `file:///folder` or `s3://bucket/prefix` (credentials and endpoint from AWS_…)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._folder: Path | None = None
        self._store: LocalStore | S3Store
        match parts.scheme:
            case "file":
                self._folder = Path(unquote(parts.path))
                self._store = LocalStore(self._folder, mkdir=True)
            case "s3":
                self._store = S3Store(
                    parts.netloc,
                    prefix=parts.path.strip("/") or None,
                    # The endpoint is the operator's own; S3-compatible servers in compose speak plain HTTP.
                    client_options={
                        "allow_http": True,
                        "timeout": timedelta(seconds=REQUEST_SECONDS_MAX),
                        "connect_timeout": timedelta(seconds=CONNECT_SECONDS_MAX),
                    },
                    retry_config={"max_retries": RETRIES_MAX, "retry_timeout": timedelta(seconds=RETRY_SECONDS_MAX)},
                )
            case _:
                raise ValueError(f"storage address must begin with file:// or s3://, not {parts.scheme}://")

    async def put(self, key: str, data: bytes, content_type: str | None = None) -> None:
        """Store `data`, whole or not at all; the same key is replaced. Raises StorageUnavailable."""
        attributes = {"Content-Type": content_type or content_type_of(key), "Cache-Control": CACHE_FOREVER}
        try:
            if self._folder:
                await obstore.put_async(self._store, checked(key), data, use_multipart=False)
            else:
                await obstore.put_async(self._store, checked(key), data, attributes=attributes)
        except (BaseError, OSError) as error:
            raise StorageUnavailable(_in_words(error)) from error

    async def get(self, key: str, *, bytes_max: int | None = None) -> bytes:
        """All bytes of an object; none of a larger one than `bytes_max`.

        Raises ObjectNotFound, ObjectTooLarge, StorageUnavailable.
        """
        try:
            result = await obstore.get_async(self._store, checked(key))
            if bytes_max is not None and result.meta["size"] > bytes_max:
                raise ObjectTooLarge(key)
            return bytes(await result.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise ObjectNotFound(key) from error
        except (BaseError, OSError) as error:
            raise StorageUnavailable(_in_words(error)) from error

    async def stream(self, key: str) -> StoredObject:
        """An object to be passed on in chunks. Raises ObjectNotFound, StorageUnavailable."""
        try:
            result = await obstore.get_async(self._store, checked(key))
        except (NotFoundError, FileNotFoundError) as error:
            raise ObjectNotFound(key) from error
        except (BaseError, OSError) as error:
            raise StorageUnavailable(_in_words(error)) from error
        return StoredObject(result.meta["size"], result.meta["e_tag"], _chunks(result))

    async def exists(self, key: str) -> bool:
        """Whether something is stored under `key`. Raises StorageUnavailable."""
        try:
            await obstore.head_async(self._store, checked(key))
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise StorageUnavailable(_in_words(error)) from error
        return True

    async def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine. Raises StorageUnavailable."""
        try:
            await obstore.delete_async(self._store, checked(key))
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise StorageUnavailable(_in_words(error)) from error

    async def delete_older(self, folder: str, *, before: datetime, limit: int) -> int:
        """Remove up to `limit` objects of a folder that were stored before then; return how many were found.

        Fewer than `limit` means that none is left. Raises StorageUnavailable.
        """
        old: list[str] = []
        try:
            async for page in obstore.list(self._store, checked(folder), chunk_size=LIST_PAGE_OBJECTS):
                old += [one["path"] for one in page if one["last_modified"] < before]
                if len(old) >= limit:
                    break
            if old:
                await obstore.delete_async(self._store, old[:limit])
        except (NotFoundError, FileNotFoundError):
            pass  # another replica removed some of them first
        except (BaseError, OSError) as error:
            raise StorageUnavailable(_in_words(error)) from error
        return min(len(old), limit)

    async def check(self) -> None:
        """Raise NotReady unless the storage answers (a folder: is there and writable)."""
        if self._folder:
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise NotReady(f"cannot write to {self._folder}")
            return
        try:
            await self.exists(PROBE_KEY)
        except StorageUnavailable as error:
            raise NotReady(str(error)) from error


def checked(key: str) -> str:
    """The key itself when it is one. Raises InvalidKey."""
    if len(key) > KEY_CHARACTERS_MAX or not KEY.fullmatch(key) or ".." in key:
        raise InvalidKey(key[:100])
    return key


def content_type_of(key: str) -> str:
    """The content type by the key's extension."""
    return CONTENT_TYPES.get(key.rpartition(".")[2].lower(), UNKNOWN_TYPE)


async def _chunks(result: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for chunk in result.stream(min_chunk_size=STREAM_CHUNK_BYTES):
        yield bytes(chunk)


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"[:300]
