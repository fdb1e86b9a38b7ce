"""Amounts of money: pure. An amount is an integer in the currency's minor unit (ISO 4217): 1,500 JPY is 1500, 15.00 EUR is 1500.

This is the one place that knows how many decimals a currency has, and where Stripe counts otherwise
(docs.stripe.com/currencies: zero-decimal currencies, special cases, three-decimal currencies).
"""

ZERO_DECIMAL = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
"""MGA: its fifth is no decimal part, and Stripe counts whole ariary."""
THREE_DECIMAL = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
STRIPE_COUNTS_HUNDREDTHS = frozenset(("ISK", "UGX"))
"""Zero-decimal currencies whose amounts Stripe still writes with two decimals, always `00`."""
TWO_DECIMAL = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK
    DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR
    LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB
    SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD XCG YER ZAR ZMW
"""
CHARGEABLE = ZERO_DECIMAL | THREE_DECIMAL | frozenset(TWO_DECIMAL.split())
"""What Stripe can charge a card in."""


def exponent(currency: str) -> int:
    """How many decimals the currency's main unit has."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def charge_step(currency: str) -> int:
    """What an amount to be charged must be a multiple of: Stripe takes three-decimal amounts in tens only."""
    return 10 if currency in THREE_DECIMAL else 1


def stripe_amount(minor: int, currency: str) -> int:
    """An amount as Stripe writes it."""
    return minor * _stripe_factor(currency)


def minor_amount(stripe_amount: int, currency: str) -> int:
    """An amount that Stripe wrote, in the minor unit, rounded down."""
    return stripe_amount // _stripe_factor(currency)


def _stripe_factor(currency: str) -> int:
    return 100 if currency in STRIPE_COUNTS_HUNDREDTHS else 1
