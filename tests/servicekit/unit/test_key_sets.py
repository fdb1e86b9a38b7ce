"""Key sets: fetched in the background, kept while their source is away, bounded, and never waited for on the event loop."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from darkroom_servicekit.auth import Authenticator, InvalidToken, TokenKeys
from darkroom_servicekit.key_sets import KEY_SET_BYTES_MAX, KEYS_MAX, KeySet, KeysUnavailable, UnusableKeySet, read_key_set
from support.service import eventually

URL = "/keys"
KEYS = {kid: rsa.generate_private_key(public_exponent=65537, key_size=2048) for kid in ("one", "two")}


def jwk(kid: str | None, key: str = "one", **changes: Any) -> dict[str, Any]:
    """A public key as an identity provider lists it."""
    numbers: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEYS[key].public_key()))
    listed = {"kty": "RSA", "n": numbers["n"], "e": numbers["e"], "kid": kid, "use": "sig", "alg": "RS256"} | changes
    return {name: value for name, value in listed.items() if value is not None}


def token(kid: str | None, key: str = "one") -> str:
    now = datetime.now(UTC)
    claims = {
        "sub": "u",
        "instance_id": "shop-a",
        "iss": "darkroom",
        "aud": "darkroom",
        "iat": now,
        "exp": now + timedelta(hours=1),
    }
    return jwt.encode(claims, KEYS[key], algorithm="RS256", headers={"kid": kid} if kid else None)


def document(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


class KeyServer:
    """Answers with `body`; `silent`: accepts and says nothing."""

    def __init__(self) -> None:
        self.body = document(jwk("one"))
        self.status = 200
        self.silent = False
        self.asked = 0
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            if self.silent:
                await reader.read()
                return
            head = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + self.body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def key_server() -> AsyncIterator[KeyServer]:
    served = KeyServer()
    server = await asyncio.start_server(served.answer, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{URL}"
    try:
        yield served
    finally:
        server.close()


@asynccontextmanager
async def key_set(served: KeyServer, clock: Callable[[], float] | None = None) -> AsyncIterator[tuple[KeySet, Authenticator]]:
    keys = KeySet(served.url, **({"clock": clock} if clock else {}))
    loop = asyncio.create_task(keys.run())
    try:
        yield keys, Authenticator(TokenKeys(jwt_algorithm="RS256"), key_set=keys)
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        await keys.aclose()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def admitted(authenticator: Authenticator, text: str) -> str:
    return (await authenticator.admit(text, datetime.now(UTC))).instance_id


async def test_a_token_of_a_listed_key_is_accepted_from_the_first_request_on() -> None:
    async with key_server() as served, key_set(served) as (_, authenticator):
        assert await admitted(authenticator, token("one")) == "shop-a"
        with pytest.raises(InvalidToken):
            await admitted(authenticator, token("one", key="two"))
        assert served.asked == 1


async def test_known_keys_stay_good_while_their_source_is_away() -> None:
    clock = Clock()
    async with key_server() as served, key_set(served, clock) as (keys, authenticator):
        await admitted(authenticator, token("one"))
        served.status = 500
        clock.now += 3600
        await keys.wait_for("unknown")  # until the fetch has failed, not only begun
        assert served.asked == 2
        assert await admitted(authenticator, token("one")) == "shop-a"


async def test_without_any_keys_it_is_an_outage_and_the_token_is_not_called_wrong() -> None:
    async with key_server() as served:
        served.status = 503
        async with key_set(served) as (_, authenticator):
            with pytest.raises(KeysUnavailable):
                await admitted(authenticator, token("one"))
            for garbage in ("e30.e30.AAAA", "a.b.c", jwt.encode({}, "k" * 32, algorithm="HS256")):
                with pytest.raises(InvalidToken):
                    await admitted(authenticator, garbage)


async def test_an_unknown_key_is_asked_for_once_in_a_cool_down_also_when_that_fails() -> None:
    clock = Clock()
    async with key_server() as served, key_set(served, clock) as (_, authenticator):
        await admitted(authenticator, token("one"))
        served.body = document(jwk("two", key="two"))
        clock.now += 3600
        assert await admitted(authenticator, token("two", key="two")) == "shop-a"
        with pytest.raises(InvalidToken):
            await admitted(authenticator, token("one"))  # it vanished from the set
        served.status = 500
        clock.now += 3600
        for name in ("three", "four", "five"):
            with pytest.raises(InvalidToken):
                await admitted(authenticator, token(name))
        assert served.asked == 3


async def test_a_key_server_that_says_nothing_stops_neither_the_loop_nor_those_whose_key_is_known() -> None:
    clock = Clock()
    async with key_server() as served, key_set(served, clock) as (_, authenticator):
        await admitted(authenticator, token("one"))
        served.silent = True
        clock.now += 3600
        strangers = [asyncio.create_task(admitted(authenticator, token(f"stranger-{number}"))) for number in range(20)]
        await eventually(lambda: _reaches(served, 2))
        assert await admitted(authenticator, token("one")) == "shop-a"
        assert not any(task.done() for task in strangers), "the others still wait for the answer"
        outcomes = await asyncio.gather(*strangers, return_exceptions=True)
        assert all(isinstance(outcome, InvalidToken) for outcome in outcomes)
        assert served.asked == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": 7}',
        document(*(jwk(f"k-{number}") for number in range(KEYS_MAX + 1))),
        b" " * (KEY_SET_BYTES_MAX + 1),
        b"[" * 100_000,
    ],
)
async def test_an_answer_that_is_no_key_set_changes_nothing(body: bytes) -> None:
    clock = Clock()
    async with key_server() as served, key_set(served, clock) as (keys, authenticator):
        await admitted(authenticator, token("one"))
        served.body = body
        clock.now += 3600
        await keys.wait_for("unknown")
        assert served.asked == 2
        assert await admitted(authenticator, token("one")) == "shop-a"


async def test_a_set_of_ten_megabytes_is_not_read_to_its_end() -> None:
    async with key_server() as served:
        served.body = document(jwk("one", x5c=["x" * 10_000_000]))
        async with key_set(served) as (_, authenticator):
            with pytest.raises(KeysUnavailable):
                await admitted(authenticator, token("one"))


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"alg": "RS512"},
        {"kty": "EC"},
        {"key_ops": ["sign"]},
        {"n": None},
        {"n": "!!"},
        {"n": 7},
        {"e": "AA"},
        {"n": "w" * 171},
        {"n": "w" * 20_000},
        {"kid": 7},
    ],
)
def test_a_key_that_is_not_for_our_signatures_is_left_out(changes: dict[str, Any]) -> None:
    assert set(read_key_set(document(jwk("bad") | changes, jwk("good")))) == {"good"}


def test_a_key_without_use_and_alg_is_taken_and_one_that_shows_its_private_part_only_verifies() -> None:
    private = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEYS["two"])) | {"kid": "private", "key_ops": ["verify"]}
    keys = read_key_set(document(jwk("bare", use=None, alg=None), private))
    assert set(keys) == {"bare", "private"}
    assert all(isinstance(key, rsa.RSAPublicKey) for listed in keys.values() for key in listed)


def test_too_many_keys_are_no_set() -> None:
    with pytest.raises(UnusableKeySet, match="at most"):
        read_key_set(document(*(jwk(f"k-{number}") for number in range(KEYS_MAX + 1))))


async def test_a_token_that_names_no_key_is_checked_by_the_keys_without_a_name() -> None:
    async with key_server() as served, key_set(served) as (_, authenticator):
        with pytest.raises(InvalidToken):
            await admitted(authenticator, token(None))
    async with key_server() as served:
        served.body = document(jwk(None))
        async with key_set(served) as (_, authenticator):
            assert await admitted(authenticator, token(None)) == "shop-a"


async def _reaches(served: KeyServer, asked: int) -> bool:
    return served.asked >= asked
