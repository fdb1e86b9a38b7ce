"""What so many credits cost by card: pure. The one rule of those who sell credits and of those who say what they would cost."""


def amount_minor(credits: int, *, minor_per_thousand: int) -> int:
    """In the currency's minor unit, rounded up: no credit is given away."""
    return -(-credits * minor_per_thousand // 1000)
