"""What a job would cost, and the top-up that it would take. Pure."""

from dataclasses import dataclass

from darkroom_contracts.credit_price import amount_minor


@dataclass(frozen=True, kw_only=True)
class CreditPrice:
    """What credits cost by card, and how few and how many are sold at once."""

    currency: str
    minor_per_thousand: int
    credits_min: int
    credits_max: int


@dataclass(frozen=True)
class TopUp:
    """Credits to buy, and what they cost in the currency's minor unit."""

    credits: int
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class Quote:
    """In credits. With too few, nothing would be taken: `missing` says how many short, and the balance after is zero at least."""

    price: int
    balance_after: int
    missing: int


def quote(*, price_credits: int, items: int, available: int) -> Quote:
    """The price of `items` against what is available."""
    price = price_credits * items
    return Quote(price, max(0, available - price), max(0, price - available))


def cheapest_top_up(missing: int, price: CreditPrice | None) -> TopUp | None:
    """The cheapest single top-up that covers what is missing; None when nothing is, or no price is known, or none covers it."""
    if missing <= 0 or price is None or missing > price.credits_max:
        return None
    credits = max(missing, price.credits_min)
    amount = amount_minor(credits, minor_per_thousand=price.minor_per_thousand, currency=price.currency)
    return TopUp(credits, amount, price.currency)
