"""The page that a Checkout Session's address shows: what is to be paid, and buttons for what a customer may do."""

import html

from darkroom_sandbox.look import page
from darkroom_sandbox.stripe.board import Object
from darkroom_sandbox.stripe.currencies import decimals

BUTTONS = (
    ("paid", "Pay"),
    ("delayed", "Pay later (bank debit)"),
    ("declined", "Let the card be declined"),
    ("expired", "Let it expire"),
)


def page_of(session: Object, *, said: str | None = None) -> str:
    """The page; `said` is what could not be done just now."""
    rows = "".join(
        f"<tr><td>{html.escape(item['description'])} × {item['quantity']}</td>"
        f"<td>{_money(item['amount_total'], item['currency'])}</td></tr>"
        for item in session["_line_items"]
    )
    note = f'<p role="alert">{html.escape(said)}</p>' if said else ""
    total = _money(session["amount_total"], session["currency"])
    return page(
        "checkout",
        '<h1>Checkout</h1><p class="about">No money moves here. This page stands in for Stripe’s.</p>'
        f'<div class="card"><table>{rows}<tr><td><strong>Total</strong></td><td><strong>{total}</strong></td></tr></table></div>'
        f"{note}{_rest(session)}",
        narrow=True,
    )


def _rest(session: Object) -> str:
    if session["status"] == "open":
        buttons = "".join(f'<button name="outcome" value="{value}">{label}</button>' for value, label in BUTTONS)
        back = session["cancel_url"]
        leave = f'<p><a href="{html.escape(back, quote=True)}">Back to the shop</a></p>' if back else ""
        return f'<form method="post">{buttons}</form>{leave}'
    back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    state = f"This session is {session['status']}, {session['payment_status']}."
    return f'<p>{state}</p><p><a href="{html.escape(back, quote=True)}">Back to the shop</a></p>'


def _money(amount: int, currency: str) -> str:
    digits = decimals(currency)
    return f"{amount / 10**digits:,.{digits}f} {html.escape(currency.upper())}"
