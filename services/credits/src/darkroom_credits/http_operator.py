"""What an operator may do over HTTP with any tenant's credits."""

from typing import Annotated

from darkroom_servicekit.auth import INSTANCE_ID_MAX, Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.operators import PrincipalOf, only_operators
from darkroom_servicekit.problems import Problem, invalid
from fastapi import APIRouter, Depends, Header, Path

from darkroom_credits.bodies import (
    CreditsBody,
    GrantBody,
    GrantedBody,
    GrantRequest,
    PlanRequest,
)
from darkroom_credits.change_plan import ChangePlan
from darkroom_credits.grant_credits import AnotherGrantHasThisKey, GrantCredits, GrantHasExpired
from darkroom_credits.grants import NewGrant
from darkroom_credits.http_tenant import credits_body
from darkroom_credits.look_at_account import LookAtAccount
from darkroom_credits.plans import UnknownPlan
from darkroom_credits.store_grants import GrantRow

IDEMPOTENCY_KEY_MAX = 200

InstanceId = Annotated[str, Path(alias="instanceId", min_length=1, max_length=INSTANCE_ID_MAX, pattern=r"^[^_]")]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=IDEMPOTENCY_KEY_MAX)]


def build_operator_routes(
    unit_of_work: UnitOfWork, *, accounts: LookAtAccount, grants: GrantCredits, plans: ChangePlan, principal_of: PrincipalOf
) -> APIRouter:
    """Balances, grants and plans of all tenants."""
    router = APIRouter(prefix="/api/operator", tags=["operator"])
    signed_in = Depends(only_operators(principal_of))

    @router.put("/tenants/{instanceId}/plan")
    async def change_plan(
        instance_id: InstanceId,
        body: PlanRequest,
        idempotency_key: IdempotencyKey = None,
        _operator: Principal = signed_in,
    ) -> CreditsBody:
        """Put a tenant on a plan from now on: what is unspent of the old allowance expires, the new one is granted."""
        try:
            async with unit_of_work.begin() as transaction:
                await plans.change(transaction, instance_id, body.plan, key=idempotency_key)
        except UnknownPlan as error:
            raise invalid("plan", "must be one of the plans that are offered") from error
        return credits_body(await accounts.view(instance_id))

    @router.get("/credits/{instanceId}")
    async def credits_of(instance_id: InstanceId, _operator: Principal = signed_in) -> CreditsBody:
        """A tenant's balance."""
        return credits_body(await accounts.view(instance_id))

    @router.post("/credits/{instanceId}/grants", status_code=201)
    async def grant(
        instance_id: InstanceId,
        body: GrantRequest,
        idempotency_key: IdempotencyKey = None,
        operator: Principal = signed_in,
    ) -> GrantedBody:
        """Give a tenant credits, with a reason. The same `Idempotency-Key` gives them once and answers the same."""
        new = NewGrant(
            instance_id=instance_id,
            kind="operator",
            amount=body.amount,
            reason=reason_of(body.reason),
            created_by=operator.subject,
            expires_at=body.expires_at,
            once_key=f"operator:{instance_id}:{idempotency_key}" if idempotency_key else None,
        )
        try:
            async with unit_of_work.begin() as transaction:
                row, _made_now = await grants.grant(transaction, new)
        except AnotherGrantHasThisKey as error:
            detail = "This Idempotency-Key was used for a grant with another amount, reason or expiry."
            raise Problem(422, "Key used before", detail, kind="/problems/idempotency-conflict") from error
        except GrantHasExpired as error:
            raise invalid("expiresAt", "must lie in the future") from error
        return _granted(row)

    return router


def _granted(row: GrantRow) -> GrantedBody:
    grant = GrantBody(
        id=row.id,
        instance_id=row.instance_id,
        amount=row.amount,
        reason=row.reason,
        expires_at=row.expires_at,
        created_by=row.created_by,
        created_at=row.created_at,
    )
    return GrantedBody(grant=grant, balance_after=row.available_after)


def reason_of(text: str) -> str:
    """An operator's reason, without the blanks around it. Raises Problem for one of blanks alone."""
    reason = text.strip()
    if not reason:
        raise invalid("reason", "must not be blank")
    return reason
