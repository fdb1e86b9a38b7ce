"""Amounts of money: the decimals of a currency, and where Stripe counts otherwise."""

import re
from pathlib import Path

import pytest
from darkroom_contracts.credit_price import amount_minor
from darkroom_contracts.money import CHARGEABLE, THREE_DECIMAL, ZERO_DECIMAL, exponent, minor_amount, stripe_amount

PAGES = Path(__file__).parents[2] / "web" / "src" / "words" / "currencies.ts"
MIGRATION = Path(__file__).parents[2] / "services" / "credits" / "migrations" / "versions" / "0013_currencies.py"


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("HUF", 2), ("TWD", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3)])
def test_a_currency_has_its_decimals(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize(
    ("currency", "minor", "at_stripe"),
    [("EUR", 15, 15), ("JPY", 15, 15), ("KWD", 15, 15), ("ISK", 15, 1500), ("UGX", 5, 500)],
)
def test_stripe_writes_two_currencies_without_decimals_in_hundredths(currency: str, minor: int, at_stripe: int) -> None:
    assert stripe_amount(minor, currency) == at_stripe
    assert minor_amount(at_stripe, currency) == minor


@pytest.mark.parametrize(
    ("currency", "credits", "minor"),
    [("EUR", 333, 500), ("JPY", 1000, 1500), ("JPY", 333, 500), ("KWD", 333, 500), ("KWD", 335, 510)],
)
def test_a_price_is_rounded_up_to_what_can_be_charged(currency: str, credits: int, minor: int) -> None:
    assert amount_minor(credits, minor_per_thousand=1500, currency=currency) == minor


def listed(name: str) -> set[str]:
    [found] = re.findall(rf"{name} = new Set\(\[([^\]]*)\]\)", PAGES.read_text())
    return set(re.findall(r"[A-Z]{3}", found))


def test_the_pages_know_the_same_decimals() -> None:
    assert listed("ZERO_DECIMAL") == ZERO_DECIMAL
    assert listed("THREE_DECIMAL") == THREE_DECIMAL


def test_the_database_refuses_the_other_currencies() -> None:
    [found] = re.findall(r'CHARGEABLE = """([^"]*)"""', MIGRATION.read_text())
    assert set(found.split()) == CHARGEABLE
