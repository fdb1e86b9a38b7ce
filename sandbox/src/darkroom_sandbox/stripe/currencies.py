"""How Stripe writes amounts (docs.stripe.com/currencies): pure."""

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())  # noqa: SIM905 - easier to compare
THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
WHOLE_UNITS = frozenset(("isk", "ugx"))
"""Written with two decimals, which must be zero."""


def decimals(currency: str) -> int:
    """How many decimals Stripe's amounts in a currency have."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def step(currency: str) -> int:
    """What an amount must be a multiple of."""
    return 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_UNITS else 1
