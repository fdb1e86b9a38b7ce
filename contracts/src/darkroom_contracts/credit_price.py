"""What so many credits cost by card: pure. The one rule of those who sell credits and of those who say what they would cost."""

from darkroom_contracts.money import charge_step


def amount_minor(credits: int, *, minor_per_thousand: int, currency: str) -> int:
    """In the currency's minor unit, rounded up to what can be charged: no credit is given away."""
    step = charge_step(currency)
    return -(-credits * minor_per_thousand // (1000 * step)) * step
