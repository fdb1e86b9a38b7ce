"""The way of one item through the predictor: filed, started, called, created, ended."""

from darkroom_contracts.event import Event
from darkroom_contracts.predictions import ItemStarted, PredictionCreated
from darkroom_predictor.main import build
from darkroom_servicekit.auth import token_digest
from darkroom_servicekit.stages import Received
from predictor.conftest import MakeSettings
from predictor.events import MODEL, item_requested
from predictor.provider_double import Arrival, ProviderDouble
from starlette.responses import JSONResponse, Response
from support.kafka import Log
from support.service import running


def types(seen: list[Received[Event]]) -> list[type[Event]]:
    return [type(received.event) for received in seen]


async def test_an_item_becomes_one_call_with_its_token_and_two_events(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    item = item_requested()

    async with running(build(make_settings())):
        [requested] = await log.publish(item)
        seen = await log.events(lambda seen: PredictionCreated in types(seen))

    [call] = provider.arrivals
    assert call.body["input"] == item.input
    assert call.body["webhook_events_filter"] == ["completed"]
    assert (call.model, call.account, call.cancel_after) == (MODEL, "Bearer r8_first", "300s")
    [created] = [received for received in seen if isinstance(received.event, PredictionCreated)]
    event = created.event
    assert isinstance(event, PredictionCreated)
    address, _, token = call.body["webhook"].partition("?token=")
    assert address == f"https://shop.example/webhooks/replicate/{event.attempt_id}"
    assert token_digest(token) == event.callback_token_sha256
    assert event.prediction_id == call.prediction
    assert created.envelope.causation_id == requested.id
    assert created.envelope.correlation_id == str(item.job_id)
    assert [one for one in types(seen) if one in (ItemStarted, PredictionCreated)] == [ItemStarted, PredictionCreated]


async def test_an_output_that_is_too_large_for_an_event_is_left_for_the_poller_and_stops_nothing(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    picture = "data:image/png;base64," + "A" * 2_000_000

    async def at_once(arrival: Arrival) -> Response | None:
        name = f"inline-{len(provider.arrivals)}"
        return JSONResponse({"id": name, "status": "succeeded", "output": picture, "input": arrival.body["input"]}, 201)

    provider.answer = at_once
    async with running(build(make_settings())):
        await log.publish(item_requested(), item_requested(instance_id="shop-2", job_id=2))
        seen = await log.events(lambda seen: types(seen).count(PredictionCreated) == 2)

    created = [received.event for received in seen if isinstance(received.event, PredictionCreated)]
    assert sorted(event.prediction_id for event in created) == ["inline-1", "inline-2"]
    assert [event.output for event in created] == [None, None]
