"""Each way a call can end, and what follows: at the provider, in the event log, for the next call."""

import asyncio
import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import asyncpg
from darkroom_contracts.event import Event
from darkroom_contracts.items import ItemCompleted, PredictionFailed, StoredPicture
from darkroom_contracts.jobs import ItemRequested
from darkroom_contracts.predictions import AttemptFailed, ItemFailed, ItemStarted, PredictionCreated
from darkroom_predictor.main import build
from darkroom_servicekit.stages import Received
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.provider_double import Arrival, ProviderDouble, cut_off, refusing
from starlette.responses import Response
from support.kafka import Log
from support.service import eventually, running

E = TypeVar("E", bound=Event)


def of(kind: type[E], seen: Sequence[Received[Event]]) -> list[E]:
    return [received.event for received in seen if isinstance(received.event, kind)]


async def first(log: Log, kind: type[E], count: int = 1) -> list[E]:
    """The first events of a kind, once there are so many."""
    return of(kind, await log.events(lambda seen: len(of(kind, seen)) >= count))[:count]


def completed(item: ItemRequested, created: PredictionCreated) -> ItemCompleted:
    picture = StoredPicture(key="k", thumbnail_key="t", width=1, height=1, size_bytes=1, format="jpg", sha256="0" * 64)
    return ItemCompleted(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        attempt=created.attempt,
        attempt_id=created.attempt_id,
        prediction_id=created.prediction_id,
        result=picture,
    )


def prediction_failed(item: ItemRequested, created: PredictionCreated, *, code: str, retryable: bool) -> PredictionFailed:
    return PredictionFailed(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        attempt=created.attempt,
        attempt_id=created.attempt_id,
        prediction_id=created.prediction_id,
        code=code,
        message="The studio could not finish it.",
        retryable=retryable,
    )


