"""News of one payment in two transactions at the same time: whichever commits first, none of it is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from darkroom_credits.payments.purchase import Purchase
from darkroom_credits.payments.record_payments import record_session
from darkroom_credits.payments.record_returns import record_charge, record_dispute, record_refund
from darkroom_credits.payments.store import insert_purchase
from darkroom_credits.payments.stripe_objects import Charge, Dispute, Refund, Session
from darkroom_servicekit.database import Transaction
from support.credit_books import CreditBooks
from support.service import eventually

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
INTENT = "pi_1"
Record = Callable[[Transaction], Awaitable[str]]


def charge(refunded: int) -> Record:
    told = Charge(id="ch", payment_intent=INTENT, amount=100, amount_refunded=refunded, currency="eur")
    return lambda transaction: record_charge(transaction, told, told_at=AT)


def refund(name: str, amount: int, status: str = "succeeded") -> Record:
    told = Refund(id=name, payment_intent=INTENT, amount=amount, currency="eur", status=status)
    return lambda transaction: record_refund(transaction, told, told_at=AT)


def dispute(name: str, amount: int, status: str = "lost") -> Record:
    told = Dispute(id=name, payment_intent=INTENT, amount=amount, currency="eur", status=status)
    return lambda transaction: record_dispute(transaction, told, told_at=AT + timedelta(seconds=status == "won"), closed=True)


def payment(purchase_id: str) -> Record:
    session = Session(
        id="cs_1",
        amount_total=100,
        currency="eur",
        client_reference_id=purchase_id,
        mode="payment",
        status="complete",
        payment_status="paid",
        payment_intent=INTENT,
    )
    return lambda transaction: record_session(transaction, session)


async def sold(books: CreditBooks) -> Record:
    """A purchase of 100 credits for 1.00 EUR; its payment."""
    purchase = Purchase(
        id=str(uuid4()), instance_id="shop", credits=100, amount_minor=100, currency="EUR", price_version=1, created_at=AT
    )
    async with books.unit_of_work.begin() as transaction:
        await insert_purchase(transaction, purchase, created_by="tester", key=None)
    return payment(purchase.id)


async def at_once(books: CreditBooks, first: Record, second: Record) -> None:
    """Do the second from beginning to end, or until it waits for the first, while the first has not committed."""

    async def do_second() -> None:
        async with books.unit_of_work.begin() as transaction:
            await second(transaction)

    async with books.unit_of_work.begin() as transaction:
        await first(transaction)
        other = asyncio.create_task(do_second())

        async def ends_or_waits() -> bool:
            waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            return other.done() or await books.rows(waiting) != []

        await eventually(ends_or_waits)
    await other


PAIRS: dict[str, tuple[tuple[Record, ...], int]] = {
    "payment and refund": ((charge(40),), 60),
    "payment and one refund": ((refund("re_1", 40),), 60),
    "payment and dispute": ((dispute("du_1", 30),), 70),
    "payment and a failed refund": ((refund("re_1", 40, "failed"),), 100),
}
AFTER: dict[str, tuple[tuple[Record, Record], int]] = {
    "two refunds": ((refund("re_1", 30), refund("re_2", 20)), 50),
    "a refund and its failure": ((refund("re_1", 30), refund("re_1", 30, "failed")), 100),
    "dispute and refund": ((dispute("du_1", 30), refund("re_1", 20)), 50),
    "two disputes": ((dispute("du_1", 30), dispute("du_2", 30)), 40),
    "a dispute lost and won": ((dispute("du_1", 30), dispute("du_1", 30, "won")), 100),
    "a total and its refund": ((charge(30), refund("re_1", 30)), 70),
}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", PAIRS)
async def test_a_payment_and_what_comes_back_of_it(books: CreditBooks, name: str, turned: bool) -> None:
    [news], left = PAIRS[name]
    pay = await sold(books)
    await at_once(books, *((news, pay) if turned else (pay, news)))
    assert await books.rows("SELECT available FROM balances") == [(left,)]
    await books.assert_sound()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", AFTER)
async def test_two_pieces_of_news_of_a_payment_that_is_known(books: CreditBooks, name: str, turned: bool) -> None:
    (first, second), left = AFTER[name]
    pay = await sold(books)
    async with books.unit_of_work.begin() as transaction:
        await pay(transaction)
    await at_once(books, *((second, first) if turned else (first, second)))
    assert await books.rows("SELECT available FROM balances") == [(left,)]
    await books.assert_sound()


async def test_all_news_in_any_order_come_to_the_same_books(books: CreditBooks) -> None:
    """Of 100: 40 refunded and failed, 20 refunded, 30 disputed and lost; 50 are left."""
    pay = await sold(books)
    news = (pay, refund("re_1", 40), refund("re_1", 40, "failed"), charge(60), dispute("du_1", 30), refund("re_2", 20))
    for order in list(permutations(news))[::7]:
        try:
            async with books.unit_of_work.begin() as transaction:
                for record in order:
                    await record(transaction)
                rows = await transaction.execute("SELECT available FROM balances")
                assert rows.scalar_one() == 50, [news.index(one) for one in order]
                raise _UndoneError
        except _UndoneError:
            pass


class _UndoneError(Exception):
    """Rolls a story back, so that the next one begins anew."""
