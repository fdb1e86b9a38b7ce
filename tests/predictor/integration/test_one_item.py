"""The way of one item through the predictor: filed, started, called, created, ended."""

from darkroom_contracts.event import Event
from darkroom_contracts.predictions import ItemStarted, PredictionCreated
from darkroom_predictor.main import build
from darkroom_servicekit.auth import token_digest
from darkroom_servicekit.stages import Received
from predictor.conftest import MakeSettings
from predictor.events import MODEL, item_requested
from predictor.provider_double import ProviderDouble
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
