"""Against the real sandbox: its signatures, its outputs, its lost and repeated webhooks."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from darkroom_contracts.items import ItemCompleted
from darkroom_poller import predictions
from darkroom_poller.main import build
from support.kafka import Log
from support.poller_world import Attempt, poller_settings, poller_world
from support.provider_double import ProviderDouble
from support.running_sandbox import RunningSandbox, running_sandbox
from support.service import READY_SECONDS_MAX, eventually, migrated

ANSWER_SECONDS_MAX = 30.0
AUTHORIZATION = {"Authorization": "Bearer r8_test_0001"}


@asynccontextmanager
async def served(app: object, door: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))  # type: ignore[arg-type]
    task = asyncio.create_task(server.serve(sockets=[door]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path / "sandbox") as running:
        yield running


async def started(sandbox: RunningSandbox, log: Log, number: int, port: int, *, webhook: bool) -> Attempt:
    """What the predictor does: the paid call, then the event."""
    attempt = Attempt(number, "shop-1")
    body: dict[str, object] = {"version": "google/nano-banana", "input": {"prompt": "white background"}}
    if webhook:
        body["webhook"] = f"http://127.0.0.1:{port}/webhooks/replicate/{attempt.attempt_id}?token={attempt.token}"
        body["webhook_events_filter"] = ["start", "completed"]
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS_MAX) as predictor:
        answer = await predictor.post(f"{sandbox.replicate}/v1/predictions", json=body, headers=AUTHORIZATION)
    assert answer.status_code == 201, answer.text
    prediction_id = answer.json()["id"]
    expected = {} if webhook else {"expected_seconds": 0.2, "webhook_expected": False}
    await log.publish(attempt.created(prediction_id=prediction_id, **expected))
    return attempt


FORMATS = {
    "jpg": "jpg", "png": "png", "png16": "png", "gray16": "png", "webp": "webp",
    "avif": "jpg", "heic": "jpg", "tiff": "jpg", "cmyk": "jpg", "animated": "jpg",
}  # fmt: skip
SHAPES = ("address", "list", "dict", "data")
ODD_METADATA = ("iTXt", "zTXt", "junkExif", "wrongChecksum")
FIRST_DOWNLOADS = ("gzip", "wrongType", "noLength", "cut", "empty", "page", "redirect")


async def test_outputs_of_every_format_shape_and_way_are_stored(
    log: Log, database_url: str, redis_url: str, tmp_path: Path, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", 0.05)
    allow = sandbox.url.removeprefix("http://")
    double = ProviderDouble()
    storage = tmp_path / "storage"
    options = {"replicate_base_url": sandbox.replicate, "fetch_allow": allow}
    async with poller_world(log, database_url, redis_url, double, storage, **options):
        wanted: dict[str, str] = {}
        for number, (made, kept) in enumerate(FORMATS.items(), 1):
            sandbox.set(image="instant", seconds=0, outputFormat=made, output=SHAPES[number % len(SHAPES)])
            wanted[(await started(sandbox, log, number, 0, webhook=False)).attempt_id] = kept
        await all_stored(log, wanted)
        for number, (first, odd) in enumerate(zip(FIRST_DOWNLOADS, (*ODD_METADATA, "none", "none", "none"), strict=True), 20):
            sandbox.set(outputFormat="png", output="address", firstDownload=first, outputMetadata=odd)
            wanted[(await started(sandbox, log, number, 0, webhook=False)).attempt_id] = "png"
            await all_stored(log, wanted)


async def all_stored(log: Log, wanted: dict[str, str]) -> None:
    seen = await log.events(lambda all_: sum(isinstance(one.event, ItemCompleted) for one in all_) >= len(wanted))
    assert {one.event.attempt_id: one.event.result.format for one in seen if isinstance(one.event, ItemCompleted)} == wanted


async def test_ends_by_webhook_or_by_polling_are_the_same(
    log: Log, database_url: str, redis_url: str, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    # Bound from the start: what is only known to be free may be another's by the time it is used.
    door = socket.create_server(("127.0.0.1", 0))
    port = door.getsockname()[1]
    settings = poller_settings(
        log,
        await migrated("poller", database_url),
        redis_url,
        ProviderDouble(),
        tmp_path / "storage",
        replicate_base_url=sandbox.replicate,
        fetch_allow=sandbox.url.removeprefix("http://"),
    )
    sandbox.set(image="instant", seconds={"min": 0, "max": 0.3}, webhook={"repeatRate": 0.5, "shuffle": True})
    async with (
        served(build(settings), door),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_SECONDS_MAX) as poller,
    ):
        await eventually(lambda: is_ready(poller), seconds=READY_SECONDS_MAX)
        told = [await started(sandbox, log, number, port, webhook=True) for number in range(1, 7)]
        blind = [await started(sandbox, log, number, port, webhook=False) for number in range(7, 10)]
        wanted = {attempt.attempt_id for attempt in (*told, *blind)}
        seen = await log.events(lambda all_: sum(isinstance(one.event, ItemCompleted) for one in all_) >= len(wanted))
        ends = {one.event.attempt_id: one.event for one in seen if isinstance(one.event, ItemCompleted)}
        assert set(ends) == wanted
        assert all(end.result.width > 1 and end.predict_seconds is not None for end in ends.values())
        result = ends[told[0].attempt_id].result
        picture = await poller.get(f"/media/{result.key}")
        assert (picture.status_code, len(picture.content)) == (200, result.size_bytes)
        asked = {call["id"] for call in sandbox.calls(vendor="replicate", kind="get")}
        assert asked == {ends[attempt.attempt_id].prediction_id for attempt in blind}


async def is_ready(poller: httpx.AsyncClient) -> bool:
    try:
        return (await poller.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False
