"""The fetcher against a real server: limits, redirects, pinning, keep-alive."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from darkroom_servicekit.fetch import AddressGuard, FetchFailed, NotFound, RefusedAddress, SafeFetcher, TooLarge
from darkroom_servicekit.resolver import HostNotFound, LookUpFailed

LIMITS: Any = {"bytes_max": 10_000, "timeout_seconds": 30, "asker": "shop"}


class Server:
    """Speaks raw HTTP/1.1 by a table of paths; remembers requests and connections."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Callable[[asyncio.StreamWriter], AsyncIterator[bytes]]] = {}
        self.requests: list[str] = []
        self.connections = 0
        self.port = 0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def say(self, path: str, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self.answers[path] = head.encode() + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.requests.append(head)
                answer = self.answers[head.split(" ")[1]]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    continue
                async for chunk in answer(writer):
                    writer.write(chunk)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    parts = Server()
    listening = await asyncio.start_server(parts.serve, "127.0.0.1", 0)
    parts.port = listening.sockets[0].getsockname()[1]
    yield parts
    listening.close()


@pytest.fixture
async def fetcher(server: Server) -> AsyncIterator[SafeFetcher]:
    async def resolve(host: str, *, asker: str) -> list[str]:
        return ["127.0.0.1"]

    allow = frozenset({f"127.0.0.1:{server.port}", f"pictures.example:{server.port}"})
    made = SafeFetcher(AddressGuard(allow, resolve=resolve))
    yield made
    await made.aclose()


async def test_a_body_comes_whole_with_its_type(server: Server, fetcher: SafeFetcher) -> None:
    server.say("/a", b"x" * 10_000, headers="Content-Type: image/jpeg\r\n")
    fetched = await fetcher.fetch(server.url("/a"), **LIMITS)
    assert (fetched.data, fetched.content_type, fetched.final_url) == (b"x" * 10_000, "image/jpeg", server.url("/a"))


async def test_repeated_fetches_share_one_connection(server: Server, fetcher: SafeFetcher) -> None:
    server.say("/a", b"x")
    for _ in range(5):
        await fetcher.fetch(server.url("/a"), **LIMITS)
    assert server.connections == 1


async def test_the_host_header_is_the_name_although_the_address_is_pinned(server: Server, fetcher: SafeFetcher) -> None:
    server.say("/a", b"x")
    await fetcher.fetch(server.url("/a", host="pictures.example"), **LIMITS)
    assert f"Host: pictures.example:{server.port}\r\n" in server.requests[0]
    assert "Accept-Encoding: identity\r\n" in server.requests[0]


async def test_two_names_on_one_address_do_not_share_connections(server: Server, fetcher: SafeFetcher) -> None:
    server.say("/a", b"x")
    await fetcher.fetch(server.url("/a", host="pictures.example"), **LIMITS)
    await fetcher.fetch(server.url("/a"), **LIMITS)
    assert server.connections == 2


async def test_a_name_that_changes_its_answer_is_connected_only_where_it_was_checked(server: Server) -> None:
    """Rebinding: a second look-up would lead to the server. There is no second one, and the server sees nothing."""
    looked_up: list[str] = []

    async def rebinding(host: str, *, asker: str) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) > 1 else ["127.0.0.2"]

    fetcher = SafeFetcher(AddressGuard(frozenset({f"rebind.example:{server.port}"}), resolve=rebinding))
    with pytest.raises(FetchFailed):
        await fetcher.fetch(server.url("/a", host="rebind.example"), bytes_max=10, timeout_seconds=5, asker="shop")
    assert looked_up == ["rebind.example"]
    assert server.connections == 0


async def test_a_name_that_turns_private_is_refused_although_a_connection_is_open(server: Server) -> None:
    public_first = iter([["127.0.0.1"], ["127.0.0.1", "10.0.0.1"]])
    allowed = iter([True, False])

    class Turning(AddressGuard):
        async def addresses(self, target: object, *, asker: str) -> list[str]:
            answers = next(public_first)
            if not next(allowed):
                raise RefusedAddress("must be on the public internet")
            return answers

    server.say("/a", b"x")
    fetcher = SafeFetcher(Turning(frozenset()))
    await fetcher.fetch(server.url("/a"), **LIMITS)
    with pytest.raises(RefusedAddress):
        await fetcher.fetch(server.url("/a"), **LIMITS)
    assert len(server.requests) == 1
    await fetcher.aclose()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_by_hand(server: Server, fetcher: SafeFetcher, status: int) -> None:
    server.say("/from", b"", status=f"{status} Elsewhere", headers="Location: /to?x=1\r\n")
    server.say("/to?x=1", b"there")
    fetched = await fetcher.fetch(server.url("/from"), **LIMITS)
    assert (fetched.data, fetched.final_url) == (b"there", server.url("/to?x=1"))


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest",
        "//10.0.0.1/",
        "file:///etc/passwd",
        "http://[::1]/",
        "http://u@1.1.1.1/",
    ],
)
async def test_each_redirect_is_checked_anew(server: Server, fetcher: SafeFetcher, to: str) -> None:
    server.say("/from", b"", status="302 Found", headers=f"Location: {to}\r\n")
    with pytest.raises(FetchFailed, match="redirected to an address that") as failed:
        await fetcher.fetch(server.url("/from"), **LIMITS)
    assert failed.value.retryable, "the redirect may be gone at the next try"
    assert len(server.requests) == 1


