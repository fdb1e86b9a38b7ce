"""What a tenant asks before and after buying credits: what they cost, and whether a payment has come.

Coming back from the payment page says nothing about the money; only the purchase, which hears of Stripe, does.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.http import Body
from darkroom_servicekit.operators import PrincipalOf
from darkroom_servicekit.problems import Problem, ProblemBody
from fastapi import APIRouter, Depends, Path

from darkroom_credits.bodies import PriceBody
from darkroom_credits.payments.purchase import State
from darkroom_credits.payments.store import current_price
from darkroom_credits.payments.store_purchases import purchase_of_session

SESSION_CHARACTERS_MAX = 200


class TopUpsBody(Body):
    """What credits cost, and how many are sold at once."""

    per_thousand: PriceBody
    credits_min: int
    credits_max: int
    by_card: bool


class PurchaseBody(Body):
    """Credits that were offered, and how far their payment is. `PAID`: they are there."""

    session_id: str
    credits: int
    price: PriceBody
    state: State


def build_purchase_routes(
    unit_of_work: UnitOfWork, principal_of: PrincipalOf, *, by_card: bool, clock: Callable[[], datetime]
) -> APIRouter:
    """The tenant's two questions."""
    router = APIRouter(prefix="/api/credits", tags=["payments"])
    signed_in = Depends(principal_of)

    @router.get("/top-ups")
    async def top_ups(_principal: Principal = signed_in) -> TopUpsBody:
        """The price of credits as they are sold now."""
        async with unit_of_work.read() as connection:
            price = await current_price(connection, at=clock())
        return TopUpsBody(
            per_thousand=PriceBody(amount=price.minor_per_thousand, currency=price.currency),
            credits_min=price.credits_min,
            credits_max=price.credits_max,
            by_card=by_card,
        )

    @router.get("/checkout/{session_id}", responses={404: {"model": ProblemBody}})
    async def purchase(
        session_id: Annotated[str, Path(max_length=SESSION_CHARACTERS_MAX)], principal: Principal = signed_in
    ) -> PurchaseBody:
        """How far a purchase is."""
        async with unit_of_work.read() as connection:
            found = await purchase_of_session(connection, principal.instance_id, session_id)
        if found is None:
            raise Problem(404, "No such purchase", kind="/problems/not-found")
        price = PriceBody(amount=found.amount_minor, currency=found.currency)
        return PurchaseBody(session_id=session_id, credits=found.credits, price=price, state=found.state)

    return router
