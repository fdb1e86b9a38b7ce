"""A customer reads our own words; addresses, exceptions, tokens, status codes and the vendor's text are for operators alone."""

import socket

import asyncpg
import pytest
from darkroom_contracts.jobs import RetryPolicy
from darkroom_contracts.predictions import AttemptFailed, ItemFailed
from darkroom_predictor.customer_words import CUSTOMER_WORDS, OTHERWISE
from darkroom_predictor.main import build
from predictor.conftest import MakeSettings
from predictor.events import item_requested
from predictor.integration.test_how_calls_end import first
from predictor.provider_double import Arrival, ProviderDouble, refusing
from starlette.responses import Response
from support.kafka import Log
from support.service import running

TWICE = RetryPolicy(attempts_max=2, backoff_seconds=(0.05,))
HTML = "<html><body>502 Bad Gateway at 10.2.0.7, nginx</body></html>"


async def echoing(arrival: Arrival) -> Response | None:
    """Refuse a creation with its own webhook address, token and all, in the detail."""
    detail = f"- input.prompt: is bad\\n- webhook: '{arrival.body['webhook']}' is fine"
    return Response(f'{{"title":"Input validation failed","detail":"{detail}"}}', 422)


async def test_a_closed_port_is_told_in_our_own_words(make_settings: MakeSettings, log: Log) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with running(build(make_settings(replicate_base_url=f"http://127.0.0.1:{port}"))):
        await log.publish(item_requested(retry=TWICE))
        [again], [failed] = await first(log, AttemptFailed), await first(log, ItemFailed)

    for told in (again, failed):
        assert told.message == CUSTOMER_WORDS["provider-error"]
        assert "Error" in (told.detail or ""), "an operator sees why"


async def test_a_server_error_with_a_page_is_told_in_our_own_words(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    async def with_a_page(_arrival: Arrival) -> Response | None:
        return Response(HTML, 503, media_type="text/html")

    provider.answer = with_a_page
    async with running(build(make_settings(unknown_settle_seconds=0.1))):
        await log.publish(item_requested(retry=TWICE))
        [failed] = await first(log, ItemFailed)

    assert failed.message == CUSTOMER_WORDS["provider-error"]


async def test_a_refusal_that_repeats_the_webhook_shows_its_token_to_nobody(
    make_settings: MakeSettings,
    provider: ProviderDouble,
    log: Log,
    predictor_database: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    provider.answer = echoing
    async with running(build(make_settings())):
        await log.publish(item_requested())
        [refused] = await first(log, AttemptFailed)

    token = provider.arrivals[0].body["webhook"].partition("token=")[2]
    database = await asyncpg.connect(predictor_database)
    rows = await database.fetch(
        "SELECT attempts::text || queue_items::text AS row FROM attempts JOIN queue_items USING (item_id)"
    )
    written = await database.fetch("SELECT convert_from(payload, 'UTF8') AS row FROM outbox")
    await database.close()

    assert refused.message == CUSTOMER_WORDS["our-fault"]
    assert "input.prompt" in (refused.detail or "")
    assert "webhook" in (refused.detail or "")
    assert len(token) >= 43
    told = [row["row"] for row in [*rows, *written]] + [event.event.to_json().decode() for event in log.seen()]
    assert not any(token in one for one in [*told, capsys.readouterr().out])


async def test_what_a_failed_prediction_says_is_for_operators(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(422, detail="E123 at http://10.0.0.1")
    async with running(build(make_settings())):
        await log.publish(item_requested())
        [failed] = await first(log, ItemFailed)

    assert "10.0.0.1" not in failed.message
    assert all(("(" not in words and "http" not in words) for words in [*CUSTOMER_WORDS.values(), OTHERWISE])