async def test_redirects_end(server: Server, fetcher: SafeFetcher) -> None:
    server.say("/round", b"", status="302 Found", headers="Location: /round\r\n")
    with pytest.raises(FetchFailed, match="more than 3 redirects") as failed:
        await fetcher.fetch(server.url("/round"), **LIMITS)
    assert failed.value.retryable
    assert len(server.requests) == 4


async def test_an_endless_body_is_cut_at_the_limit(server: Server, fetcher: SafeFetcher) -> None:
    sent = 0

    async def endless(_writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
        nonlocal sent
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while sent < 100_000_000:
            sent += 4096
            yield b"1000\r\n" + b"x" * 4096 + b"\r\n"

    server.answers["/endless"] = endless
    with pytest.raises(TooLarge):
        await fetcher.fetch(server.url("/endless"), **LIMITS)
    assert sent < 20_000_000


async def test_a_declared_size_over_the_limit_is_not_even_read(server: Server, fetcher: SafeFetcher) -> None:
    server.answers["/big"] = b"HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n"
    with pytest.raises(TooLarge):
        await fetcher.fetch(server.url("/big"), **LIMITS)


async def test_a_body_that_drips_is_ended_by_the_time_limit(server: Server, fetcher: SafeFetcher) -> None:
    forever = asyncio.Event()

    async def dripping(_writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx"
        await forever.wait()

    server.answers["/drip"] = dripping
    with pytest.raises(FetchFailed, match="not finished within") as failed:
        await fetcher.fetch(server.url("/drip"), bytes_max=1000, timeout_seconds=0.2, asker="shop")
    assert failed.value.retryable
    forever.set()


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("gzip", bytes)])
async def test_an_answer_that_is_or_claims_to_be_packed_comes_plain(
    server: Server, fetcher: SafeFetcher, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    server.say("/packed", pack(b"x" * 9_000), headers=f"Content-Encoding: {encoding}\r\n")
    assert (await fetcher.fetch(server.url("/packed"), **LIMITS)).data == b"x" * 9_000


async def test_a_packed_answer_is_bounded_by_what_it_unpacks_to(server: Server, fetcher: SafeFetcher) -> None:
    server.say("/gz", gzip.compress(b"x" * 1_000_000, mtime=0), headers="Content-Encoding: gzip\r\n")
    with pytest.raises(TooLarge):
        await fetcher.fetch(server.url("/gz"), **LIMITS)


@pytest.mark.parametrize(("encoding", "body"), [("br", b"x"), ("gzip", gzip.compress(b"x" * 900, mtime=0)[:-9])])
async def test_what_cannot_be_unpacked_is_worth_another_try(
    server: Server, fetcher: SafeFetcher, encoding: str, body: bytes
) -> None:
    server.say("/odd", body, headers=f"Content-Encoding: {encoding}\r\n")
    with pytest.raises(FetchFailed) as failed:
        await fetcher.fetch(server.url("/odd"), **LIMITS)
    assert failed.value.retryable


async def test_a_body_without_a_told_end_is_not_framed(server: Server, fetcher: SafeFetcher) -> None:
    async def until_close(writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\nhalf"
        writer.close()

    server.answers["/half"] = until_close
    fetched = await fetcher.fetch(server.url("/half"), **LIMITS)
    assert (fetched.data, fetched.framed) == (b"half", False)


@pytest.mark.parametrize(("status", "retryable"), [(500, True), (503, True), (429, True), (408, True), (400, True), (403, False)])
async def test_other_answers_say_whether_to_try_again(server: Server, fetcher: SafeFetcher, status: int, retryable: bool) -> None:
    server.say("/x", b"", status=f"{status} No")
    with pytest.raises(FetchFailed) as failed:
        await fetcher.fetch(server.url("/x"), **LIMITS)
    assert failed.value.retryable is retryable


@pytest.mark.parametrize("status", [404, 410])
async def test_what_is_gone_is_told_apart(server: Server, fetcher: SafeFetcher, status: int) -> None:
    server.say("/x", b"", status=f"{status} Gone")
    with pytest.raises(NotFound):
        await fetcher.fetch(server.url("/x"), **LIMITS)


async def test_a_closed_port_is_worth_another_try(fetcher: SafeFetcher, server: Server) -> None:
    gone = SafeFetcher(AddressGuard(frozenset({"127.0.0.1:1"})))
    with pytest.raises(FetchFailed) as failed:
        await gone.fetch("http://127.0.0.1:1/", **LIMITS)
    assert failed.value.retryable


async def test_proxy_settings_are_not_read(server: Server, fetcher: SafeFetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.say("/a", b"x")
    assert (await fetcher.fetch(server.url("/a"), **LIMITS)).data == b"x"


@pytest.mark.parametrize("error", [HostNotFound, lambda host: LookUpFailed(host, "no answer")])
async def test_a_host_without_an_address_is_worth_another_try(error: Callable[[str], Exception]) -> None:
    async def resolve(host: str, *, asker: str) -> list[str]:
        raise error(host)

    fetcher = SafeFetcher(AddressGuard(frozenset(), resolve=resolve))
    with pytest.raises(FetchFailed) as failed:
        await fetcher.fetch("http://pictures.example/a", **LIMITS)
    assert failed.value.retryable
