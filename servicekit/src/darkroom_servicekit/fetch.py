"""The one way to fetch from an address that came from outside: only public places, checked and pinned at every hop.

A name is looked up once per hop, all its addresses must be public, and the connection goes to one of those very addresses: a name
that changes its answer in between gains nothing. Host header, SNI and certificate stay the name's. No proxy settings are read.
Asks for plain answers; one that comes compressed all the same is unpacked. Stops at the limit of bytes, packed or unpacked,
whatever the headers say.
"""

import asyncio
import ssl
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin

import httpcore

from darkroom_servicekit.addresses import RefusedAddress, Target, is_public, literal_address, parse_target
from darkroom_servicekit.resolver import HostNotFound, HostResolver, LookUpFailed
from darkroom_servicekit.tls import client_tls

__all__ = [
    "AddressGuard",
    "FetchFailed",
    "Fetched",
    "LookUpFailed",
    "NotFound",
    "RefusedAddress",
    "SafeFetcher",
    "TooLarge",
    "UnresolvedHost",
    "parse_allow",
]

CONNECT_SECONDS_MAX = 5.0
READ_SECONDS_MAX = 15.0
CONNECTIONS_PER_PLACE_MAX = 32
KEEP_ALIVE_SECONDS = 20.0
PLACES_MAX = 128
REDIRECTS_MAX = 3
USER_AGENT = "darkroom-fetch/1"

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PACKED = {b"gzip": 16 + zlib.MAX_WBITS, b"x-gzip": 16 + zlib.MAX_WBITS, b"deflate": zlib.MAX_WBITS}
"""Content encodings that are unpacked, with zlib's number for each."""


class Resolver(Protocol):
    """From a host to all its addresses, within the share of `asker`. Raises HostNotFound or LookUpFailed."""

    async def __call__(self, host: str, *, asker: str) -> list[str]: ...


class UnresolvedHost(RefusedAddress):
    """The name has no address now; it may have one later."""


