"""A Checkout Session as it is asked for (external API facts, Stripe 3.2): the parameters checked, the object made."""

from typing import Any

from darkroom_sandbox.stripe.board import Object, new_id, now
from darkroom_sandbox.stripe.currencies import step
from darkroom_sandbox.stripe.errors import required, unknown, wrong
from darkroom_sandbox.stripe.form import Tree, branch_of, integer_of, text_of

KNOWN = frozenset(
    [
        "mode",
        "line_items",
        "success_url",
        "cancel_url",
        "return_url",
        "ui_mode",
        "client_reference_id",
        "customer",
        "customer_email",
        "customer_creation",
        "metadata",
        "payment_intent_data",
        "expires_at",
        "allow_promotion_codes",
        "automatic_tax",
        "billing_address_collection",
        "payment_method_types",
        "locale",
        "submit_type",
        "invoice_creation",
        "phone_number_collection",
        "expand",
    ]
)
AMOUNT_MIN = 50
LIFE_SECONDS_MIN, LIFE_SECONDS_MAX = 30 * 60, 24 * 3600


def new_session(parameters: Tree, *, page_url: str) -> Object:
    """The session; `page_url` is the address before its id. Raises StripeError."""
    for name in parameters:
        if name not in KNOWN:
            raise unknown(name)
    if text_of(parameters, "mode") != "payment":
        raise wrong("mode", "The sandbox knows the mode `payment` only.")
    success_url = text_of(parameters, "success_url")
    items, currency = _line_items(parameters)
    total = sum(item["amount_total"] for item in items)
    if total < AMOUNT_MIN:
        raise wrong("line_items", f"The Checkout Session's total amount must be at least {AMOUNT_MIN}.", code="amount_too_small")
    created = now()
    expires_at = integer_of(parameters, "expires_at", default=created + LIFE_SECONDS_MAX)
    if not LIFE_SECONDS_MIN - 60 <= expires_at - created <= LIFE_SECONDS_MAX + 60:
        raise wrong("expires_at", "The `expires_at` timestamp must be between 30 minutes and 24 hours from creation.")
    session_id = new_id("cs_test")
    return {
        "id": session_id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "cancel_url": parameters.get("cancel_url"),
        "client_reference_id": parameters.get("client_reference_id"),
        "created": created,
        "currency": currency,
        "customer": parameters.get("customer"),
        "customer_details": None,
        "customer_email": parameters.get("customer_email"),
        "expires_at": expires_at,
        "livemode": False,
        "metadata": branch_of(parameters, "metadata"),
        "mode": "payment",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "success_url": success_url,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": parameters.get("ui_mode", "hosted_page"),
        "url": f"{page_url}/{session_id}",
        "_line_items": items,
        "_intent_metadata": branch_of(branch_of(parameters, "payment_intent_data"), "metadata"),
    }


def shown(found: Object) -> Object:
    """An object as Stripe shows it: what begins with `_` is the sandbox' own."""
    return {name: value for name, value in found.items() if not name.startswith("_")}


def _line_items(parameters: Tree) -> tuple[list[dict[str, Any]], str]:
    asked = parameters.get("line_items")
    if not isinstance(asked, list) or not asked:
        raise required("line_items")
    items = [_line_item(number, one) for number, one in enumerate(asked)]
    if len({item["currency"] for item in items}) != 1:
        raise wrong("line_items", "All line items must have the same currency.")
    return items, items[0]["currency"]


def _line_item(number: int, asked: Any) -> dict[str, Any]:
    param = f"line_items[{number}]"
    if not isinstance(asked, dict):
        raise wrong(param, f"Invalid object: {param}")
    price = branch_of(asked, "price_data")
    if not price:
        raise wrong(f"{param}[price_data]", "The sandbox keeps no prices: give `price_data`.", code="parameter_missing")
    quantity = integer_of(asked, "quantity", param=f"{param}[quantity]", default=1)
    unit_amount = integer_of(price, "unit_amount", param=f"{param}[price_data][unit_amount]")
    currency = text_of(price, "currency", param=f"{param}[price_data][currency]").lower()
    if len(currency) != 3 or not currency.isalpha():
        raise wrong(f"{param}[price_data][currency]", f"Invalid currency: {currency}.")
    if unit_amount % step(currency):
        raise wrong(f"{param}[price_data][unit_amount]", f"Amounts in {currency} must be multiples of {step(currency)}.")
    name = text_of(branch_of(price, "product_data"), "name", param=f"{param}[price_data][product_data][name]")
    if quantity < 1 or unit_amount < 0:
        raise wrong(f"{param}[quantity]", "Amounts and quantities must be positive.")
    total = unit_amount * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": currency,
        "description": name,
        "quantity": quantity,
    }
