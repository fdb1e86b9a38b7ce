"""Against the sandbox as a process of its own: what arrived there, by its own log, with answers lost on the way."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from darkroom_contracts.predictions import ItemFailed, PredictionCreated
from darkroom_predictor.main import build
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import first
from support.kafka import Log
from support.ports import free_port
from support.service import eventually, running

ITEMS = 150


@asynccontextmanager
async def sandbox(home: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A sandbox of one's own; a client on it."""
    port = free_port()
    settings = {"DARKROOM_SANDBOX_PORT": str(port), "DARKROOM_SANDBOX_HOME": str(home)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "darkroom_sandbox", env={**os.environ, **settings})
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:

            async def answers() -> bool:
                try:
                    return (await client.get("/sandbox/replicate")).is_success
                except httpx.TransportError:
                    return False

            await eventually(answers, seconds=60)
            yield client
    finally:
        process.kill()
        await process.wait()


async def test_no_paid_call_is_doubled_when_one_answer_in_five_is_lost(
    make_settings: MakeSettings, log: Log, tmp_path: Path
) -> None:
    async with sandbox(tmp_path) as outside:
        faults = {"lostAnswerRate": 0.2, "limitPerMinute": 100_000, "createSeconds": 0.01, "seconds": {"min": 600, "max": 600}}
        assert (await outside.put("/sandbox/replicate", json=faults)).is_success
        settings = make_settings(
            replicate_base_url=str(outside.base_url).rstrip("/") + "/replicate",
            replicate_cap_per_minute=100_000,
            replicate_burst=200,
        )
        async with running(build(settings)):
            items = [item_requested(instance_id=f"shop-{number % 4}", job_id=number % 4) for number in range(ITEMS)]
            await log.publish(*items)
            created = await first(log, PredictionCreated, ITEMS)
        calls = (await outside.get("/sandbox/calls", params={"vendor": "replicate", "kind": "create"})).json()["calls"]

    prompts = Counter(call["input"]["prompt"] for call in calls)
    assert len(prompts) == ITEMS
    assert set(prompts.values()) == {1}
    assert sum(call["lost"] for call in calls) > ITEMS / 20
    assert {call["id"] for call in calls} == {event.prediction_id for event in created}


async def test_without_credit_calls_stop_loudly_and_go_on_by_themselves_when_it_is_paid(
    make_settings: MakeSettings, log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with sandbox(tmp_path) as outside:

        async def put(credit: str) -> None:
            assert (await outside.put("/sandbox/replicate", json={"credit": credit, "seconds": 600})).is_success

        async def statuses() -> list[int]:
            found = await outside.get("/sandbox/calls", params={"vendor": "replicate", "kind": "create"})
            return [call["status"] for call in found.json()["calls"]]

        settings = make_settings(
            replicate_base_url=str(outside.base_url).rstrip("/") + "/replicate",
            replicate_burst=1,
            account_stop_seconds=0.4,
            heartbeat_seconds=0.1,
        )
        await put("none")
        async with running(build(settings)) as client:

            async def stopped(value: str) -> bool:
                gauge = 'darkroom_provider_account_stopped{account="replicate-1"} '
                return gauge + value in (await client.get("/metrics")).text

            await log.publish(*(item_requested() for _ in range(5)))
            await eventually(lambda: stopped("1.0"), seconds=60)
            await eventually(lambda: _async(statuses, lambda found: found.count(402) >= 3), seconds=60)
            await put("low")
            await eventually(lambda: _async(statuses, lambda found: 201 in found), seconds=60)
            assert await stopped("1.0"), "one call taken at the slow pace is no credit"
            await put("enough")
            await log.publish(item_requested())
            created = await first(log, PredictionCreated, 6)
            await eventually(lambda: stopped("0.0"), seconds=60)
            events = await log.events(lambda _seen: True)
        answered = await statuses()

    said = capsys.readouterr().out
    assert said.count("provider account stopped: it needs a person") >= 3
    assert said.count("provider takes the account's calls again") == 1, "and not for the one at the slow pace"
    assert len({event.item_id for event in created}) == 6
    assert answered.count(201) == 6, "no call was paid for twice"
    assert [event for event in events if isinstance(event, ItemFailed)] == []


async def _async(read: Callable[[], Awaitable[list[int]]], holds: Callable[[list[int]], bool]) -> bool:
    return holds(await read())
