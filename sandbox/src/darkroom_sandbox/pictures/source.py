"""Fetches the picture a prediction works on: any http(s) or `data:` address, bounded in bytes, time and redirects.

The sandbox is the outside world: it has no inside to protect and so fetches what it is told to.
"""

import base64
import binascii
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import httpx

from darkroom_sandbox.pictures.worker_pool import PictureFault

PICTURE_BYTES_MAX = 25_000_000
FETCH_SECONDS = 20.0
REDIRECTS_MAX = 5


class PictureSource:
    """Reads pictures. `own_file` finds the path of an address that is one of our own uploaded files, else None."""

    def __init__(self, client: httpx.AsyncClient, own_file: Callable[[str], Path | None]) -> None:
        self._client = client
        self._own_file = own_file

    async def read(self, address: str) -> bytes:
        """The bytes behind the address. Raises PictureFault when there are none to be had."""
        if address.startswith("data:"):
            return _from_data_address(address)
        own = self._own_file(address)
        if own is not None:
            return own.read_bytes()
        try:
            return await self._fetch(address)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PictureFault(f"could not fetch {address}: {type(error).__name__}") from error

    async def _fetch(self, address: str) -> bytes:
        async with self._client.stream("GET", address) as response:
            if response.status_code != 200:
                raise PictureFault(f"could not fetch {address}: status {response.status_code}")
            picture = bytearray()
            async for chunk in response.aiter_bytes():
                picture += chunk
                if len(picture) > PICTURE_BYTES_MAX:
                    raise PictureFault(f"{address} has more than {PICTURE_BYTES_MAX} bytes")
        return bytes(picture)


def build_client() -> httpx.AsyncClient:
    """The client pictures are fetched with."""
    return httpx.AsyncClient(
        timeout=FETCH_SECONDS,
        follow_redirects=True,
        max_redirects=REDIRECTS_MAX,
        limits=httpx.Limits(max_connections=8, max_keepalive_connections=4),
        headers={"user-agent": "darkroom-sandbox"},
        trust_env=False,
    )


def _from_data_address(address: str) -> bytes:
    head, comma, payload = address.partition(",")
    if not comma:
        raise PictureFault("the data: address has no comma")
    if not head.endswith(";base64"):
        return unquote_to_bytes(payload)
    try:
        return base64.b64decode(payload, validate=True)
    except binascii.Error as error:
        raise PictureFault("the data: address is not valid base64") from error
