"""What an older version kept of refunds and disputes goes on to count, once."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from darkroom_credits.payments.record_payments import record_session
from darkroom_credits.payments.record_returns import record_charge, record_dispute, record_refund
from darkroom_credits.payments.stripe_objects import Charge, Dispute, Refund, Session
from darkroom_servicekit.migrate import migrate
from support.credit_books import credit_books
from support.credit_role import migrated_for_its_role
from support.migrations import migrations_until
from support.service import SERVICES

BEFORE = "0011"
PURCHASE_ID = "00000000-0000-4000-8000-000000000001"
AT = datetime(2026, 3, 4, tzinfo=UTC)
# A refund of 20 and a lost dispute of 30 were told before the payment; the dispute's event is used up.
KEPT = f"""
    INSERT INTO purchases (id, instance_id, credits, amount_minor, currency, price_version, created_by, created_at)
    VALUES ('{PURCHASE_ID}', 'shop', 100, 100, 'EUR', 1, 'a', now());
    INSERT INTO stripe_refunds (payment_intent, currency, amount, refunded, disputed, updated_at)
    VALUES ('pi_1', 'EUR', 100, 20, 30, now());
    INSERT INTO stripe_events (id, type, object_id, created_at, received_at, outcome) VALUES
        ('evt_1', 'charge.dispute.closed', 'du_1', now(), now(), 'waits'),
        ('evt_2', 'refund.failed', 're_9', now(), now(), 'not-needed'),
        ('evt_3', 'charge.refunded', 'ch_1', now(), now(), 'waits');
"""


async def test_refunds_and_disputes_of_an_older_version_count_once(owner_url: str, tmp_path: Path) -> None:
    older = migrations_until(tmp_path, SERVICES / "credits" / "migrations", BEFORE)
    await asyncio.to_thread(migrate, older, owner_url)
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(KEPT)
    finally:
        await connection.close()
    async with credit_books(await migrated_for_its_role(owner_url)) as books:

        async def left() -> int:
            [(available,)] = await books.rows("SELECT available FROM balances")
            return int(available)

        session = Session(
            id="cs_1",
            amount_total=100,
            currency="EUR",
            client_reference_id=PURCHASE_ID,
            mode="payment",
            payment_status="paid",
            payment_intent="pi_1",
        )
        again = Dispute(id="du_1", payment_intent="pi_1", amount=30, currency="EUR", status="lost")
        async with books.unit_of_work.begin() as transaction:
            await record_session(transaction, session)
        assert await left() == 50
        # What was passed over is read again from Stripe's list; what had an effect is not.
        assert await books.rows("SELECT id FROM stripe_events ORDER BY id") == [("evt_1",), ("evt_3",)]
        async with books.unit_of_work.begin() as transaction:
            assert await record_dispute(transaction, again, told_at=AT, closed=True) == "nothing-new"
            second = again.model_copy(update={"id": "du_2", "amount": 10})
            assert await record_dispute(transaction, second, told_at=AT, closed=True) == "dispute-lost"
        assert await left() == 40
        won = again.model_copy(update={"status": "won"})
        refund = Refund(id="re_1", payment_intent="pi_1", amount=20, currency="EUR", status="failed")
        async with books.unit_of_work.begin() as transaction:
            later = transaction.now + timedelta(seconds=1)
            assert await record_dispute(transaction, won, told_at=later, closed=True) == "dispute-won"
            assert await record_refund(transaction, refund, told_at=later) == "refund-failed"
            charge = Charge(id="ch_1", payment_intent="pi_1", amount=100, amount_refunded=20, currency="EUR")
            assert await record_charge(transaction, charge, told_at=AT) == "nothing-new"
        assert await left() == 90
        await books.assert_sound()
