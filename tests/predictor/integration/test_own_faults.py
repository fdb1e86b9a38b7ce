"""Refusals that are our own fault close the model and keep its items; a tenant's own bad input stays its item's."""

import json
from typing import Any

import httpx
import pytest
from darkroom_contracts.predictions import AttemptFailed, ItemFailed, PredictionCreated
from darkroom_predictor.main import build
from predictor.conftest import MakeSettings
from predictor.events import MODEL, item_requested
from predictor.integration.test_how_calls_end import first, of
from predictor.integration.test_limits_and_answers import headers, limits
from predictor.provider_double import Arrival, ProviderDouble, refusing
from starlette.responses import Response
from support.kafka import Log
from support.service import eventually, running

FIELDS = ("prompt", "image_input")
QUICK = {"breaker_pause_seconds": 0.3, "repair_every_seconds": 0.2, "heartbeat_seconds": 0.1}
GAUGE = "darkroom_models_closed_for_our_fault{"


def invalid(*fields: str) -> dict[str, Any]:
    return {"title": "Input validation failed", "detail": "it is wrong", "invalid_fields": [{"field": one} for one in fields]}


async def faults(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await limits(client))["faults"]
    return found


async def measured(client: httpx.AsyncClient) -> bool:
    return GAUGE in (await client.get("/metrics")).text


async def test_a_refused_constant_of_ours_closes_the_model_until_it_is_mended_and_fails_no_item(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.answer = refusing(422, **invalid("input.output_format"))
    items = [item_requested(f"shop-{number}", caller_fields=FIELDS) for number in range(12)]
    async with running(build(make_settings(**QUICK))) as client:
        await log.publish(*items)
        [refused] = await first(log, AttemptFailed)
        await eventually(lambda: measured(client))
        [fault] = await faults(client)
        answer = await client.get("/api/operator/doctor", params={"olderThan": 0}, headers=headers("operator"))
        found = {one["kind"]: [thing["id"] for thing in one["found"]] for one in answer.json()["checks"]}

        provider.answer = None
        created = await first(log, PredictionCreated, len(items))

        async def is_forgotten() -> bool:
            return not await measured(client) and not await faults(client)

        await eventually(is_forgotten)

    assert f'"models_closed_for_our_fault": {{"{MODEL}": "our-fault"}}' in capsys.readouterr().out, "each heartbeat says so"
    assert refused.code == "our-fault"
    assert (fault["model"], fault["code"]) == (MODEL, "our-fault")
    assert "it is wrong" in fault["answer"]
    assert found["fault"] == [f"replicate {MODEL}"]
    assert of(ItemFailed, log.seen()) == [], "no picture is lost for a fault of ours"
    assert {one.item_id for one in created} == {one.item_id for one in items}


async def test_a_tenants_own_bad_input_fails_its_item_and_closes_nothing(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    async def refuse_the_bad(arrival: Arrival) -> Response | None:
        bad = "bad" in arrival.body["input"]["prompt"]
        return Response(json.dumps(invalid("input.prompt")), 422) if bad else None

    provider.answer = refuse_the_bad
    async with running(build(make_settings(**QUICK))) as client:
        await log.publish(*(item_requested("shop-1", input={"prompt": "bad"}, caller_fields=("prompt",)) for _ in range(5)))
        failed = await first(log, ItemFailed, 5)
        await log.publish(item_requested("shop-2", caller_fields=FIELDS))
        await first(log, PredictionCreated)
        assert await faults(client) == []

    assert {one.code for one in failed} == {"bad-input"}


async def test_one_field_refused_for_several_tenants_in_a_row_is_ours(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    provider.answer = refusing(422, **invalid("input.image_input"))
    async with running(build(make_settings(**QUICK))) as client:
        for number in (1, 2):
            await log.publish(item_requested(f"shop-{number}", caller_fields=FIELDS))
            await first(log, ItemFailed, number)
        await log.publish(item_requested("shop-3", caller_fields=FIELDS))
        [refused] = await first(log, AttemptFailed)
        assert [one["code"] for one in await faults(client)] == ["our-fault"]

    assert refused.code == "our-fault"
    assert len(of(ItemFailed, log.seen())) == 2


async def test_a_success_between_them_leaves_several_tenants_refusals_their_own(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    async def refuse_the_bad(arrival: Arrival) -> Response | None:
        bad = "bad" in arrival.body["input"]["prompt"]
        return Response(json.dumps(invalid("input.prompt")), 422) if bad else None

    provider.answer = refuse_the_bad
    async with running(build(make_settings(**QUICK))) as client:
        for number in (1, 2, 3, 4):
            await log.publish(item_requested(f"shop-{number}", input={"prompt": "bad"}, caller_fields=("prompt",)))
            await first(log, ItemFailed, number)
            await log.publish(item_requested("shop-9", caller_fields=FIELDS))
            await first(log, PredictionCreated, number)
        assert await faults(client) == []


async def test_a_403_closes_the_model_and_leaves_the_account_and_other_models(
    make_settings: MakeSettings, provider: ProviderDouble, log: Log
) -> None:
    async def forbid_one(arrival: Arrival) -> Response | None:
        return Response('{"title":"Forbidden","detail":"no access"}', 403) if arrival.model == MODEL else None

    provider.answer = forbid_one
    async with running(build(make_settings(**QUICK))) as client:
        await log.publish(item_requested())
        [refused] = await first(log, AttemptFailed)
        await log.publish(item_requested(model="studio/other"))
        await first(log, PredictionCreated)
        shown = await limits(client)

    assert refused.code == "model-forbidden"
    assert [one["stopped"] for one in shown["accounts"]] == [None]
    assert [(one["model"], one["code"]) for one in shown["faults"]] == [(MODEL, "model-forbidden")]
    assert of(ItemFailed, log.seen()) == []
