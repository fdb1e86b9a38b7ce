"""Operators' corrections on a real database and over HTTP: adjusted up and down, spent credits given back, never below zero."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from darkroom_contracts.credits import CreditsAdjusted, CreditsReimbursed
from darkroom_credits.correct_credits import NothingToGiveBack, UnknownSpending
from darkroom_credits.store_statement import read_usage
from support.credit_books import CreditBooks
from support.credit_events import item_finished, job_finished, requested
from support.credit_service import Credits, operator, tenant


async def lines_of(books: CreditBooks) -> list[tuple[object, ...]]:
    return await books.rows("SELECT kind, amount, available_after FROM ledger_transactions ORDER BY id")


async def account_of(books: CreditBooks) -> dict[str, int]:
    names = ("available", "held", "spent", "granted", "expired", "refunded", "adjusted", "lost")
    [row] = await books.rows(f"SELECT {', '.join(names)} FROM balances WHERE instance_id = 'shop'")
    return {name: value for name, value in zip(names, row, strict=True) if value}


async def spend(books: CreditBooks, job_id: int, *, items: int) -> None:
    """A job of so many items at 15 credits, all spent: items 1, 2, … by themselves."""
    await books.take(requested(job_id, items=items))
    await books.take(*[item_finished(job_id, item) for item in range(1, items + 1)])
    await books.take(job_finished(job_id, items_spent=items, items=items))


async def test_adjusted_up_is_a_grant_of_its_own(books: CreditBooks) -> None:
    await books.adjust("shop", 40)
    assert await lines_of(books) == [("adjust", 40, 40)]
    assert await books.rows("SELECT kind, amount, remaining, created_by FROM grants") == [("adjustment", 40, 40, "tester")]
    assert await account_of(books) == {"available": 40, "granted": 40}
    await books.assert_sound()


async def test_adjusted_down_takes_what_expires_soonest(books: CreditBooks) -> None:
    await books.grant("shop", 100)
    await books.grant("shop", 30, expires_at=datetime.now(UTC) + timedelta(days=3))
    await books.adjust("shop", -50)
    assert await books.rows("SELECT amount, remaining FROM grants ORDER BY id") == [(100, 80), (30, 0)]
    assert await account_of(books) == {"available": 80, "granted": 130, "adjusted": 50}
    await books.assert_sound()


async def test_what_is_not_there_to_be_taken_is_lost_and_nothing_goes_below_zero(books: CreditBooks) -> None:
    await books.grant("shop", 100)
    await spend(books, 1, items=4)
    await books.adjust("shop", -75)
    # 100 - 60 spent = 40 to take; the other 35 were spent already.
    assert (await lines_of(books))[-2:] == [("deduct", 40, 0), ("loss", 35, 0)]
    assert await account_of(books) == {"spent": 60, "granted": 100, "adjusted": 75, "lost": 35}
    adjusted = (await books.published())[-1]
    assert isinstance(adjusted, CreditsAdjusted)
    assert (adjusted.amount, adjusted.lost, adjusted.balances.available) == (-75, 35, 0)
    assert (adjusted.reason, adjusted.created_by) == ("test", "tester")
    await books.assert_sound()
    await books.assert_topic_rebuilds()


async def test_a_job_and_an_item_are_given_back_once_and_never_more_than_was_spent(books: CreditBooks) -> None:
    await books.grant("shop", 60)
    await spend(books, 1, items=4)
    await books.give_back("shop", 1, item_id=2)
    with pytest.raises(NothingToGiveBack):
        await books.give_back("shop", 1, item_id=2)
    await books.give_back("shop", 1, amount=10)
    with pytest.raises(NothingToGiveBack) as refused:
        await books.give_back("shop", 1, amount=36)
    assert refused.value.refundable == 60 - 15 - 10
    await books.give_back("shop", 1)
    assert await books.balances("shop") == (60, 0, 0)
    back = [event for event in await books.published() if isinstance(event, CreditsReimbursed)]
    assert [(event.item_id, event.amount, event.balances.spent) for event in back] == [(2, 15, 45), (None, 10, 35), (None, 35, 0)]
    with pytest.raises(NothingToGiveBack):
        await books.give_back("shop", 1)
    await books.assert_sound()
    await books.assert_topic_rebuilds()


async def test_two_operators_at_once_give_a_job_back_once(books: CreditBooks) -> None:
    await books.grant("shop", 60)
    await spend(books, 1, items=4)
    # All are let go on to their end: one that is broken off as soon as another is refused proves nothing.
    ends = await asyncio.gather(*[books.give_back("shop", 1) for _ in range(4)], return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["NoneType"] + ["NothingToGiveBack"] * 3
    assert await books.balances("shop") == (60, 0, 0)
    await books.assert_sound()


async def test_nothing_is_given_back_of_another_tenants_job_or_of_an_item_it_does_not_have(books: CreditBooks) -> None:
    await books.grant("shop", 60)
    await spend(books, 1, items=4)
    for shop, job, item in (("other", 1, None), ("shop", 2, None), ("shop", 1, 5)):
        with pytest.raises(UnknownSpending):
            await books.give_back(shop, job, item_id=item)
    assert await books.balances("shop") == (0, 0, 60)


async def test_a_released_item_has_nothing_to_give_back(books: CreditBooks) -> None:
    await books.grant("shop", 30)
    await books.take(requested(1, items=2))
    await books.take(item_finished(1, 1), item_finished(1, 2, "release"))
    with pytest.raises(NothingToGiveBack):
        await books.give_back("shop", 1, item_id=2)


async def test_credits_given_back_while_the_job_runs_stay_given_back_at_its_end(books: CreditBooks) -> None:
    await books.grant("shop", 60)
    await books.take(requested(1, items=4))
    await books.take(item_finished(1, 1))
    await books.give_back("shop", 1, item_id=1)
    assert await books.balances("shop") == (15, 45, 0)
    await books.take(job_finished(1, items_spent=3, items=4))
    # Three items are spent and one released; one of the three has been given back.
    assert await books.balances("shop") == (30, 0, 30)
    await books.assert_sound()


async def test_credits_whose_grant_has_ended_come_back_without_an_end(books: CreditBooks) -> None:
    books.clock.set("2026-03-01T00:00:00Z")
    await books.grant("shop", 15, expires_at=datetime(2026, 3, 5, tzinfo=UTC))
    await books.grant("shop", 15)
    await spend(books, 1, items=2)
    books.clock.set("2026-03-10T00:00:00Z")
    await books.give_back("shop", 1)
    rows = await books.rows("SELECT kind, remaining, expires_at FROM grants ORDER BY id")
    assert rows == [("operator", 0, datetime(2026, 3, 5, tzinfo=UTC)), ("operator", 15, None), ("reimbursement", 15, None)]
    books.clock.set("2027-03-10T00:00:00Z")
    assert (await books.accounts.view("shop")).available == 30
    await books.assert_sound()
    await books.assert_topic_rebuilds()


async def test_an_operator_corrects_over_http_once_per_key(credits: Credits) -> None:
    async def correct(kind: str, key: str, **body: object) -> tuple[int, dict[str, object]]:
        path = f"/api/operator/credits/shop/{kind}"
        answer = await credits.client.post(path, json=body, headers=operator() | {"Idempotency-Key": key})
        return answer.status_code, answer.json()

    status, first = await correct("adjustments", "one", amount=100, reason="  a gift ")
    again = await correct("adjustments", "one", amount=100, reason="a gift")
    assert (status, first) == (201, again[1])
    assert first["balanceAfter"] == 100
    correction = json.loads(json.dumps(first["correction"]))
    assert {name: correction[name] for name in ("kind", "amount", "lost", "reason", "createdBy", "instanceId")} == {
        "kind": "adjust",
        "amount": 100,
        "lost": 0,
        "reason": "a gift",
        "createdBy": "olga",
        "instanceId": "shop",
    }
    status, problem = await correct("adjustments", "one", amount=99, reason="a gift")
    assert (status, problem["type"]) == (422, "/problems/idempotency-conflict")
    status, taken = await correct("adjustments", "two", amount=-130, reason="booked twice")
    assert (status, taken["balanceAfter"], json.loads(json.dumps(taken["correction"]))["lost"]) == (201, 0, 30)
    statement = (await credits.get("/api/credits/transactions"))["transactions"]
    assert [(line["kind"], line["amount"], line["reason"]) for line in statement] == [
        ("deduct", -100, "booked twice"),
        ("adjust", 100, "a gift"),
    ]
    status, problem = await correct("refunds", "three", jobId=7, reason="upside down")
    assert (status, problem["title"]) == (404, "Not found")
    counted = (await credits.client.get("/metrics")).text
    assert 'darkroom_credits_adjusted_total{how="lost"} 30.0' in counted
    assert 'darkroom_credits_adjusted_total{how="taken"} 100.0' in counted


async def test_a_correction_that_says_too_little_is_refused_by_its_field_and_only_operators_correct(credits: Credits) -> None:
    wrong: list[tuple[str, dict[str, object], str]] = [
        ("adjustments", {"amount": 0, "reason": "x"}, "amount"),
        ("adjustments", {"amount": 1.5, "reason": "x"}, "amount"),
        ("adjustments", {"amount": 1, "reason": " "}, "reason"),
        ("adjustments", {"amount": 1}, "reason"),
        ("refunds", {"reason": "x"}, "jobId"),
        ("refunds", {"jobId": 1, "itemId": 1, "amount": 5, "reason": "x"}, "amount"),
    ]
    for kind, body, field in wrong:
        answer = await credits.client.post(f"/api/operator/credits/shop/{kind}", json=body, headers=operator())
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert field in json.dumps(answer.json())
    for kind, body in (("adjustments", {"amount": 1, "reason": "x"}), ("refunds", {"jobId": 1, "reason": "x"})):
        answer = await credits.client.post(f"/api/operator/credits/shop/{kind}", json=body, headers=tenant("shop"))
        assert answer.status_code == 403


async def test_usage_is_less_what_was_given_back(books: CreditBooks) -> None:
    books.clock.set("2026-03-01T10:00:00Z")
    await books.grant("shop", 100)
    await spend(books, 1, items=3)
    books.clock.set("2026-03-02T10:00:00Z")
    await books.give_back("shop", 1, item_id=2)
    async with books.unit_of_work.read() as connection:
        since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)
        usage = await read_usage(connection, "shop", since=since, until=until)
    assert [(str(one.day), one.spent, one.jobs) for one in usage] == [("2026-03-01", 45, 1), ("2026-03-02", -15, 0)]
    assert sum(one.spent for one in usage) == (await books.balances("shop"))[2]
