"""Each way in which the server closes a socket, by the code that a page sees."""

import asyncio
import json
import socket
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from darkroom_contracts.items import ItemCompleted
from darkroom_servicekit.auth import DEVELOPMENT_KEY, token_digest
from darkroom_servicekit.revocation import Revocations
from redis.asyncio import Redis
from support.notifier_process import FRAME_SECONDS_MAX, Ground, NotifierProcess, Page, example, notifier_process, page, token_for
from support.service import eventually
from support.signed_tokens import instance_token
from support.tasks import in_background
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

FAR_AWAY = "not-a-token"
LIVES_SECONDS = (1.0, 6.0, 24.0)
"""How long a token lives that is to end while its socket is open: a busy machine may need longer until it has connected."""


async def test_no_connect_in_time_is_4408(notifier: NotifierProcess) -> None:
    before = asyncio.get_running_loop().time()
    async with page(notifier.url) as open_page:
        assert await open_page.close_code() == 4408
    assert asyncio.get_running_loop().time() - before > 4.5


@pytest.mark.parametrize(
    "message",
    ["x", b"binary", '{"type":"hello"}', '{"type":"connect"}', '{"type":"token","token":"t"}', "x" * 4097, "x" * 900_000],
    ids=["no JSON", "binary", "unknown type", "no token", "token before connect", "over 4 kB", "far over 4 kB"],
)
async def test_malformed_or_too_large_is_4400(notifier: NotifierProcess, message: str | bytes) -> None:
    async with page(notifier.url) as open_page:
        await open_page.send(message)
        assert await open_page.close_code() == 4400


async def test_a_second_connect_is_4400(notifier: NotifierProcess, tenant: str) -> None:
    async with page(notifier.url, token=token_for(tenant)) as open_page:
        await open_page.send({"type": "connect", "token": token_for(tenant)})
        assert await open_page.close_code() == 4400


@pytest.mark.parametrize("token", ["", FAR_AWAY, "a.b", "a.b.c"])
async def test_a_wrong_token_is_4401(notifier: NotifierProcess, token: str) -> None:
    async with page(notifier.url) as open_page:
        await open_page.send({"type": "connect", "token": token})
        assert await open_page.close_code() == 4401


async def test_a_members_token_is_4401_and_says_that_only_the_owner_acts(notifier: NotifierProcess, tenant: str) -> None:
    now = datetime.now(UTC).isoformat()
    member = {"instanceId": tenant, "uid": "m", "siteMemberId": "m", "permissions": None, "signDate": now}
    async with page(notifier.url) as open_page:
        await open_page.send({"type": "connect", "token": instance_token(member, DEVELOPMENT_KEY)})
        assert await open_page.close_code() == 4401
        assert "owner" in (open_page.socket.close_reason or "")


async def test_while_no_key_set_could_be_fetched_a_jwts_socket_is_4503_and_an_owners_opens(ground: Ground, tenant: str) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{silent.getsockname()[1]}/keys"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode({"sub": "u"}, private, algorithm="RS256", headers={"kid": "k"})
    settings = {"DARKROOM_JWT_ALGORITHM": "RS256", "DARKROOM_JWT_JWKS_URL": url}
    with silent:
        async with notifier_process(ground, lambda _port: settings) as waiting, httpx.AsyncClient() as client:
            async with page(waiting.url) as open_page:
                await open_page.send({"type": "connect", "token": token})
                assert await open_page.close_code() == 4503
            async with page(waiting.url, token=token_for(tenant)):
                pass
            address = f"http://127.0.0.1:{waiting.port}/api/notifications"
            away = await client.get(address, headers={"Authorization": f"Bearer {token}"})
            owner = await client.get(address, headers={"Authorization": f"Bearer {token_for(tenant)}"})
    assert (away.status_code, "Retry-After" in away.headers, owner.status_code) == (503, True, 200)


async def test_an_expired_token_is_4401(notifier: NotifierProcess, tenant: str) -> None:
    async with page(notifier.url) as open_page:
        await open_page.send({"type": "connect", "token": token_for(tenant, ttl_seconds=-1)})
        assert await open_page.close_code() == 4401


