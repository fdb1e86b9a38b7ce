"""The statement: filtered, exported, and summed up; whatever part of it is read, its running balance adds up."""

import csv
import io
from typing import Any

import pytest
from darkroom_contracts.credits import CreditsSettled
from support.credit_events import item_finished, job_finished, requested
from support.credit_service import Credits, tenant
from support.kafka import Log


@pytest.fixture
async def told(credits: Credits, log: Log) -> Credits:
    """A shop with a grant, two jobs, and one of them half paid and half given back."""
    await credits.grant("shop", amount=100, reason="=SUM(A1)")
    await log.publish(requested(1, items=2), requested(2))
    await log.publish(item_finished(1, 11), job_finished(1, items_spent=1, items=2))
    await log.events(
        lambda events: sum(one.event.released for one in events if isinstance(one.event, CreditsSettled)) == 15,
        instance_id="shop",
    )
    return credits


async def kinds(credits: Credits, query: str) -> list[tuple[str, int]]:
    page = await credits.get(f"/api/credits/transactions?{query}")
    return [(line["kind"], line["amount"]) for line in page["transactions"]]


async def test_lines_are_filtered_by_kind_job_and_time(told: Credits) -> None:
    assert await kinds(told, "kind=hold") == [("hold", -15), ("hold", -30)]
    assert await kinds(told, "kind=hold,grant&jobId=2") == [("hold", -15)]
    assert await kinds(told, "jobId=1") == [("release", 15), ("hold", -30)]
    [grant] = (await told.get("/api/credits/transactions?kind=grant"))["transactions"]
    assert len(await kinds(told, f"from={grant['createdAt']}")) == 4
    assert await kinds(told, "to=2026-01-01") == []
    assert await kinds(told, "from=2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "query", ["kind=theft", "kind=hold,", "jobId=x", "jobId=0", "from=yesterday", "from=2026-01-01T00:00:00"]
)
async def test_a_wrong_filter_is_400_and_names_its_field(quiet_credits: Credits, query: str) -> None:
    answer = await quiet_credits.client.get(f"/api/credits/transactions?{query}", headers=tenant("shop"))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


async def test_the_export_is_the_whole_statement_and_every_balance_follows_from_the_one_before(told: Credits) -> None:
    answer = await told.client.get("/api/credits/transactions.csv", headers=tenant("shop"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["kind"], row["jobId"]) for row in rows] == [("grant", ""), ("hold", "1"), ("hold", "2"), ("release", "1")]
    balance = 0
    for row in rows:
        balance += int(row["amount"])
        assert int(row["balanceAfter"]) == balance
    assert balance == (await told.get("/api/credits"))["available"]
    assert rows[0]["reason"] == "'=SUM(A1)"


async def test_usage_is_what_was_spent_by_day_and_product(told: Credits) -> None:
    usage = await told.get("/api/credits/usage")
    [line] = usage["usage"]
    assert (line["product"], line["spent"], line["jobs"], usage["spent"]) == ("optimize", 15, 1, 15)
    # Midnight may have been just now.
    [grant] = (await told.get("/api/credits/transactions?kind=grant"))["transactions"]
    assert grant["createdAt"][:10] <= line["day"] <= usage["to"][:10]
    assert (await told.get("/api/credits/usage?from=2026-01-01&to=2026-02-01"))["usage"] == []
    assert (await told.get("/api/credits/usage", instance_id="other"))["usage"] == []
    answer = await told.client.get("/api/credits/usage?from=2020-01-01&to=2026-01-01", headers=tenant("shop"))
    assert answer.status_code == 400


async def test_nothing_of_it_is_told_to_others(told: Credits) -> None:
    for path in ("/api/credits/transactions.csv", "/api/credits/usage"):
        assert (await told.client.get(path)).status_code == 401
    answer: Any = await told.client.get("/api/credits/transactions.csv", headers=tenant("other"))
    assert len(answer.text.splitlines()) == 1
