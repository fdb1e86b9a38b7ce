"""The page that a Checkout Session's address shows: what is to be paid, and buttons for what a customer may do."""

import html

from darkroom_sandbox.stripe.board import Object

BUTTONS = (
    ("paid", "Pay"),
    ("delayed", "Pay later (bank debit)"),
    ("declined", "Let the card be declined"),
    ("expired", "Let it expire"),
)

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sandbox checkout</title><style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1rem; }}
table {{ width: 100%; }} td:last-child {{ text-align: right; }}
button {{ font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .6rem; cursor: pointer; }}
.note {{ color: #555; }}</style></head><body>
<h1>Sandbox checkout</h1><p class="note">No money moves here. This page stands in for Stripe's.</p>
<table>{items}<tr><td><strong>Total</strong></td><td><strong>{total}</strong></td></tr></table>
{rest}</body></html>"""


def page_of(session: Object, *, said: str | None = None) -> str:
    """The page; `said` is what could not be done just now."""
    rows = "".join(
        f"<tr><td>{html.escape(item['description'])} × {item['quantity']}</td>"
        f"<td>{_money(item['amount_total'], item['currency'])}</td></tr>"
        for item in session["_line_items"]
    )
    note = f'<p role="alert">{html.escape(said)}</p>' if said else ""
    return _PAGE.format(items=rows, total=_money(session["amount_total"], session["currency"]), rest=note + _rest(session))


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
    return f"{amount / 100:,.2f} {html.escape(currency.upper())}"
