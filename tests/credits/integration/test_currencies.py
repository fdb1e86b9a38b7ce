"""Credits sold in a currency without cents: told, charged and refunded in whole units."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from support.card_payments import COMPLETED, CardWorld, available, checkout, deliver, outcome
from support.credit_books import CreditBooks
from support.credit_service import Credits

PRICE = "INSERT INTO credit_prices (version, currency, minor_per_thousand, credits_min, credits_max, valid_from)"


@pytest.mark.parametrize(
    ("currency", "at_stripe", "refunded", "left"), [("JPY", 3000, 1500, 1000), ("ISK", 300_000, 100_000, 1334)]
)
async def test_a_price_without_cents_is_told_charged_and_refunded_in_whole_units(
    shop: Credits, world: CardWorld, books_of: CreditBooks, currency: str, at_stripe: int, refunded: int, left: int
) -> None:
    await books_of.rows(f"{PRICE} VALUES (2, '{currency}', 1500, 50, 1000000, now()) RETURNING version")
    top_ups = await shop.get("/api/credits/top-ups")
    assert top_ups["perThousand"] == {"amount": 1500, "currency": currency}
    answer = (await checkout(shop, 2000)).json()
    told = await shop.get(f"/api/credits/checkout/{answer['sessionId']}")
    assert told["price"] == {"amount": 3000, "currency": currency}
    [call] = world.sandbox.calls(vendor="stripe", kind="checkout")
    price_data: Any = call["input"]["line_items"][0]["price_data"]
    assert (price_data["currency"], price_data["unit_amount"]) == (currency.lower(), str(at_stripe))
    intent = world.pay(answer["sessionId"])
    world.refund(intent, refunded)
    completed, returned = world.events(COMPLETED, "charge.refunded")
    assert [await outcome(await deliver(shop, body)) for body in (completed, returned)] == ["paid", "refunded"]
    assert await available(shop) == left
    await books_of.assert_sound()


@pytest.mark.parametrize("currency", ["XXX", "KPW", "BTC"])
async def test_a_price_that_stripe_cannot_charge_is_refused(books: CreditBooks, currency: str) -> None:
    with pytest.raises(IntegrityError, match="stripe_can_charge_in_the_currency"):
        await books.rows(f"{PRICE} VALUES (2, '{currency}', 1500, 50, 1000000, now()) RETURNING version")