class FetchFailed(Exception):
    """Nothing usable came back. `retryable` says whether trying again can help."""

    def __init__(self, reason: str, *, retryable: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable


class NotFound(FetchFailed):
    """The place answers that the thing is not, or no longer, there (404, 410), or not for us (403: an address that ran out)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}", retryable=False)


class TooLarge(FetchFailed):
    """More bytes than allowed."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"more than {bytes_max} bytes", retryable=False)


@dataclass(frozen=True)
class Fetched:
    """A body, its declared type and the address that it finally came from.

    `framed`: the sender told where the body ends, so a cut body would have been noticed.
    """

    data: bytes
    content_type: str
    final_url: str
    framed: bool = True


def parse_allow(text: str | None) -> frozenset[str]:
    """The setting `host:port,…` as a set."""
    return frozenset(part.strip().lower() for part in (text or "").split(",") if part.strip())


class AddressGuard:
    """Says whether a URL may be fetched. `allow` holds `host:port` pairs, as written in URLs, that may be private.

    `asker` is the tenant for whom a URL is checked: a look-up of its host uses that tenant's share.
    """

    def __init__(self, allow: frozenset[str], *, resolve: Resolver | None = None) -> None:
        self._allow = allow
        self._resolve = resolve or HostResolver()

    async def check(self, url: str, *, asker: str) -> None:
        """Raise RefusedAddress (UnresolvedHost where the name has no address) unless `url` may be fetched.

        Raises LookUpFailed if DNS could not be asked: then nobody knows yet.
        """
        await self.addresses(parse_target(url), asker=asker)

    async def addresses(self, target: Target, *, asker: str) -> list[str]:
        """The addresses to which `target` may be connected now: all that its name has. Raises as `check` does."""
        allowed = target.place in self._allow
        if not allowed and target.port not in (80, 443):
            raise RefusedAddress("must use port 80 or 443")
        addresses = await self._look_up(target, asker)
        if not allowed and not all(is_public(address) for address in addresses):
            raise RefusedAddress("must be on the public internet")
        return addresses

    async def _look_up(self, target: Target, asker: str) -> list[str]:
        literal = literal_address(target.host)
        if literal:
            return [literal]
        try:
            addresses = await self._resolve(target.host, asker=asker)
        except HostNotFound as error:
            raise UnresolvedHost("names a host that cannot be found") from error
        assert addresses, "a host that was found has an address"
        return addresses


class SafeFetcher:
    """Fetches with keep-alive. One per process; `aclose` at the end."""

    def __init__(self, guard: AddressGuard, *, tls: ssl.SSLContext | None = None) -> None:
        self._guard = guard
        self._tls = tls
        self._pools: OrderedDict[tuple[str, str, int, str], httpcore.AsyncConnectionPool] = OrderedDict()

    async def fetch(self, url: str, *, bytes_max: int, timeout_seconds: float, asker: str) -> Fetched:
        """GET `url` within the limits, for the tenant `asker`. Raises RefusedAddress, or FetchFailed (NotFound, TooLarge)."""
        try:
            async with asyncio.timeout(timeout_seconds):
                for hop in range(REDIRECTS_MAX + 1):
                    target, addresses = await self._checked(url, asker, redirected=hop > 0)
                    answer = await self._get(target, addresses, bytes_max)
                    if isinstance(answer, Fetched):
                        return answer
                    url = urljoin(target.url, answer)
        except (UnresolvedHost, LookUpFailed) as error:
            raise FetchFailed(error.reason, retryable=True) from error
        except TimeoutError as error:
            raise FetchFailed(f"not finished within {timeout_seconds:g} s", retryable=True) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise FetchFailed(f"connection failed ({type(error).__name__})", retryable=True) from error
        raise FetchFailed(f"more than {REDIRECTS_MAX} redirects", retryable=True)

    async def _checked(self, url: str, asker: str, *, redirected: bool) -> tuple[Target, list[str]]:
        """Where `url` leads. A refused address fails for good, a redirect to one may be gone at the next try."""
        try:
            target = parse_target(url)
            return target, await self._guard.addresses(target, asker=asker)
        except UnresolvedHost:
            raise
        except RefusedAddress as error:
            if not redirected:
                raise
            raise FetchFailed(f"redirected to an address that {error.reason}", retryable=True) from error

    async def aclose(self) -> None:
        """Close all connections."""
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.aclose()

    async def _get(self, target: Target, addresses: list[str], bytes_max: int) -> Fetched | str:
        """One hop: the body, or where it redirects to."""
        request = httpcore.Request(
            "GET",
            httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
            headers=[
                ("Host", target.host_header),
                ("Accept-Encoding", "identity"),
                ("Accept", "*/*"),
                ("User-Agent", USER_AGENT),
            ],
            extensions={"timeout": {"connect": CONNECT_SECONDS_MAX, "read": READ_SECONDS_MAX, "pool": READ_SECONDS_MAX}},
        )
        pool = await self._pool(target, addresses)
        response = await pool.handle_async_request(request)
        try:
            headers = {name.lower(): value for name, value in response.headers}
            if response.status in REDIRECTS:
                return headers.get(b"location", b"").decode("latin-1")
            _accept(response.status, headers, bytes_max)
            data = _unpacked(await _read(response, bytes_max), headers, bytes_max)
        finally:
            await response.aclose()
        framed = b"content-length" in headers or b"transfer-encoding" in headers
        return Fetched(data, headers.get(b"content-type", b"").decode("latin-1"), target.url, framed)

    async def _pool(self, target: Target, addresses: list[str]) -> httpcore.AsyncConnectionPool:
        """The pool that is pinned to one of these addresses: an open one first, so that connections are used again."""
        keys = [(target.scheme, target.host, target.port, address) for address in addresses]
        key = next((key for key in keys if key in self._pools), keys[0])
        if key not in self._pools:
            self._pools[key] = httpcore.AsyncConnectionPool(
                ssl_context=(self._tls or client_tls()) if target.scheme == "https" else None,
                max_connections=CONNECTIONS_PER_PLACE_MAX,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
                network_backend=PinnedBackend(key[3]),
            )
        self._pools.move_to_end(key)
        await self._drop_idle_pools()
        return self._pools[key]

    async def _drop_idle_pools(self) -> None:
        """Hold no more than PLACES_MAX places, by closing those that were idle the longest."""
        excess = len(self._pools) - PLACES_MAX
        if excess <= 0:
            return
        idle = [key for key, pool in list(self._pools.items())[:-1] if all(c.is_idle() for c in pool.connections)]
        for key in idle[:excess]:
            await self._pools.pop(key).aclose()


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to one address whatever name is asked for."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002  # the name has been looked up already
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._inner.connect_tcp(self._address, port, timeout, local_address, socket_options)
        peer = str(stream.get_extra_info("server_addr")[0])
        assert literal_address(peer) == self._address, f"connected to {peer}, not {self._address}"
        return stream

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def _accept(status: int, headers: dict[bytes, bytes], bytes_max: int) -> None:
    """Raise unless the answer's head promises a body within the limit."""
    if status in (403, 404, 410):
        raise NotFound(status)
    if status not in (200, 203):
        raise FetchFailed(f"answered {status}", retryable=True)
    if (encoding := _encoding(headers)) and encoding not in PACKED:
        raise FetchFailed("sent in an encoding that was not asked for", retryable=True)
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > bytes_max:
        raise TooLarge(bytes_max)


def _encoding(headers: dict[bytes, bytes]) -> bytes:
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    return b"" if encoding == b"identity" else encoding


def _unpacked(data: bytes, headers: dict[bytes, bytes], bytes_max: int) -> bytes:
    """The body without its content encoding; one that only claims to be packed stays as it is."""
    encoding = _encoding(headers)
    if not encoding:
        return data
    unpacker = zlib.decompressobj(PACKED[encoding])
    try:
        plain = unpacker.decompress(data, bytes_max + 1)
    except zlib.error:
        return data
    if len(plain) > bytes_max:
        raise TooLarge(bytes_max)
    if not unpacker.eof:
        raise FetchFailed("the packed answer was cut", retryable=True)
    return plain


async def _read(response: httpcore.Response, bytes_max: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > bytes_max:
            raise TooLarge(bytes_max)
        chunks.append(chunk)
    return b"".join(chunks)
