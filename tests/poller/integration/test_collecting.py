"""From output to result: what goes wrong with fetching, decoding and storing, and what a crash leaves behind."""

import asyncio
import base64
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from darkroom_contracts.items import ItemCompleted, PredictionFailed
from darkroom_poller import predictions
from darkroom_poller.store import claim_ready
from darkroom_servicekit.database import UnitOfWork, build_engine
from support.kafka import Log
from support.pictures import noise, picture, png_bomb
from support.poller_world import World, poller_world, shared_world
from support.provider_double import ProviderDouble, provider_double
from support.service import eventually
from support.stack import StackAddresses

Start = Callable[..., AbstractAsyncContextManager[World]]
BACKOFF_SECONDS = 0.1
"""Instead of a second: what is tried again is tried as often, only sooner."""


@pytest.fixture(scope="module")
async def world(parts: StackAddresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with shared_world(parts, tmp_path_factory.mktemp("storage")) as made:
        yield made


@pytest.fixture
async def double() -> AsyncIterator[ProviderDouble]:
    async with provider_double() as made:
        yield made


@pytest.fixture
async def start(log: Log, database_url: str, redis_url: str, tmp_path: Path, double: ProviderDouble) -> Start:
    """Starts a poller with settings of the test's choice; another one on the same database, if called twice."""
    return lambda **settings: poller_world(log, database_url, redis_url, double, tmp_path, **settings)


@pytest.mark.parametrize("data", [png_bomb(20_000, 20_000), picture(800, 600)[:-1000]], ids=["bomb", "truncated"])
async def test_the_same_unusable_file_twice_fails_for_good_and_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", BACKOFF_SECONDS)
    attempt = world.attempt()
    await world.file(attempt)
    await world.webhook(attempt, world.succeed(attempt, data))
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.retryable, event.fault) == ("output-unusable", False, "platform")
    assert world.double.asked[f"/files/{attempt.prediction_id}"] == 2
    assert (world.storage / "unusable" / attempt.attempt_id).read_bytes() == data
    assert f"unusable/{attempt.attempt_id}" in (event.detail or "")
    row = await world.row(attempt)
    assert (row["state"], row["result_key"], row["output_address"]) == ("FAILED", None, None)


OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = picture(800, 600)
ODD = {
    "cut without a length": [OK + b"\r\n" + WHOLE[:-1000]] * 3,
    "cut with a length": [OK + b"Content-Length: %d\r\n\r\n" % len(WHOLE) + WHOLE[:-1000]],
    "empty": [OK + b"Content-Length: 0\r\n\r\n"] * 3,
    "a page": [OK + b"Content-Type: text/html\r\nContent-Length: 18\r\n\r\n<html>Wait...</html>"[:60]] * 3,
    "an encoding not asked for": [OK + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx"],
    "a redirect to a private address": [b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"],
    "an odd status": [b"HTTP/1.1 418 X\r\nContent-Length: 0\r\n\r\n"],
}


@pytest.mark.parametrize("name", ODD)
async def test_what_may_be_a_fault_of_the_way_is_fetched_again(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", BACKOFF_SECONDS)
    attempt = world.attempt()
    await world.file(attempt)
    world.double.odd[f"/files/{attempt.prediction_id}"] = list(ODD[name])
    await world.webhook(attempt, world.succeed(attempt, WHOLE))
    event = await world.event(attempt)
    assert isinstance(event, ItemCompleted)
    assert world.double.asked[f"/files/{attempt.prediction_id}"] == len(ODD[name]) + 1


async def test_a_page_is_told_as_unusable_when_the_output_runs_out(start: Start) -> None:
    async with start(output_kept_seconds=0.5) as world:
        attempt = world.attempt()
        await world.file(attempt)
        await world.webhook(attempt, world.succeed(attempt, b"<html>Sorry</html>"))
        event = await world.event(attempt)
        assert isinstance(event, PredictionFailed)
        assert (event.code, event.retryable) == ("output-unusable", False)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/x.jpg",
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/x.jpg",
        "http://[::1]/x",
        "data:image/png,notbase64",
        "http://user@127.0.0.1/x",
    ],
)
async def test_an_output_at_a_forbidden_address_is_not_fetched(world: World, address: str) -> None:
    attempt = world.attempt()
    await world.file(attempt)
    await world.webhook(attempt, world.succeed(attempt, output=address))
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.retryable) == ("output-unusable", False)
    assert not world.double.asked[f"/files/{attempt.prediction_id}"]


