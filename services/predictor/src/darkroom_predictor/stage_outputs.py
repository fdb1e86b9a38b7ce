"""Outputs that come inside the answer to a creation: the bytes go to the storage, and the event names their key.

An event must stay small: megabytes in one row would stop the outbox of every tenant. An output that cannot be stored here is
left out of the event; the poller then asks the provider for it.
"""

import asyncio
import base64
import binascii
import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

import structlog
from darkroom_servicekit.storage import ObjectStore, StorageUnavailable

from darkroom_predictor.providers.door import Accepted, Outcome

STORE_SECONDS_MAX = 5.0
DATA_ADDRESS = re.compile(r"data:[^,]{0,200};base64,")

log = structlog.get_logger()


class StageOutputs:
    """Call it with an outcome before it is recorded. Without a storage no inline output is kept."""

    def __init__(self, storage: ObjectStore | None) -> None:
        self._storage = storage

    async def __call__(self, outcome: Outcome) -> Outcome:
        """The outcome, an inline output replaced by its key. Raises nothing but cancellation."""
        if not isinstance(outcome, Accepted) or outcome.output is None:
            return outcome
        address = _inline_address(outcome.output)
        return replace(outcome, output=None, output_key=await self._store(address)) if address else outcome

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


def _inline_address(output: Any) -> str | None:
    """The `data:` address that is the output, or the first of a list."""
    first = output[0] if isinstance(output, list) and output else output
    return first if isinstance(first, str) and first.startswith("data:") else None


def _read(address: str) -> bytes:
    head = DATA_ADDRESS.match(address)
    if head is None:
        raise ValueError("is not base64 inside a data: address")
    return base64.b64decode(address[head.end() :], validate=True)
