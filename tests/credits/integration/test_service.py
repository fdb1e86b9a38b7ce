"""The whole service: events over Kafka, the HTTP doors, the sample shops."""

import asyncio
from functools import partial
from typing import Any

import asyncpg
import httpx
import pytest
from darkroom_contracts.credits import CreditsGranted, CreditsRejected, CreditsReserved, CreditsSettled, PlanChanged
from darkroom_contracts.event import Event
from darkroom_contracts.topics import PLATFORM_KEY
from darkroom_credits.settings import CreditsSettings
from darkroom_servicekit.stages import Received
from support.credit_events import item_finished, job_finished, requested
from support.credit_service import SAMPLES, Credits, operator, serving, tenant
from support.kafka import Log
from support.service import eventually


def kinds(events: list[Received[Event]]) -> list[type[Event]]:
    return [type(received.event) for received in events]


def once(events: list[Received[Event]]) -> list[Received[Event]]:
    """Without repetitions: a service that is stopped between sending and noting it sends the same event again."""
    return list({one.envelope.id: one for one in events}.values())


def released(events: list[Received[Event]]) -> int:
    return sum(one.event.released for one in events if isinstance(one.event, CreditsSettled))


async def test_a_job_goes_from_its_hold_to_its_end_over_the_log(credits: Credits, log: Log) -> None:
    job = requested(1, items=3)
    assert (await credits.grant("shop", amount=100, reason="welcome")).status_code == 201
    [cause] = await log.publish(job)
    seen = await log.events(lambda events: CreditsReserved in kinds(events), instance_id="shop")
    [reserved] = [one for one in seen if isinstance(one.event, CreditsReserved)]
    assert (reserved.envelope.causation_id, reserved.envelope.correlation_id) == (cause.id, "1")
    await log.publish(item_finished(1, 11), item_finished(1, 12, "release"))
    await log.publish(job_finished(1, items_spent=1, items=3))

    async def cleared() -> bool:
        balance = await credits.get("/api/credits")
        return (balance["available"], balance["held"], balance["spent"]) == (85, 0, 15)

    await eventually(cleared)
    seen = await log.events(lambda events: released(events) == 30, instance_id="shop")
    last = [one.event for one in seen if isinstance(one.event, CreditsSettled)][-1]
    assert (last.balances.available, last.balances.held, last.balances.spent) == (85, 0, 15)


async def test_one_message_delivered_twice_holds_once(credits: Credits, log: Log) -> None:
    await credits.grant("shop", amount=100, reason="welcome")
    first = requested(1)
    [envelope] = await log.publish(first)
    await log.send([(first, envelope)])
    await log.publish(requested(2))
    seen = await log.events(lambda events: kinds(events).count(CreditsReserved) == 2, instance_id="shop")
    assert [one.event.job_id for one in seen if isinstance(one.event, CreditsReserved)] == [1, 2]
    assert (await credits.get("/api/credits"))["available"] == 70


async def test_sixty_four_jobs_over_the_log_with_credits_for_seven_start_exactly_seven(credits: Credits, log: Log) -> None:
    await credits.grant("shop", amount=7 * 15, reason="seven")
    await asyncio.gather(*[log.publish(requested(job)) for job in range(1, 65)])
    seen = await log.events(
        lambda events: kinds(events).count(CreditsReserved) + kinds(events).count(CreditsRejected) == 64, instance_id="shop"
    )
    assert kinds(seen).count(CreditsReserved) == 7
    assert (await credits.get("/api/credits"))["held"] == 105


async def test_the_statement_pages_newest_first_and_sums_to_what_is_available(credits: Credits, log: Log) -> None:
    await credits.grant("shop", amount=100, reason="welcome")
    await log.publish(requested(1, items=2), requested(2))
    await log.publish(item_finished(1, 11), item_finished(1, 12, "release"))
    await log.events(lambda events: released(events) == 15, instance_id="shop")
    lines: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await credits.get(f"/api/credits/transactions?limit=2{cursor and f'&cursor={cursor}'}")
        lines += page["transactions"]
        cursor = page["nextCursor"]
    assert [(line["kind"], line["amount"], line["balanceAfter"], line.get("jobId")) for line in lines] == [
        ("release", 15, 70, 1),
        ("hold", -15, 55, 2),
        ("hold", -30, 70, 1),
        ("grant", 100, 100, None),
    ]
    assert lines[3]["reason"] == "welcome"
    assert "reason" not in lines[0]
    assert set(lines[0]) == {"id", "kind", "amount", "balanceAfter", "createdAt", "jobId"}
    assert sum(line["amount"] for line in lines) == (await credits.get("/api/credits"))["available"] == 70


