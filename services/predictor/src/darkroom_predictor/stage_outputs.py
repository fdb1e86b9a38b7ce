"""Outputs that come inside the answer to a creation: the bytes go to the storage, and the event names their keys.

An event must stay small: megabytes in one row would stop the outbox of every tenant. An output that cannot be stored here is
left out of the event; the poller then asks the provider for it.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import structlog
from darkroom_servicekit.storage import ObjectStore, StorageUnavailable

from darkroom_predictor.providers.door import Accepted, Outcome

STORE_SECONDS_MAX = 5.0
INLINE_MAX = 20
"""Pictures of one output. More are an output that is left out."""
DEPTH_MAX = 16
"""What stands deeper is not looked at."""
DATA_ADDRESS = re.compile(r"data:[^,]{0,200};base64,")

log = structlog.get_logger()


class StageOutputs:
    """Call it with an outcome before it is recorded. Without a storage no inline output is kept."""

    def __init__(self, storage: ObjectStore | None) -> None:
        self._storage = storage

    async def __call__(self, outcome: Outcome) -> Outcome:
        """The outcome, inline pictures replaced by their keys. Raises nothing but cancellation."""
        if not isinstance(outcome, Accepted):
            return outcome
        inline = dict(_inline_pictures(outcome.output, "", DEPTH_MAX))
        if not inline:
            return outcome
        if len(inline) > INLINE_MAX:
            log.warning("an output with too many inline pictures is left out", pictures=len(inline))
            return replace(outcome, output=None)
        keys = await asyncio.gather(*(self._store(address) for address in inline.values()))
        stored = {pointer: key for pointer, key in zip(inline, keys, strict=True) if key is not None}
        if len(stored) < len(inline):
            return replace(outcome, output=None)
        first = next(iter(stored.values()))  # for a poller from before output_keys
        return replace(outcome, output=_without_inline(outcome.output, DEPTH_MAX), output_key=first, output_keys=stored)

    async def _store(self, address: str) -> str | None:
        if self._storage is None:
            return None
        key = f"staged/{uuid4().hex}"
        try:
            data = await asyncio.to_thread(_read, address)
            async with asyncio.timeout(STORE_SECONDS_MAX):
                await self._storage.put(key, data)
        except (StorageUnavailable, TimeoutError, binascii.Error, ValueError) as error:
            log.warning("an inline output was not stored, the provider is asked for it later", error=str(error)[:200])
            return None
        return key


def _is_inline(output: Any) -> bool:
    return isinstance(output, str) and output.startswith("data:")


def _inline_pictures(output: Any, pointer: str, depth: int) -> Iterator[tuple[str, str]]:
    """The `data:` addresses in an output, each with its JSON pointer (RFC 6901)."""
    if _is_inline(output):
        yield pointer, output
    elif depth and isinstance(output, list):
        for index, entry in enumerate(output):
            yield from _inline_pictures(entry, f"{pointer}/{index}", depth - 1)
    elif depth and isinstance(output, dict):
        for name, value in output.items():
            yield from _inline_pictures(value, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", depth - 1)


def _without_inline(output: Any, depth: int) -> Any:
    """The output, null in the place of each `data:` address."""
    if _is_inline(output):
        return None
    if depth and isinstance(output, list):
        return [_without_inline(entry, depth - 1) for entry in output]
    if depth and isinstance(output, dict):
        return {name: _without_inline(value, depth - 1) for name, value in output.items()}
    return output


def _read(address: str) -> bytes:
    head = DATA_ADDRESS.match(address)
    if head is None:
        raise ValueError("is not base64 inside a data: address")
    return base64.b64decode(address[head.end() :], validate=True)