async def test_bad_input_fails_the_item_at_once_and_never_reached_the_provider(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(422, title="Input validation failed", detail="- input.prompt: is required")

    async with running(build(make_settings())):
        await log.publish(item_requested())
        [failed] = await first(log, ItemFailed)

    assert (failed.code, failed.reached_provider, failed.attempt) == ("bad-input", False, 1)
    assert failed.message == "The studio could not work with this picture or its instructions."
    assert "input.prompt" in (failed.detail or "")
    assert len(provider.arrivals) == 1


async def test_a_broken_provider_is_tried_as_often_as_the_item_allows(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(503, detail="upstream is away")

    async with running(build(make_settings(unknown_settle_seconds=0.1))):
        await log.publish(item_requested())
        [failed] = await first(log, ItemFailed)

    assert (failed.code, failed.reached_provider, failed.attempt) == ("out-of-attempts", False, 3)
    assert len(provider.arrivals) == 3
    assert [event.attempt for event in of(ItemStarted, log.seen())] == [1, 2, 3]
    assert [event.attempt for event in of(AttemptFailed, log.seen())] == [1, 2]


async def test_a_429_pauses_every_replica_and_costs_the_item_no_attempt(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    throttled: list[Arrival] = []

    async def throttle_first(arrival: Arrival) -> Response | None:
        throttled.append(arrival)
        return Response('{"detail":"slow down","retry_after":1}', 429) if len(throttled) == 1 else None

    provider.answer = throttle_first

    async with running(build(make_settings(replica="one"))), running(build(make_settings(replica="two"))):
        await log.publish(item_requested())
        [failed] = await first(log, AttemptFailed)
        await log.publish(item_requested(instance_id="another-shop", job_id=2))
        created = await first(log, PredictionCreated, 2)

    assert failed.code == "throttled"
    assert min(arrival.at for arrival in provider.arrivals[1:]) - provider.arrivals[0].at >= 1.0
    assert len(provider.arrivals) == 3
    assert {event.item_id for event in created} >= {failed.item_id}


async def test_a_refused_account_is_left_alone_and_another_takes_the_item(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    async def refuse_the_first(arrival: Arrival) -> Response | None:
        return Response('{"title":"Insufficient credit","status":402}', 402) if arrival.account == "Bearer r8_first" else None

    provider.answer = refuse_the_first

    async with running(build(make_settings(replicate_api_tokens="replicate-1=r8_first,replicate-2=r8_second"))):
        await log.publish(item_requested())
        [created] = await first(log, PredictionCreated)
        await log.publish(*(item_requested() for _ in range(5)))
        await first(log, PredictionCreated, 6)

    assert created.account == "replicate-2"
    assert [arrival.account for arrival in provider.arrivals].count("Bearer r8_first") == 1


async def test_an_output_inside_the_answer_is_stored_and_the_event_names_its_key(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, tmp_path: Path
) -> None:
    picture = bytes(range(256)) * 8_000
    inline = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    several = {"images": [{"url": inline}, "https://x.example/2.png"], "the/mask": inline, "seed": 7}
    unreadable = "data:image/png;base64,%%%"
    deep: object = "https://x.example/3.png"
    for _ in range(200):
        deep = [deep]
    never_told = [{"text": "x" * 1_000_000}, unreadable, [inline, unreadable], {"image": inline, "half": "\ud800"}, deep]
    answers = iter([inline, [inline], several, "https://x.example/1.png", *never_told])

    async def answer_at_once(arrival: Arrival) -> Response | None:
        made = {"id": f"p{len(provider.arrivals)}", "status": "succeeded", "output": next(answers)}
        return Response(json.dumps(made), 201)

    provider.answer = answer_at_once
    async with running(build(make_settings(storage_url=f"file://{tmp_path}"))):
        for number in range(1, 10):
            await log.publish(item_requested(job_id=number))
            await first(log, PredictionCreated, number)

    whole, alone, three, address, *untold = of(PredictionCreated, log.seen())
    assert [created.output for created in (whole, alone, three, address)] == [
        None,
        [None],
        {"images": [{"url": None}, "https://x.example/2.png"], "the/mask": None, "seed": 7},
        "https://x.example/1.png",
    ]
    assert [set(created.output_keys) for created in (whole, alone, three, address)] == [
        {""},
        {"/0"},
        {"/images/0/url", "/the~1mask"},
        set(),
    ]
    keys = [key for created in (whole, alone, three) for key in created.output_keys.values()]
    assert len(set(keys)) == 4
    assert all((tmp_path / key).read_bytes() == picture for key in keys)
    # A poller from before `output_keys` takes the first picture.
    assert [created.output_key for created in (whole, alone, three, address)] == [keys[0], keys[1], keys[2], None]
    assert [(one.output, one.output_key, one.output_keys) for one in untold] == [(None, None, {})] * 5


async def test_a_lost_answer_is_found_in_the_list_and_not_called_again(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.after = cut_off

    async with running(build(make_settings())):
        await log.publish(item_requested())
        [created] = await first(log, PredictionCreated)

    assert created.prediction_id == provider.arrivals[0].prediction
    assert len(provider.arrivals) == 1


async def test_a_server_error_after_the_prediction_was_made_is_looked_up_first(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.after = refusing(500, detail="something broke")

    async with running(build(make_settings())):
        await log.publish(item_requested())
        [created] = await first(log, PredictionCreated)

    assert created.prediction_id == provider.arrivals[0].prediction
    assert len(provider.arrivals) == 1


async def test_a_lost_answer_is_found_without_webhooks_too_among_equal_inputs(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.after = cut_off
    same = {"prompt": "the same", "image_input": ["https://shop.example/1.jpg"]}

    async with running(build(make_settings(public_url=None))):
        await log.publish(item_requested(input=same), item_requested(input=same))
        created = await first(log, PredictionCreated, 2)

    assert "webhook" not in provider.arrivals[0].body
    assert {event.prediction_id for event in created} == {"p0", "p1"}
    assert not any(event.webhook_expected for event in created)
    assert len(provider.arrivals) == 2


async def test_a_call_without_trace_is_made_again_only_after_the_settling_time(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, predictor_database: str
) -> None:
    async def abort_the_first(_arrival: Arrival) -> Response | None:
        if len(provider.arrivals) == 1:
            return await cut_off(_arrival)
        return None

    provider.answer = abort_the_first

    async with running(build(make_settings(unknown_settle_seconds=3600.0))):
        await log.publish(item_requested())
        await eventually(lambda: asyncio.sleep(0, provider.list_calls >= 3))
        assert len(provider.arrivals) == 1, "looked for again and again, and not made again"
        connection = await asyncpg.connect(predictor_database)
        left = await connection.fetchval("SELECT extract(epoch FROM settle_at - granted_at) FROM attempts")
        # As if the settling time were over.
        await connection.execute("UPDATE attempts SET settle_at = clock_timestamp()")
        await connection.close()
        [created] = await first(log, PredictionCreated)

    assert left >= 3600
    assert created.attempt == 2
    assert len(provider.arrivals) == 2


async def test_nobody_listening_is_a_failed_attempt(make_settings: MakeSettings, log: Log) -> None:
    async with running(build(make_settings(replicate_base_url="http://127.0.0.1:1"))):
        await log.publish(item_requested())
        [failed] = await first(log, ItemFailed)

    assert (failed.code, failed.reached_provider) == ("out-of-attempts", False)


async def test_a_prediction_that_failed_is_tried_again_when_that_may_help(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    item = item_requested()
    async with running(build(make_settings())):
        await log.publish(item)
        [created] = await first(log, PredictionCreated)
        await log.publish(prediction_failed(item, created, code="provider-error", retryable=True))
        [_, second] = await first(log, PredictionCreated, 2)
        await log.publish(prediction_failed(item, second, code="moderation", retryable=False))
        [failed] = await first(log, ItemFailed)
        # A late word on the first attempt changes nothing.
        await log.publish(prediction_failed(item, created, code="provider-error", retryable=True))
        await log.publish(item_requested(job_id=2))
        await first(log, PredictionCreated, 3)

    assert (failed.code, failed.reached_provider, failed.attempt) == ("moderation", True, 2)
    assert created.attempt_id != second.attempt_id
    assert len(provider.arrivals) == 3


async def test_an_output_that_cannot_be_used_ends_the_item_at_no_cost_and_tells_operators(
    make_settings: MakeSettings, log: Log, predictor_database: str
) -> None:
    item = item_requested()
    async with running(build(make_settings())):
        await log.publish(item)
        [created] = await first(log, PredictionCreated)
        unusable = prediction_failed(item, created, code="output-unusable", retryable=False)
        await log.publish(unusable.model_copy(update={"fault": "platform", "detail": "kept at unusable/x"}))
        [failed] = await first(log, ItemFailed)

    assert (failed.code, failed.reached_provider, failed.ours) == ("output-unusable", True, True)
    assert failed.message == "The studio sent back something that is not a usable picture. It costs you nothing."
    connection = await asyncpg.connect(predictor_database)
    letter = await connection.fetchrow("SELECT code, message FROM dead_letters WHERE item_id = $1", item.item_id)
    await connection.close()
    assert letter is not None
    assert tuple(letter) == ("output-unusable", "kept at unusable/x")


async def test_a_slot_is_free_again_when_its_prediction_has_ended(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    one, two = item_requested(), item_requested()
    async with running(build(make_settings(replicate_concurrency=1))):
        await log.publish(one, two)
        [created] = await first(log, PredictionCreated)
        await asyncio.sleep(0.2)  # nothing may happen in this time
        assert len(provider.arrivals) == 1
        await log.publish(completed(one, created))
        await first(log, PredictionCreated, 2)

    assert len(provider.arrivals) == 2


async def test_the_same_item_told_many_times_is_called_once(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    item = item_requested()
    async with running(build(make_settings())):
        [envelope] = await log.publish(item)
        await log.send([(item, envelope)] * 3)
        await log.publish(item, item)
        await log.publish(item_requested(job_id=2))
        await first(log, PredictionCreated, 2)

    assert len(provider.arrivals) == 2
