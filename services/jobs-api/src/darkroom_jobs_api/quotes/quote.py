"""What a job would cost. Pure."""

from dataclasses import dataclass


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
