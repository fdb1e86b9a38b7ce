"""What a tenant may ask about its own credits over HTTP."""

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.operators import PrincipalOf
from fastapi import APIRouter, Depends

from darkroom_credits.bodies import (
    CreditsBody,
    ExpiringBody,
    PlanBody,
    PlansBody,
    PriceBody,
)
from darkroom_credits.look_at_account import LookAtAccount
from darkroom_credits.plans import Plan
from darkroom_credits.store_plans import read_plans
from darkroom_credits.store_reads import AccountView

LIMIT_MAX = 100
LIMIT_DEFAULT = 20


def build_tenant_routes(unit_of_work: UnitOfWork, accounts: LookAtAccount, principal_of: PrincipalOf) -> APIRouter:
    """What a tenant may ask about its own credits."""
    router = APIRouter(prefix="/api", tags=["credits"])
    signed_in = Depends(principal_of)

    @router.get("/credits")
    async def credits_now(principal: Principal = signed_in) -> CreditsBody:
        """The balance, split in available, held, spent and expiring."""
        return credits_body(await accounts.view(principal.instance_id))

    @router.get("/plans")
    async def plans(principal: Principal = signed_in) -> PlansBody:
        """The plans there are, and the caller's own."""
        account = await accounts.view(principal.instance_id)
        async with unit_of_work.read() as connection:
            offered = await read_plans(connection, at=accounts.now())
        return PlansBody(plans=[_plan(plan) for plan in offered], current=account.plan)

    return router


def credits_body(account: AccountView) -> CreditsBody:
    """An account as it is shown."""
    return CreditsBody(
        available=account.available,
        held=account.held,
        spent=account.spent,
        expiring=[ExpiringBody(amount=one.amount, expires_at=one.expires_at) for one in account.expiring],
        plan=account.plan,
        renews_at=account.renews_at,
    )


def _plan(plan: Plan) -> PlanBody:
    return PlanBody(
        name=plan.name,
        title=plan.title,
        credits_per_month=plan.credits_per_month,
        weight=plan.weight,
        cap_per_minute=plan.cap_per_minute,
        price=PriceBody(amount=plan.price_minor, currency=plan.currency),
    )