async def test_an_output_inside_its_address_is_taken(world: World) -> None:
    attempt, data = world.attempt(), picture(kind="PNG")
    await world.file(attempt)
    output = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    await world.webhook(attempt, world.succeed(attempt, output=output))
    event = await world.event(attempt)
    assert isinstance(event, ItemCompleted)
    assert (world.storage / event.result.key).read_bytes() == data
    assert (await world.row(attempt))["output_address"] is None


async def test_an_output_larger_than_allowed_is_refused(start: Start) -> None:
    async with start(fetch_bytes_max=1000) as world:
        attempt = world.attempt()
        await world.file(attempt)
        await world.webhook(attempt, world.succeed(attempt, picture(800, 600)))
        event = await world.event(attempt)
        assert isinstance(event, PredictionFailed)
        assert event.code == "output-unusable"


async def test_a_fetch_that_fails_is_tried_again(world: World) -> None:
    attempt = world.attempt()
    await world.file(attempt)
    path = f"/files/{attempt.prediction_id}"
    world.double.statuses[path] = 502

    def mend_at_the_second_time(_path: str) -> None:
        if world.double.asked[path] == 2:
            world.double.statuses.pop(path, None)

    world.double.before_answer = mend_at_the_second_time
    try:
        await world.webhook(attempt, world.succeed(attempt))
        assert isinstance(await world.event(attempt), ItemCompleted)
    finally:
        world.double.before_answer = None
    assert world.double.asked[path] == 2


async def test_an_output_that_expired_at_the_provider_is_lost_after_some_tries(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", BACKOFF_SECONDS)
    attempt = world.attempt()
    await world.file(attempt)
    said = world.succeed(attempt)
    world.double.files.clear()
    await world.webhook(attempt, said)
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.retryable) == ("output-lost", True)
    assert world.double.asked[f"/files/{attempt.prediction_id}"] == 4


async def test_a_fetch_is_given_up_before_the_provider_deletes_the_output(start: Start) -> None:
    async with start(output_kept_seconds=0.5) as world:
        attempt = world.attempt()
        await world.file(attempt)
        world.double.statuses[f"/files/{attempt.prediction_id}"] = 500
        await world.webhook(attempt, world.succeed(attempt))
        event = await world.event(attempt)
        assert isinstance(event, PredictionFailed)
        assert (event.code, event.retryable) == ("output-lost", True)


