"""Files a client uploaded to be used as inputs: bytes on disk, facts in memory, gone after a day or a restart."""

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom_sandbox.replicate.prediction import new_id, timestamp

FILE_BYTES_MAX = 100_000_000
KEPT_SECONDS = 24 * 3_600
FILES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """Facts of one file."""

    id: str
    account: str
    name: str
    content_type: str
    size: int
    md5: str
    sha256: str
    metadata: dict[str, Any]
    created_at: float
    path: Path

    @property
    def expires_at(self) -> float:
        """When it is deleted."""
        return self.created_at + KEPT_SECONDS

    def to_dict(self, files_url: str) -> dict[str, object]:
        """The vendor's file object."""
        return {
            "id": self.id,
            "name": self.name,
            "content_type": self.content_type,
            "size": self.size,
            "etag": self.md5,
            "checksums": {"sha256": self.sha256, "md5": self.md5},
            "metadata": self.metadata,
            "created_at": timestamp(self.created_at),
            "expires_at": timestamp(self.expires_at),
            "urls": {"get": f"{files_url}/{self.id}"},
        }


class UploadedFiles:
    """All of them; the oldest go when there are too many."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_id: OrderedDict[str, UploadedFile] = OrderedDict()

    def add(self, content: bytes, *, account: str, name: str, content_type: str, metadata: dict[str, Any]) -> UploadedFile:
        """Keeps the content and returns its facts."""
        file_id = new_id()
        file = UploadedFile(
            id=file_id,
            account=account,
            name=name,
            content_type=content_type,
            size=len(content),
            md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
            sha256=hashlib.sha256(content).hexdigest(),
            metadata=metadata,
            created_at=time.time(),
            path=self._folder / file_id,
        )
        file.path.write_bytes(content)
        self._by_id[file_id] = file
        while len(self._by_id) > FILES_MAX or next(iter(self._by_id.values())).expires_at <= file.created_at:
            self.remove(next(iter(self._by_id)))
        return file

    def get(self, file_id: str) -> UploadedFile | None:
        """The file, unless it is unknown or expired."""
        file = self._by_id.get(file_id)
        return file if file is not None and file.expires_at > time.time() else None

    def of_account(self, account: str) -> list[UploadedFile]:
        """The account's files, newest first."""
        return [file for file in reversed(self._by_id.values()) if file.account == account]

    def remove(self, file_id: str) -> None:
        """Deletes it; one that is gone already stays gone."""
        file = self._by_id.pop(file_id, None)
        if file is not None:
            file.path.unlink(missing_ok=True)
