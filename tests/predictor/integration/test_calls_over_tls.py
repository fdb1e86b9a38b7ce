"""The production door over real TLS: what it believes of its calls is what the provider has made, on both event loops."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from uuid import uuid4

import pytest
import uvloop
from darkroom_predictor.providers.door import Accepted, CancelFailed, Creation, LookUpFailed, NotSent, Outcome, Unanswered
from darkroom_predictor.providers.http_calls import HttpCalls, NoAnswer, NotConnected
from darkroom_predictor.providers.replicate import Replicate
from predictor.tls_provider import Plan, TlsProvider, slow_reader, tls_provider

LONG = 30.0
SINCE = datetime(2026, 11, 21, tzinfo=UTC)
SEND_WITHIN_SECONDS = 0.6
"""Less than the provider takes for its slow answers."""
SLOW, QUICK = 1.0, 0.05
UNSURE = (
    Plan("silence"),
    Plan("drip"),
    Plan("cut"),
    Plan("half", records=2),
    Plan(status=500),
    Plan(status=503),
    Plan(status=408),
)

Scenario = Callable[[], Awaitable[None]]


@pytest.fixture(params=["asyncio", "uvloop"])
def on_loop(request: pytest.FixtureRequest) -> Callable[[Scenario], Awaitable[None]]:
    """Runs a scenario on an event loop of its own: the services use uvloop, whose TLS is another."""

    async def run(scenario: Scenario) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(3 * LONG):
                await scenario()

        runner = {"asyncio": asyncio.run, "uvloop": uvloop.run}[request.param]
        await asyncio.to_thread(runner, bounded())

    return run


def door(provider: TlsProvider, *, create_seconds_max: float = LONG) -> Replicate:
    return Replicate(
        {"replicate-1": "r8_first"},
        base_url=provider.address,
        webhook_base_url="https://shop.example",
        connect_seconds_max=LONG,
        create_seconds_max=create_seconds_max,
        tls=provider.tls,
    )


async def create(replicate: Replicate) -> tuple[str, Outcome]:
    attempt = str(uuid4())
    creation = Creation(
        attempt_id=attempt,
        account="replicate-1",
        model="google/nano-banana",
        input_json='{"prompt":"p"}',
        cancel_after_seconds=60,
        callback_token="t",
        send_before=monotonic() + SEND_WITHIN_SECONDS,
    )
    return attempt, await replicate.create(creation)


@pytest.mark.parametrize("records", [1, 2, 3])
async def test_a_slow_answer_is_waited_for_and_never_taken_for_a_call_not_sent(
    on_loop: Callable[[Scenario], Awaitable[None]], records: int
) -> None:
    seconds = (QUICK, SLOW, QUICK, SLOW, SLOW)

    async def scenario() -> None:
        async with tls_provider(*(Plan(seconds=one, records=records) for one in seconds)) as provider:
            replicate = door(provider)
            calls = [await create(replicate) for _ in seconds]
            await replicate.close()
        believed = [attempt for attempt, outcome in calls if isinstance(outcome, Accepted)]
        assert provider.made == believed, "the provider made exactly the predictions that we know of"
        # A turn may burn before its call on a busy machine; then nothing of it may have arrived.
        assert len(believed) + sum(isinstance(outcome, NotSent) for _, outcome in calls) == len(seconds)

    await on_loop(scenario)


@pytest.mark.parametrize("plan", UNSURE, ids=lambda plan: f"{plan.ending}-{plan.status or 201}")
async def test_whatever_happens_after_the_call_has_left_its_outcome_is_unknown(
    on_loop: Callable[[Scenario], Awaitable[None]], plan: Plan
) -> None:
    async def scenario() -> None:
        async with tls_provider(Plan(records=2), plan) as provider:
            replicate = door(provider, create_seconds_max=1.5)
            # The first opens the connection and the second is in doubt.
            calls = [await create(replicate), await create(replicate)]
            await replicate.close()
        unknown = [attempt for attempt, outcome in calls if isinstance(outcome, Unanswered)]
        assert provider.made == [attempt for attempt, outcome in calls if isinstance(outcome, Accepted | Unanswered)]
        assert unknown or isinstance(calls[1][1], NotSent)

    await on_loop(scenario)


@pytest.mark.parametrize("ending", ["silence", "drip"])
async def test_every_other_call_has_a_total_time_limit_too(
    on_loop: Callable[[Scenario], Awaitable[None]], ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("darkroom_predictor.providers.replicate.CANCEL_SECONDS_MAX", 0.5)
    monkeypatch.setattr("darkroom_predictor.providers.replicate.LIST_SECONDS_MAX", 0.5)
    stuck = Plan(ending)  # type: ignore[arg-type]  # one of its endings

    async def scenario() -> None:
        async with tls_provider(Plan(records=2), stuck, Plan(records=2), stuck) as provider:
            replicate = door(provider)
            await replicate.list_page("replicate-1", since=SINCE, until=SINCE, page=None)
            with pytest.raises(LookUpFailed):
                await replicate.list_page("replicate-1", since=SINCE, until=SINCE, page=None)
            await replicate.list_page("replicate-1", since=SINCE, until=SINCE, page=None)
            with pytest.raises(CancelFailed):
                await replicate.cancel("replicate-1", "p1")
            await replicate.close()
            assert provider.requests == 4

    await on_loop(scenario)


async def test_a_certificate_of_an_unknown_authority_means_that_nothing_was_sent(
    on_loop: Callable[[Scenario], Awaitable[None]],
) -> None:
    async def scenario() -> None:
        async with tls_provider() as provider:
            provider.tls = ssl.create_default_context()
            replicate = door(provider)
            _, outcome = await create(replicate)
            await replicate.close()
        assert isinstance(outcome, NotSent)
        assert provider.requests == 0

    await on_loop(scenario)


async def test_a_body_that_does_not_leave_in_time_is_cut_off_although_it_is_encrypted(
    on_loop: Callable[[Scenario], Awaitable[None]],
) -> None:
    """The TLS layer has taken all of it, and the transport below it has not."""

    async def scenario() -> None:
        async with slow_reader() as (address, tls, may_read, ended):
            calls = HttpCalls(address, connect_seconds_max=LONG, tls=tls)
            with pytest.raises(NoAnswer, match="had not left whole"):
                await calls.call("POST", "/", {}, body=b"x" * 50_000_000, answer_seconds_max=LONG, send_before=monotonic() + 0.5)
            may_read.set()
            assert await asyncio.wait_for(ended, LONG) == "reset"

    await on_loop(scenario)


async def test_the_kernel_gives_up_encrypted_bytes_that_nobody_acknowledges(
    on_loop: Callable[[Scenario], Awaitable[None]],
) -> None:
    async def scenario() -> None:
        async with tls_provider(Plan()) as provider:
            calls = HttpCalls(provider.address, connect_seconds_max=LONG, tls=provider.tls)
            await calls.call("GET", "/", {}, answer_seconds_max=LONG)
            [connection] = calls._idle
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
                assert connection._socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 3_000
            await calls.close()

    await on_loop(scenario)


async def test_a_host_that_is_silent_during_the_handshake_means_that_nothing_was_sent(
    on_loop: Callable[[Scenario], Awaitable[None]],
) -> None:
    async def scenario() -> None:
        closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                await reader.read()  # the greeting, then the end
            writer.close()
            closed.set_result(None)

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            with pytest.raises(NotConnected):
                await HttpCalls(address, connect_seconds_max=0.3).call("GET", "/", {}, answer_seconds_max=LONG)
            await asyncio.wait_for(closed, LONG)

    await on_loop(scenario)