async def test_while_the_storage_is_away_outputs_are_kept(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", BACKOFF_SECONDS)
    async with start() as world:
        (world.storage / "results").write_text("a file where the folder should be")
        attempt = world.attempt()
        await world.file(attempt)
        await world.webhook(attempt, world.succeed(attempt))

        async def put_off() -> bool:
            return await world.metric('darkroom_collect_retries_total{reason="storage"}') >= 1

        await eventually(put_off)
        assert (await world.row(attempt))["state"] == "OUTPUT_READY"
        (world.storage / "results").unlink()
        assert isinstance(await world.event(attempt), ItemCompleted)


@contextmanager
def full_disk(bytes_max: int) -> Iterator[None]:
    """No file grows beyond this: a write breaks off in its middle, as on a disk that runs full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_while_the_disk_is_full_all_is_kept_little_is_fetched_and_then_all_goes_on(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures of a megabyte and a half, a disk that has room for less, forty outputs that wait for it."""
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", BACKOFF_SECONDS)
    large = noise(700, 700)
    assert len(large) > 1_200_000
    async with start(collectors=2) as world:
        attempts = [world.attempt() for _ in range(40)]
        with full_disk(1_000_000):
            for attempt in attempts:
                await world.file(attempt)
                await world.webhook(attempt, world.succeed(attempt, large))

            async def tried_again() -> bool:
                return await world.metric('darkroom_collect_retries_total{reason="storage"}') >= 4

            await eventually(tried_again)
            assert await world.metric("darkroom_storage_away") == 1
            kept = await world.query_one("SELECT count(*) AS n FROM predictions WHERE state = 'OUTPUT_READY'")
            assert kept == {"n": 40}
            fetched = sum(count for path, count in world.double.asked.items() if path.startswith("/files/"))
            assert fetched < 40, "an output is not fetched in vain again and again"
            assert not [path for path in (world.storage / "results").rglob("*") if path.suffix in {".png", ".jpg"}]
        assert {type(received.event) for received in await world.ends(attempts)} == {ItemCompleted}
        assert await world.metric("darkroom_storage_away") == 0


async def test_outputs_are_fetched_in_the_order_in_which_the_provider_deletes_them(start: Start, double: ProviderDouble) -> None:
    async with start(collectors=1) as world:
        (world.storage / "results").write_text("a file where the folder should be")
        ages = {20: world.attempt(), 50: world.attempt(), 40: world.attempt(), 30: world.attempt()}
        for minutes, attempt in ages.items():
            await world.file(attempt)
            completed_at = datetime.now(UTC) - timedelta(minutes=minutes)
            await world.webhook(attempt, world.succeed(attempt, completed_at=completed_at.isoformat()))

        async def all_ready() -> bool:
            ready = await world.query_one("SELECT count(*) AS n FROM predictions WHERE state = 'OUTPUT_READY'")
            return ready == {"n": 4}

        await eventually(all_ready)
    await world.query_one(
        "UPDATE predictions SET fetch_after = clock_timestamp(), lease_owner = NULL, lease_until = NULL RETURNING 1"
    )
    engine = build_engine(world.database_url, pool_size=1)
    unit_of_work = UnitOfWork(engine, service="poller", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    claimed = []
    for limit in (1, 3):
        async with unit_of_work.begin() as transaction:
            claimed += await claim_ready(transaction, owner="another", lease_seconds=60, limit=limit)
    await engine.dispose()
    assert [one.item_id for one in claimed] == [ages[minutes].number for minutes in (50, 40, 30, 20)]


async def test_an_end_that_nobody_heard_is_told_again_when_asked_after(world: World) -> None:
    stored, failed, running = world.attempt(), world.attempt(), world.attempt()
    for attempt in (stored, failed, running):
        await world.file(attempt)
    await world.webhook(stored, world.succeed(stored, metrics={"predict_time": 2.5}))
    await world.webhook(failed, world.double.end(failed.prediction_id, status="failed", output=None, error="(E005)"))
    first = {one.event.item_id: one for one in await world.ends([stored, failed])}  # type: ignore[attr-defined]
    await world.log.publish(stored.created(), failed.created(), running.created())
    ends = await world.ends([stored, failed], count=4)
    again = {one.event.item_id: one for one in ends[2:]}  # type: ignore[attr-defined]
    for attempt in (stored, failed):
        assert again[attempt.number].event == first[attempt.number].event
        assert again[attempt.number].envelope.id != first[attempt.number].envelope.id
    assert (await world.row(running))["state"] == "IN_FLIGHT"
    # What has ended since is told by its own webhook, once.
    await world.webhook(running, world.succeed(running))
    await world.end(running)


async def test_a_crash_between_storing_and_telling_tells_once(start: Start, double: ProviderDouble) -> None:
    """The first poller dies while it works; the next one, of the same name, takes the lease back at once."""
    double.gate.clear()
    async with start() as world:
        attempt = world.attempt()
        await world.log.publish(attempt.created(output=f"{double.url}/files/{attempt.prediction_id}"))
        world.succeed(attempt)

        async def leased() -> bool:
            return (await world.row(attempt)).get("lease_owner") == "poller-under-test"

        await eventually(leased)
        double.gate.set()
        await world.end(attempt)
        # As a crash after the storing and before the commit leaves it: stored, but still leased and not ended.
        await world.query_one(
            """
            UPDATE predictions SET state = 'OUTPUT_READY', output_address = $1, result_key = NULL, ended_at = NULL,
                lease_owner = 'poller-under-test', lease_until = clock_timestamp() + interval '30 seconds' RETURNING 1
            """,
            f"{double.url}/files/{attempt.prediction_id}",
        )
        await world.query_one("DELETE FROM outbox RETURNING 1")
    async with start() as world:
        ends = await world.ends([attempt], count=2)
        first, second = (received.event for received in ends)
        assert isinstance(first, ItemCompleted)
        assert isinstance(second, ItemCompleted)
        assert first.result == second.result
        assert (await world.row(attempt))["state"] == "STORED"


async def test_an_output_that_the_predictor_stored_is_collected_from_there(world: World) -> None:
    attempt, early = world.attempt(), world.attempt()
    staged = world.storage / "staged" / "0123abcd"
    staged.parent.mkdir(exist_ok=True)
    staged.write_bytes(picture(seed=3))
    await world.file(attempt, output_key="staged/0123abcd")
    event = await world.event(attempt)
    assert isinstance(event, ItemCompleted)
    assert (world.storage / event.result.key).read_bytes() == picture(seed=3)
    await eventually(lambda: asyncio.sleep(0, not staged.exists()))
    # A provider cannot name what stands in our storage.
    await world.file(early)
    await world.webhook(early, world.succeed(early, output=f"stored:{event.result.key}"))
    refused = await world.event(early)
    assert isinstance(refused, PredictionFailed)
    assert refused.code == "output-unusable"


async def test_an_output_that_is_not_there_is_fetched_again_whatever_failed_before(
    start: Start, double: ProviderDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place may have lagged, and refuse an address for a while: only such answers in a number of their own are final."""
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", BACKOFF_SECONDS)
    async with start() as world:
        attempt = world.attempt()
        place = f"/files/{attempt.prediction_id}"
        answers = iter([500, 500, 503, 500, 404, 403, 404])

        def fail_in_turn(path: str) -> None:
            if path == place:
                double.statuses[place] = next(answers, 0)
                if not double.statuses[place]:
                    del double.statuses[place]

        double.before_answer = fail_in_turn
        await world.file(attempt)
        await world.webhook(attempt, world.succeed(attempt))
        assert isinstance(await world.event(attempt), ItemCompleted)


async def test_the_lease_of_a_replica_that_is_gone_runs_out(start: Start, double: ProviderDouble) -> None:
    double.gate.clear()
    async with start(replica="first") as world:
        attempt = world.attempt()
        world.succeed(attempt)
        await world.log.publish(attempt.created(output=f"{double.url}/files/{attempt.prediction_id}"))

        async def leased() -> bool:
            return (await world.row(attempt)).get("lease_owner") == "first"

        await eventually(leased)
    assert (await world.row(attempt))["lease_owner"] is None  # a stop in good order gives back at once
    await world.query_one(
        "UPDATE predictions SET lease_owner = 'first', lease_until = clock_timestamp() + interval '1 hour' RETURNING 1"
    )
    asked_before = double.asked[f"/files/{attempt.prediction_id}"]
    double.gate.set()
    async with start(replica="second") as other:
        # Whoever claims what has just been filed claims all that is due, the oldest first: the leased one is not.
        await one_more_is_collected(other)
        assert double.asked[f"/files/{attempt.prediction_id}"] == asked_before
        await world.query_one(
            "UPDATE predictions SET lease_until = clock_timestamp() WHERE attempt_id = $1 RETURNING 1", UUID(attempt.attempt_id)
        )
        await one_more_is_collected(other)
        assert isinstance(await other.event(attempt), ItemCompleted)


async def one_more_is_collected(world: World) -> None:
    """An attempt that comes with its output, from its filing to its result."""
    attempt = world.attempt()
    world.succeed(attempt)
    await world.log.publish(attempt.created(output=f"{world.double.url}/files/{attempt.prediction_id}"))
    assert isinstance(await world.event(attempt), ItemCompleted)


async def test_many_at_once_end_once_each(start: Start) -> None:
    async with start(image_workers=2) as world:
        attempts = [world.attempt() for _ in range(60)]
        await world.log.publish(*(attempt.created() for attempt in attempts[:40]))
        for attempt in attempts:
            said = world.succeed(attempt)
            assert (await world.webhook(attempt, said)).status_code in (200, 202)
        await world.log.publish(*(attempt.created() for attempt in attempts[40:]))
        ends = await world.ends(attempts)
        assert sorted(received.event.item_id for received in ends) == list(range(1, 61))  # type: ignore[attr-defined]
        assert {type(received.event) for received in ends} == {ItemCompleted}
