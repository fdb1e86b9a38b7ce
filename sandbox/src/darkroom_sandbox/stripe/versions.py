"""An object in the shape of an API version: pure. What a customer paid by Adaptive Pricing looks different since 2025-03-30.

Before, session, payment intent, charge, refund and dispute are in the customer's currency, and `currency_conversion` of the
session tells of ours. Since then all are in ours, and `presentment_details` tells of the customer's.
"""

import copy

from darkroom_sandbox.stripe.board import Object

PRESENTMENT_SINCE = "2025-03-30"
PRESENTED = "_presented"
AMOUNTS = ("amount", "amount_captured", "amount_received", "amount_refunded", "amount_subtotal", "amount_total")


def in_version(found: Object, version: str) -> Object:
    """A copy as Stripe shows it in a version: what begins with `_` is the sandbox' own. Expanded objects inside follow."""
    presented = found.get(PRESENTED)
    copied = {name: _below(value, version) for name, value in found.items() if not name.startswith("_")}
    if presented is None:
        return copied
    rate, currency = presented["rate"], presented["currency"]
    is_session = found["object"] == "checkout.session"
    if version >= PRESENTMENT_SINCE:
        amount = found["amount_total"] if is_session else found["amount"]
        return {**copied, "presentment_details": {"presentment_amount": round(amount * rate), "presentment_currency": currency}}
    if is_session:
        ours = {name: found[name] for name in ("amount_subtotal", "amount_total")}
        copied["currency_conversion"] = {**ours, "fx_rate": str(rate), "source_currency": found["currency"]}
    amounts = {name: round(found[name] * rate) for name in AMOUNTS if name in found}
    return {**copied, **amounts, "currency": currency}


def _below(value: object, version: str) -> object:
    if isinstance(value, dict):
        return in_version(value, version) if "object" in value else copy.deepcopy(value)
    if isinstance(value, list):
        return [_below(one, version) for one in value]
    return value