async def test_one_tenant_sees_nothing_of_another(credits: Credits) -> None:
    await credits.grant("shop", amount=100, reason="welcome")
    assert await credits.get("/api/credits", instance_id="other") == {
        "available": 0,
        "held": 0,
        "spent": 0,
        "expiring": [],
        "plan": "payg",
        "renewsAt": None,
    }
    assert await credits.get("/api/credits/transactions", instance_id="other") == {"transactions": [], "nextCursor": None}
    [line] = (await credits.get("/api/credits/transactions"))["transactions"]
    cursor = line["id"] + 1
    assert (await credits.get(f"/api/credits/transactions?cursor={cursor}", instance_id="other"))["transactions"] == []


async def test_plans_name_their_terms_and_the_callers_own(quiet_credits: Credits) -> None:
    answer = await quiet_credits.get("/api/plans", instance_id=SAMPLES[0])
    assert answer["current"] == "starter"
    assert [(plan["name"], plan["creditsPerMonth"], plan["weight"]) for plan in answer["plans"]] == [
        ("payg", 0, 1),
        ("starter", 5000, 1),
        ("studio", 25000, 2),
        ("pro", 100000, 4),
    ]
    assert answer["plans"][1]["price"] == {"amount": 2900, "currency": "EUR"}
    assert answer["plans"][1]["capPerMinute"] is None
    assert (await quiet_credits.get("/api/plans"))["current"] == "payg"


async def test_nothing_is_told_without_a_token(quiet_credits: Credits) -> None:
    for path in ("/api/credits", "/api/credits/transactions", "/api/plans", "/api/operator/credits/shop"):
        answer = await quiet_credits.client.get(path)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("headers", [tenant("shop"), operator("vendor")])
async def test_only_an_operator_may_read_or_grant_for_others(quiet_credits: Credits, headers: dict[str, str]) -> None:
    url = "/api/operator/credits/shop"
    assert (await quiet_credits.client.get(url, headers=headers)).status_code == 403
    answer = await quiet_credits.client.post(f"{url}/grants", json={"amount": 5, "reason": "mine"}, headers=headers)
    assert answer.status_code == 403
    assert (await quiet_credits.get("/api/credits"))["available"] == 0


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("amount", {"amount": 0, "reason": "r"}),
        ("amount", {"amount": -5, "reason": "r"}),
        ("amount", {"amount": 1.5, "reason": "r"}),
        ("amount", {"amount": 10**10, "reason": "r"}),
        ("amount", {"reason": "r"}),
        ("reason", {"amount": 5}),
        ("reason", {"amount": 5, "reason": "  "}),
        ("expiresAt", {"amount": 5, "reason": "r", "expiresAt": "2020-01-01T00:00:00Z"}),
        ("expiresAt", {"amount": 5, "reason": "r", "expiresAt": "2999-01-01T00:00:00"}),
        ("plan", {"amount": 5, "reason": "r", "plan": "pro"}),
    ],
)
async def test_a_wrong_grant_names_its_field_and_changes_nothing(
    quiet_credits: Credits, field: str, body: dict[str, Any]
) -> None:
    answer = await quiet_credits.grant("shop", **body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await quiet_credits.get("/api/credits"))["available"] == 0


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=-1", "cursor=x", "cursor=99999999999999999999"])
async def test_a_wrong_page_is_400(quiet_credits: Credits, query: str) -> None:
    answer = await quiet_credits.client.get(f"/api/credits/transactions?{query}", headers=tenant("shop"))
    assert answer.status_code == 400


