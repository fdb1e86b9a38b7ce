"""The public keys that check an identity provider's JWTs (a JWKS, RFC 7517), fetched in the background.

The last good set stays in use while its source is away. A token whose key is not in the set causes at most one fetch per
cool-down, failed fetches included, and its request waits for that fetch only briefly. Nothing here blocks the event loop.
"""

import asyncio
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from darkroom_servicekit.tls import client_tls

ALGORITHM = "RS256"
KEY_SET_BYTES_MAX = 262_144
KEYS_MAX = 50
KEY_BITS_MIN = 2048
"""RFC 7518, section 3.3."""
KEY_BITS_MAX = 8192
EXPONENT_MAX = 2**32
"""With a larger modulus or exponent one signature would take milliseconds of the event loop."""
FETCH_SECONDS_MAX = 5.0
REFRESH_SECONDS = 300.0
COOL_DOWN_SECONDS = 10.0
"""Between the starts of two fetches, whoever asks for them."""
WAIT_SECONDS_MAX = 1.0
"""How long a request waits for the fetch that may bring the key of its token."""

log = structlog.get_logger()

Keys = Mapping[str | None, tuple[RSAPublicKey, ...]]
"""Keys by name (`kid`); the name None holds the keys that have none."""


class KeysUnavailable(ConnectionError):
    """No key set could be fetched yet, so no token can be checked: an outage, not a wrong token."""


class UnusableKeySet(ValueError):
    """The source answered with something that is not a key set, or with one beyond our bounds."""


class KeySet:
    """The key set at `url`. `run` is its loop; `keys` and `may_hold` are asked by requests."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: Keys | None = None
        self._fetched_at = -math.inf
        self._wanted = asyncio.Event()
        self._fetched = asyncio.Event()
        self._http = httpx.AsyncClient(
            timeout=FETCH_SECONDS_MAX,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
            verify=client_tls(),
            follow_redirects=False,
            trust_env=False,
        )

    def keys(self, name: str | None) -> tuple[RSAPublicKey, ...]:
        """The keys of this name. Raises KeysUnavailable while no set was ever fetched."""
        if self._keys is None:
            raise KeysUnavailable("the key set could not be fetched yet")
        return self._keys.get(name, ())

    async def wait_for(self, name: str | None) -> None:
        """Return when the key of this name is known, or cannot be found out now; after a bounded wait in any case."""
        if self._keys is not None and name in self._keys:
            return
        if self._cools_down() and not self._fetching():
            return
        self.look_again()
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await self._fetched.wait()
        except TimeoutError:
            log.debug("a token waits no longer for the key set", url=self._url)

    def look_again(self) -> None:
        """Have the loop fetch the set, unless it was fetched within the cool-down."""
        if not self._cools_down():
            self._fetched.clear()
            self._wanted.set()

    async def run(self) -> None:
        """Fetch the set now, then when a request needs a key that is not in it, and every few minutes."""
        while True:
            self._fetched.clear()
            self._wanted.clear()
            self._fetched_at = self._clock()
            try:
                async with asyncio.timeout(FETCH_SECONDS_MAX):
                    self._keys = read_key_set(await self._fetch())
            except (httpx.HTTPError, UnusableKeySet, TimeoutError) as error:
                log.warning("the key set cannot be fetched; known keys stay in use", url=self._url, error=repr(error)[:200])
            finally:
                self._fetched.set()
            try:
                async with asyncio.timeout(REFRESH_SECONDS if self._keys is not None else COOL_DOWN_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def aclose(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    def _cools_down(self) -> bool:
        return self._clock() - self._fetched_at < COOL_DOWN_SECONDS

    def _fetching(self) -> bool:
        return not self._fetched.is_set()

    async def _fetch(self) -> bytes:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        body = bytearray()
        async with self._http.stream("GET", self._url, headers=headers) as answer:
            if answer.status_code != 200:
                raise UnusableKeySet(f"status {answer.status_code}")
            async for part in answer.aiter_raw():
                body += part
                if len(body) > KEY_SET_BYTES_MAX:
                    raise UnusableKeySet(f"larger than {KEY_SET_BYTES_MAX} bytes")
        return bytes(body)


def read_key_set(document: bytes) -> dict[str | None, tuple[RSAPublicKey, ...]]:
    """The keys of a JWKS that may check RS256 signatures, by name; other keys are left out. Raises UnusableKeySet."""
    if len(document) > KEY_SET_BYTES_MAX:
        raise UnusableKeySet(f"larger than {KEY_SET_BYTES_MAX} bytes")
    try:
        listed = json.loads(document)["keys"]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError) as error:
        raise UnusableKeySet("not a JSON object with keys") from error
    if not isinstance(listed, list) or len(listed) > KEYS_MAX:
        raise UnusableKeySet(f"keys must be a list of at most {KEYS_MAX}")
    found: dict[str | None, tuple[RSAPublicKey, ...]] = {}
    for one in listed:
        key = _verifying_key(one) if isinstance(one, dict) else None
        if key is not None:
            found[one.get("kid")] = (*found.get(one.get("kid"), ()), key)
    return found


def _verifying_key(listed: dict[str, Any]) -> RSAPublicKey | None:
    """The public key of a JWK that is meant for RS256 signatures; None for every other JWK."""
    for_us = (
        listed.get("kty") == "RSA"
        and listed.get("use", "sig") == "sig"
        and listed.get("alg", ALGORITHM) == ALGORITHM
        and isinstance(listed.get("key_ops", ["verify"]), list)
        and "verify" in listed.get("key_ops", ["verify"])
        and isinstance(listed.get("kid"), str | None)
    )
    if not for_us:
        return None
    try:
        # Without `d` and the like, so that a private key in the set becomes a public one too.
        key = jwt.algorithms.RSAAlgorithm.from_jwk({name: listed[name] for name in ("kty", "n", "e")})
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(key, RSAPublicKey) or not KEY_BITS_MIN <= key.key_size <= KEY_BITS_MAX:
        return None
    return key if key.public_numbers().e < EXPONENT_MAX else None
