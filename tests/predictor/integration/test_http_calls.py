"""The calls over real sockets: kept alive, never late, never repeated, and honest about what was sent."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

import pytest
from darkroom_predictor.providers.http_calls import HttpCalls, NoAnswer, NotConnected, SentTooLate

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LONG = 30.0
"""More than anything here takes on any machine; only what is to run out has less."""
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """A raw server that counts connections and keeps what arrived."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.arrived = b""
        self.close_after_answer = False

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self.answers and (data := await reader.read(65_536)):
            self.arrived += data
            if not data.endswith(b"!"):
                continue
            writer.write(self.answers.pop(0))
            await writer.drain()
            if self.close_after_answer:
                break
        writer.close()


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[HttpCalls]:
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        calls = HttpCalls(f"http://127.0.0.1:{port}", connect_seconds_max=LONG)
        try:
            yield calls
        finally:
            await calls.close()


async def test_one_connection_serves_many_calls() -> None:
    server = Server(OK, OK, OK)
    async with serving(server) as calls:
        for _ in range(3):
            answer = await calls.call("POST", "/x", {"a": "b"}, body=b"body!", answer_seconds_max=LONG)
            assert (answer.status, answer.content) == (200, b"ok")
    assert server.connections == 1
    assert server.arrived.startswith(b"POST /x HTTP/1.1\r\nhost: 127.0.0.1:")
    assert server.arrived.count(b"a: b\r\n\r\nbody!") == 3


async def test_a_late_call_never_leaves() -> None:
    server = Server(OK, OK)
    async with serving(server) as calls:
        await calls.call("POST", "/first", {}, body=b"!", answer_seconds_max=LONG)
        with pytest.raises(SentTooLate):
            await calls.call("POST", "/late", {}, body=b"!", answer_seconds_max=LONG, send_before=monotonic() - 0.001)
    assert b"/late" not in server.arrived


async def test_a_body_that_does_not_leave_in_time_is_cut_off_and_the_rest_of_it_never_arrives() -> None:
    cut = asyncio.Event()
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def read_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await cut.wait()
        try:
            while await reader.read(65_536):
                pass
            ended.set_result("closed after all that was sent")
        except ConnectionResetError:
            ended.set_result("reset")
        writer.transport.abort()

    listening = await asyncio.start_server(read_late, "127.0.0.1", 0, limit=1)
    async with listening:
        calls = HttpCalls(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", connect_seconds_max=LONG)
        with pytest.raises(NoAnswer):
            await calls.call("POST", "/", {}, body=b"x" * 50_000_000, answer_seconds_max=LONG, send_before=monotonic() + 0.3)
        cut.set()
        assert await asyncio.wait_for(ended, LONG) == "reset"


async def test_the_kernel_gives_up_bytes_that_nobody_acknowledges() -> None:
    server = Server(OK)
    async with serving(server) as calls:
        await calls.call("POST", "/x", {}, body=b"!", answer_seconds_max=LONG)
        [connection] = calls._idle
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            assert connection._socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 3_000


async def test_what_nobody_asked_for_is_not_the_answer_to_the_next_call() -> None:
    """A server that closes idle connections may say so (408) just before the next request leaves."""
    server = Server(OK + b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n", OK)
    async with serving(server) as calls:
        for _ in range(2):
            answer = await calls.call("POST", "/", {}, body=b"!", answer_seconds_max=LONG)
            assert (answer.status, answer.content) == (200, b"ok")
    assert server.connections == 2


async def test_nobody_there_means_nothing_sent() -> None:
    with pytest.raises(NotConnected):
        await HttpCalls("http://127.0.0.1:1", connect_seconds_max=LONG).call("GET", "/", {}, answer_seconds_max=LONG)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 201 Created\r\ncontent-length: 50\r\n\r\n{",
        b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
        b"hello, this is no HTTP at all\r\n\r\n",
    ],
)
async def test_an_answer_cut_off_or_garbled_is_no_answer(answer: bytes) -> None:
    server = Server(answer)
    server.close_after_answer = True
    async with serving(server) as calls:
        with pytest.raises(NoAnswer):
            await calls.call("POST", "/", {}, body=b"!", answer_seconds_max=LONG)


async def test_silence_is_no_answer_after_its_time() -> None:
    async with serving(Server(b"HTTP/1.1 ")) as calls:
        with pytest.raises(NoAnswer):
            await calls.call("POST", "/", {}, body=b"!", answer_seconds_max=0.1)


async def test_a_dripping_answer_has_the_same_time_as_a_silent_one() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)

    listening = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with listening:
        calls = HttpCalls(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", connect_seconds_max=LONG)
        with pytest.raises(NoAnswer):
            await asyncio.wait_for(calls.call("GET", "/", {}, answer_seconds_max=0.3), LONG)


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nto the end", b"to the end"),
    ],
)
async def test_answers_of_every_form_are_read(answer: bytes, content: bytes) -> None:
    server = Server(answer)
    server.close_after_answer = True
    async with serving(server) as calls:
        assert (await calls.call("POST", "/", {}, body=b"!", answer_seconds_max=LONG)).content == content