async def test_a_grant_with_a_key_is_made_once_and_answers_the_same(credits: Credits, log: Log) -> None:
    expires_at = "2999-01-01T00:00:00.000Z"
    first = await credits.grant("shop", amount=50, reason="sorry", expiresAt=expires_at, key="k1")
    await credits.grant("shop", amount=1, reason="in between")
    again = await credits.grant("shop", amount=50, reason="sorry", expiresAt=expires_at, key="k1")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.json()["balanceAfter"] == 50
    assert first.json()["grant"] | {"id": 0, "createdAt": ""} == {
        "id": 0,
        "instanceId": "shop",
        "amount": 50,
        "reason": "sorry",
        "expiresAt": expires_at,
        "createdBy": "olga",
        "createdAt": "",
    }
    assert (await credits.grant("shop", amount=51, reason="sorry", expiresAt=expires_at, key="k1")).status_code == 422
    assert (await credits.grant("other", amount=7, reason="a key is a tenant's own", key="k1")).status_code == 201
    balance = await credits.get("/api/credits")
    assert (balance["available"], balance["expiring"]) == (51, [{"amount": 50, "expiresAt": expires_at}])
    seen = await log.events(lambda events: kinds(events).count(CreditsGranted) == 2, instance_id="shop")
    assert [one.event.balances.available for one in seen if isinstance(one.event, CreditsGranted)] == [50, 51]


def _witnessed(times: int, events: list[Received[Event]]) -> bool:
    """Whether all that was expected came, besides the witness: another tenant's events may be read a little later."""
    told = [one.event.instance_id for one in once(events)]
    return told.count("witness") == times and sum(shop in SAMPLES for shop in told) >= 2 * len(SAMPLES)


async def test_sample_shops_start_with_their_allowance_once_however_often_it_starts(settings: CreditsSettings, log: Log) -> None:
    for start in (1, 2):
        async with serving(settings) as credits:
            balance = await credits.get("/api/credits", instance_id=SAMPLES[0])
            assert (balance["available"], balance["plan"]) == (5000, "starter")
            assert balance["expiring"] == [{"amount": 5000, "expiresAt": balance["renewsAt"]}]
            assert len((await credits.get("/api/credits/transactions", instance_id=SAMPLES[0]))["transactions"]) == 1
            await credits.grant("witness", amount=1, reason="the log has been read up to here")
            # Waited for while it serves: what a service had no time to publish, it publishes at its next start.
            seen = once(await log.events(partial(_witnessed, start)))
    told = sorted((one.event.instance_id, type(one.event).__name__) for one in seen if one.event.instance_id != PLATFORM_KEY)
    assert told == sorted(
        [(shop, kind) for shop in SAMPLES for kind in ("PlanChanged", "CreditsGranted")] + [("witness", "CreditsGranted")] * 2
    )


async def put_plan(credits: Credits, instance_id: str, **body: Any) -> httpx.Response:
    return await credits.client.put(f"/api/operator/tenants/{instance_id}/plan", json=body, headers=operator())


async def test_an_operator_puts_a_tenant_on_a_plan_and_the_log_tells_its_terms(credits: Credits, log: Log) -> None:
    answer = await put_plan(credits, "shop", plan="studio")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["available"], told["plan"]) == (25_000, "studio")
    assert told["expiring"] == [{"amount": 25_000, "expiresAt": told["renewsAt"]}]
    assert (await credits.get("/api/plans"))["current"] == "studio"
    seen = await log.events(lambda events: kinds(events) == [PlanChanged, CreditsGranted], instance_id="shop")
    changed = seen[0].event
    assert isinstance(changed, PlanChanged)
    assert (changed.plan, changed.plan_version, changed.weight, changed.cap_per_minute) == ("studio", 1, 2, None)


@pytest.mark.parametrize("body", [{"plan": "gold"}, {"plan": ""}, {}, {"plan": "pro", "weight": 9}])
async def test_a_wrong_plan_is_refused_and_changes_nothing(quiet_credits: Credits, body: dict[str, Any]) -> None:
    assert (await put_plan(quiet_credits, "shop", **body)).status_code == 400
    assert (await quiet_credits.get("/api/credits"))["plan"] == "payg"


async def test_only_an_operator_changes_plans(quiet_credits: Credits) -> None:
    url = "/api/operator/tenants/shop/plan"
    for headers in (tenant("shop"), operator("vendor")):
        assert (await quiet_credits.client.put(url, json={"plan": "pro"}, headers=headers)).status_code == 403


