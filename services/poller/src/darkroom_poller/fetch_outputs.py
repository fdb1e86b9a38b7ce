"""Fetches the bytes of an output from wherever its address points: the provider, the address itself, or our own storage."""

import asyncio

from darkroom_servicekit.fetch import NotFound, SafeFetcher, TooLarge
from darkroom_servicekit.storage import ObjectNotFound, ObjectStore, ObjectTooLarge, StorageUnavailable

from darkroom_poller.data_address import read_data_address
from darkroom_poller.output_shapes import STORED
from darkroom_poller.output_verdicts import Output

STORE_SECONDS_MAX = 10.0
"""For a picture and its thumbnail; a storage that takes longer is as good as away, and is not pressed harder."""


class FetchOutputs:
    """Call it with an address and the most bytes that may come."""

    def __init__(self, fetcher: SafeFetcher, storage: ObjectStore, *, seconds_max: float) -> None:
        self._fetcher = fetcher
        self._storage = storage
        self._seconds_max = seconds_max

    async def __call__(self, address: str, *, bytes_max: int, asker: str) -> Output:
        """Return the output. Raises RefusedAddress, FetchFailed (NotFound, TooLarge), StorageUnavailable."""
        if address.startswith("data:"):
            return Output(read_data_address(address, bytes_max=bytes_max))
        if address.startswith(STORED):
            return Output(await self._stored(address.removeprefix(STORED), bytes_max))
        fetched = await self._fetcher.fetch(address, bytes_max=bytes_max, timeout_seconds=self._seconds_max, asker=asker)
        return Output(fetched.data, fetched.framed)

    async def _stored(self, key: str, bytes_max: int) -> bytes:
        try:
            async with asyncio.timeout(STORE_SECONDS_MAX):
                return await self._storage.get(key, bytes_max=bytes_max)
        except ObjectNotFound as error:
            raise NotFound(404) from error
        except ObjectTooLarge as error:
            raise TooLarge(bytes_max) from error
        except TimeoutError as error:
            raise StorageUnavailable(f"took longer than {STORE_SECONDS_MAX:g} s") from error
