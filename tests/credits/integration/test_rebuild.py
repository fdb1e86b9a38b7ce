"""Every balance rebuilt from the topic `darkroom.credits` alone, as any auditor could, after all that happens to credits."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from darkroom_cli.rebuild import rebuild
from darkroom_contracts.balances import BalanceEvent, Sums, balances_from
from darkroom_contracts.credits import (
    CreditsAdjusted,
    CreditsExpired,
    CreditsGranted,
    CreditsReimbursed,
    CreditsRejected,
    CreditsReserved,
    CreditsSettled,
    CreditsTakenBack,
)
from darkroom_contracts.event import Event
from darkroom_credits.settings import CreditsSettings
from darkroom_servicekit.stages import Received
from support.card_payments import API_KEY, SECRET, CardWorld, card_world, checkout, deliver
from support.credit_books import CreditBooks, credit_books
from support.credit_events import item_finished, job_finished, requested
from support.credit_service import Credits, operator, serving
from support.kafka import Log
from support.service import eventually

TENANTS = ("shop", "other", "sample-1", "sample-2")
ALL_KINDS = {
    CreditsGranted,
    CreditsReserved,
    CreditsRejected,
    CreditsSettled,
    CreditsExpired,
    CreditsTakenBack,
    CreditsAdjusted,
    CreditsReimbursed,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardWorld]:
    with card_world(tmp_path_factory.mktemp("sandbox")) as opened:
        yield opened


async def test_the_topic_alone_rebuilds_every_balance(settings: CreditsSettings, world: CardWorld, log: Log) -> None:
    stripe = {"stripe_api_key": API_KEY, "stripe_base_url": f"{world.sandbox.url}/stripe", "stripe_webhook_secret": SECRET}
    async with (
        serving(settings.model_copy(update=stripe)) as credits,
        credit_books(settings.database_url) as books,
    ):
        await a_day_of_business(credits, world, log, books)
        seen = await all_told(log, books)
        table = await books.rows("SELECT instance_id, available, held, spent FROM balances")
        assert {type(one.event) for one in seen if isinstance(one.event, BalanceEvent)} == ALL_KINDS

        rebuilt = balances_from((one.envelope, one.event) for one in seen)
        assert rebuilt.disagreements == []
        assert {name: rebuilt.balances.get(name, Sums()) for name, *_ in table} == {name: Sums(*sums) for name, *sums in table}
        # By hand: 200 given, 100 bought and all paid back, 7 added, 9 taken, 30 spent of which 15 come back, 15 held.
        assert rebuilt.balances["shop"] == Sums(available=168, held=15, spent=15)

        # What an auditor does with nothing but Kafka: the whole topic from its beginning, or up to a time.
        read = await rebuild(log.bootstrap, prefix=log.prefix)
        assert (read.balances, read.disagreements) == (rebuilt.balances, [])
        gift = next(one for one in seen if one.event.instance_id == "shop" and isinstance(one.event, CreditsGranted))
        then = await rebuild(log.bootstrap, prefix=log.prefix, until=datetime.fromisoformat(gift.envelope.time))
        assert then.balances["shop"] == Sums(available=200)

        # A relay that dies half-way sends a part again: the sums are the same.
        again = balances_from((one.envelope, one.event) for one in [*seen, *seen[len(seen) // 2 :]])
        assert (again.balances, again.disagreements) == (rebuilt.balances, [])


async def a_day_of_business(credits: Credits, world: CardWorld, log: Log, books: CreditBooks) -> None:
    """Everything that moves credits: given, held, refused, settled, expired, bought, paid back, corrected."""
    assert (await credits.grant("shop", amount=200, reason="welcome")).status_code == 201
    session_id = (await checkout(credits, 100)).json()["sessionId"]
    intent = world.pay(session_id)
    [paid] = world.events("checkout.session.completed")
    assert (await deliver(credits, paid)).json()["outcome"] == "paid"
    world.refund(intent)
    [refunded] = world.events("charge.refunded")
    assert (await deliver(credits, refunded)).json()["outcome"] == "refunded"
    await log.publish(requested(1, items=3), requested(2, instance_id="other"), requested(3, instance_id="sample-1", items=20))
    await log.publish(item_finished(1, 11), item_finished(1, 12, "release"))
    await log.publish(item_finished(3, 31, instance_id="sample-1"), job_finished(3, 1, instance_id="sample-1", items=20))
    await log.publish(job_finished(1, 2, items=3), requested(4))

    async def settled() -> bool:
        return await books.rows("SELECT job_id, state FROM reservations ORDER BY job_id") == [
            (1, "CLOSED"),
            (2, "REJECTED"),
            (3, "CLOSED"),
            (4, "OPEN"),
        ]

    await eventually(settled)
    await operator_says(credits, "POST", "credits/shop/adjustments", amount=7, reason="counted again")
    await operator_says(credits, "POST", "credits/shop/adjustments", amount=-9, reason="counted again")
    await operator_says(credits, "POST", "credits/shop/refunds", jobId=1, amount=15, reason="a bad picture")
    await operator_says(credits, "PUT", "tenants/sample-2/plan", plan="studio")


async def operator_says(credits: Credits, method: str, path: str, **body: Any) -> None:
    answer = await credits.client.request(method, f"/api/operator/{path}", json=body, headers=operator())
    assert answer.is_success, answer.text


async def all_told(log: Log, books: CreditBooks) -> list[Received[Event]]:
    """The whole topic, once all that was written has been sent."""
    [(written,)] = await books.rows("SELECT count(*) FROM outbox WHERE topic = 'darkroom.credits'")
    return await log.events(lambda events: len({one.envelope.id for one in events if _of_credits(one)}) >= written)


def _of_credits(one: Received[Event]) -> bool:
    return one.event.topic == "darkroom.credits"