async def test_an_operator_finds_the_jobs_that_hold_credits(credits: Credits, log: Log) -> None:
    await credits.grant("shop", amount=100, reason="welcome")
    await log.publish(requested(1, items=2))
    await log.events(lambda events: CreditsReserved in kinds(events), instance_id="shop")
    url = "/api/operator/credits/reservations"
    [found] = (await credits.client.get(url, headers=operator())).json()["reservations"]
    assert (found["jobId"], found["instanceId"], found["held"], found["product"]) == (1, "shop", 30, "optimize")
    assert (found["itemsTotal"], found["itemsSettled"], found["sweeps"]) == (2, 0, 0)
    assert (await credits.client.get(f"{url}?undecided=true", headers=operator())).json() == {"reservations": []}
    assert (await credits.client.get(f"{url}?olderThan=86400", headers=operator())).json() == {"reservations": []}
    assert (await credits.client.get(url, headers=tenant("shop"))).status_code == 403
    assert (await credits.client.get(f"{url}?olderThan=-1", headers=operator())).status_code == 400


async def test_a_decision_by_hand_is_refused_where_events_decide_and_says_which_field_is_wrong(
    credits: Credits, log: Log, database_url: str
) -> None:
    async def decide(job_id: int, headers: dict[str, str], **body: Any) -> httpx.Response:
        return await credits.client.post(f"/api/operator/credits/reservations/{job_id}/decision", json=body, headers=headers)

    await credits.grant("shop", amount=100, reason="welcome")
    await log.publish(requested(1, items=2))
    await log.events(lambda events: CreditsReserved in kinds(events), instance_id="shop")
    assert (await decide(1, tenant("shop"), reason="why")).status_code == 403
    assert (await decide(2, operator(), reason="why")).status_code == 404
    refused = await decide(1, operator(), reason="why")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/reservation-not-undecided")
    assert (await decide(1, operator(), reason="  ")).json()["errors"][0]["field"] == "reason"

    await _looked_up_in_vain(database_url, job_id=1)
    assert (await decide(1, operator(), reason="why", itemsSpent=3)).json()["errors"][0]["field"] == "itemsSpent"
    decided = await decide(1, operator(), reason="the job was lost")
    expected = {"jobId": 1, "instanceId": "shop", "spent": 0, "released": 30, "balanceAfter": 100}
    assert (decided.status_code, decided.json()) == (200, expected)
    told = await log.events(lambda events: released(events) == 30, instance_id="shop")
    [event] = [one.event for one in told if isinstance(one.event, CreditsSettled)]
    assert (event.reason, event.created_by) == ("the job was lost", "olga")


async def _looked_up_in_vain(database_url: str, *, job_id: int) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        set_back = "UPDATE reservations SET sweeps = 1, updated_at = updated_at - interval '7 hours' WHERE job_id = $1"
        await connection.execute(set_back, job_id)
    finally:
        await connection.close()


async def test_open_reservations_are_told_to_the_doctor(credits: Credits, log: Log) -> None:
    async def held(older_seconds: float, after: str = "") -> list[tuple[str, str]]:
        query: dict[str, str | float] = {"olderThan": older_seconds, "after": after}
        answer = await credits.client.get("/api/operator/doctor/open/reservations", params=query, headers=operator())
        return [(thing["id"], thing["state"]) for thing in answer.json()["things"]]

    await credits.grant("shop", amount=100, reason="welcome")
    await log.publish(requested(1, items=3), requested(2))
    await log.events(lambda events: kinds(events).count(CreditsReserved) == 2, instance_id="shop")
    await log.publish(item_finished(1, 11))
    await log.events(lambda events: CreditsSettled in kinds(events), instance_id="shop")
    assert await held(0) == [("1", "30 credits held"), ("2", "15 credits held")]
    assert await held(0, after="1") == [("2", "15 credits held")]
    assert await held(3600) == []
    await log.publish(job_finished(1, items_spent=1, items=3).model_copy(update={"told_again": True}))
    await log.events(lambda events: released(events) == 30, instance_id="shop")
    assert await held(0) == [("2", "15 credits held")]
