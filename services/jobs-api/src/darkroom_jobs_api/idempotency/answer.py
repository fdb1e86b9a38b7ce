"""An answer as it is kept for its key. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StoredAnswer:
    """An answer to be given again, word for word."""

    status: int
    body: str
    headers: dict[str, str]