async def test_a_token_that_expires_later_is_4401_then(notifier: NotifierProcess, tenant: str) -> None:
    for seconds in LIVES_SECONDS:
        async with page(notifier.url) as open_page:
            try:
                await open_page.say_connect(token_for(tenant, ttl_seconds=seconds))
            except ConnectionClosed:
                continue
            assert await open_page.close_code() == 4401
            return
    pytest.fail("never connected")


async def test_a_new_token_keeps_the_socket_open(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    for seconds in LIVES_SECONDS:
        with suppress(ConnectionClosed):  # the old one had ended before the new one was there
            async with page(notifier.url) as open_page:
                await open_page.say_connect(token_for(tenant, ttl_seconds=seconds))
                await open_page.send({"type": "token", "token": token_for(tenant)})
                await asyncio.sleep(seconds + 0.3)
                await ground.log.publish(example(ItemCompleted, tenant))
                assert len(await open_page.frames(1)) == 1
                return
    pytest.fail("closed although it had a new token")


@pytest.mark.parametrize("whose", ["nobody's", "another tenant's"])
async def test_a_new_token_that_is_not_the_tenants_is_4401(
    notifier: NotifierProcess, tenant: str, other_tenant: str, whose: str
) -> None:
    async with page(notifier.url, token=token_for(tenant)) as open_page:
        await open_page.send({"type": "token", "token": FAR_AWAY if whose == "nobody's" else token_for(other_tenant)})
        assert await open_page.close_code() == 4401


async def test_more_than_twenty_messages_a_second_are_4429(notifier: NotifierProcess, tenant: str) -> None:
    token = token_for(tenant)
    async with page(notifier.url, token=token) as open_page, in_background(repeated(open_page, token, every_seconds=0.005)):
        assert await open_page.close_code() == 4429


async def repeated(open_page: Page, token: str, *, every_seconds: float) -> None:
    """Send the token again and again, until the socket is closed."""
    with suppress(ConnectionClosed):
        while True:
            await open_page.send({"type": "token", "token": token})
            await asyncio.sleep(every_seconds)


async def test_the_fifty_first_socket_of_a_tenant_is_4429_also_on_another_replica(
    ground: Ground, notifier: NotifierProcess, tenant: str, other_tenant: str
) -> None:
    token = token_for(tenant)
    said = json.dumps({"type": "connect", "token": token})

    async def connecting(url: str) -> ClientConnection:
        socket = await connect(url, proxy=None, open_timeout=FRAME_SECONDS_MAX)
        await socket.send(said)  # at once: none is waited for longer than some seconds
        return socket

    async with notifier_process(ground) as replica:
        sockets = await asyncio.gather(*(connecting(url) for url in [notifier.url, replica.url] * 25))
        assert {json.loads(await socket.recv())["type"] for socket in sockets} == {"connected"}
        for url in (notifier.url, replica.url):
            async with page(url) as one_too_many:
                await one_too_many.send({"type": "connect", "token": token})
                assert await one_too_many.close_code() == 4429
            async with page(url, token=token_for(other_tenant)):
                pass
        await asyncio.gather(*(socket.close() for socket in sockets))

        async def a_place_is_free() -> bool:
            async with page(replica.url) as again:
                try:
                    await again.say_connect(token)
                except ConnectionClosed:  # no place yet
                    return False
                return True

        await eventually(a_place_is_free)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://darkroom.localhost:81"])
async def test_a_foreign_origin_is_refused_at_the_handshake(notifier: NotifierProcess, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(notifier.url, proxy=None, additional_headers={"Origin": origin})
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["http://darkroom.localhost", "https://shop.example"])
async def test_our_origins_are_let_in(notifier: NotifierProcess, tenant: str, origin: str) -> None:
    async with page(notifier.url, token=token_for(tenant), additional_headers={"Origin": origin}):
        pass


async def test_compression_is_not_offered(notifier: NotifierProcess) -> None:
    async with page(notifier.url, compression="deflate") as open_page:
        assert open_page.socket.protocol.extensions == []


async def test_going_down_is_4503_for_all_and_quick(ground: Ground, tenant: str) -> None:
    async with (
        notifier_process(ground) as replica,
        page(replica.url, token=token_for(tenant)) as open_page,
        page(replica.url) as silent,  # the last: who says nothing is not waited for long
    ):
        stopping = asyncio.create_task(replica.stop())
        assert await open_page.close_code() == 4503
        assert await silent.close_code() == 4503
        await stopping


async def test_a_slow_reader_is_dropped_alone(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    """The slow one never reads; its neighbour of the same tenant gets every frame."""
    token = token_for(tenant)
    name = "x" * 2000
    host, port = "127.0.0.1", notifier.port

    async def open_sockets(count: int) -> bool:
        return await notifier.metric("darkroom_ws_sockets") == count

    await eventually(lambda: open_sockets(0))  # those of other tests have been closed, and soon are counted off
    slow_reader, slow_writer = await asyncio.open_connection(host, port, limit=1024)
    slow_writer.write(HANDSHAKE)
    await slow_reader.readuntil(b"\r\n\r\n")
    slow_writer.write(text_frame(json.dumps({"type": "connect", "token": token})))
    async with page(notifier.url, token=token) as good:
        await slow_reader.readuntil(b'"recovered":false}')
        behind = slow_writer.transport
        assert isinstance(behind, asyncio.Transport)
        behind.pause_reading()
        sent = 0
        while not await open_sockets(1):
            await ground.log.publish(*[example(ItemCompleted, tenant, item_id=sent + n, image_id=name) for n in range(500)])
            sent += 500
            frames = await good.frames(500)
            assert [frame["data"]["itemId"] for frame in frames] == list(range(sent - 500, sent))
            assert sent < 50_000, "the slow reader was never dropped"
        await ground.log.publish(example(ItemCompleted, tenant))
        assert len(await good.frames(1)) == 1
    await eventually(lambda: open_sockets(0))
    slow_writer.close()


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def text_frame(text: str) -> bytes:
    """A client's frame (RFC 6455 §5.2) with the mask zero."""
    payload = text.encode()
    assert 125 < len(payload) < 65536
    return b"\x81\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload


async def test_a_page_is_known_by_its_cookie_and_its_expiry_closes_the_socket(notifier: NotifierProcess, tenant: str) -> None:
    for seconds in LIVES_SECONDS:
        cookie = f"darkroom_session={token_for(tenant, ttl_seconds=seconds)}"
        async with page(notifier.url, origin="https://shop.example", additional_headers={"Cookie": cookie}) as open_page:
            await open_page.send({"type": "connect"})
            try:
                assert (await open_page.receive())["type"] == "connected"
            except ConnectionClosed:
                continue
            assert await open_page.close_code() == 4401
            return
    pytest.fail("never connected")


async def test_a_wrong_cookie_is_4401(notifier: NotifierProcess) -> None:
    async with page(notifier.url, additional_headers={"Cookie": "darkroom_session=wrong"}) as open_page:
        await open_page.send({"type": "connect"})
        assert await open_page.close_code() == 4401


async def test_a_token_given_back_closes_its_own_sockets_alone_and_opens_none(
    ground: Ground, notifier: NotifierProcess, tenant: str
) -> None:
    ended, other = token_for(tenant, ttl_seconds=1800), token_for(tenant)
    async with (
        Redis.from_url(ground.redis_url) as redis,
        page(notifier.url, token=ended) as first,
        page(notifier.url, token=other) as renewed,
        page(notifier.url, token=other) as neighbour,
    ):
        await renewed.send({"type": "token", "token": ended})
        async with page(notifier.url, token=other):
            pass  # by now the new token has been read too
        await Revocations(redis).add({token_digest(ended): 1800})
        assert await first.close_code() == 4401
        assert await renewed.close_code() == 4401

        # Where Redis does not answer within a quarter of a second a token passes for good, so from here on all ask again.
        async def opens_none() -> bool:
            async with page(notifier.url) as again:
                try:
                    await again.say_connect(ended)
                except ConnectionClosed as closed:
                    return closed.rcvd is not None and closed.rcvd.code == 4401
                return False

        await eventually(opens_none)
        async with in_background(repeated(neighbour, ended, every_seconds=0.5)):
            assert await neighbour.close_code() == 4401
    async with page(notifier.url, token=other):
        pass
