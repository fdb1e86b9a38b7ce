"""What an operator may do over HTTP with any tenant's credits."""

from typing import Annotated

from darkroom_servicekit.auth import INSTANCE_ID_MAX, Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.idempotency_key import IdempotencyKey
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import PrincipalOf, only_operators
from darkroom_servicekit.problems import Problem, invalid
from darkroom_servicekit.request_body import read_body
from darkroom_servicekit.visible_text import INVISIBLE_RULE, is_visible
from fastapi import APIRouter, Depends, Path, Request

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
from darkroom_credits.once_key import former_operator_keys, operator_key
from darkroom_credits.plans import UnknownPlan
from darkroom_credits.store_grants import GrantRow

InstanceId = Annotated[str, Path(alias="instanceId", min_length=1, max_length=INSTANCE_ID_MAX, pattern=r"^[^_]")]


def build_operator_routes(
    unit_of_work: UnitOfWork, *, accounts: LookAtAccount, grants: GrantCredits, plans: ChangePlan, principal_of: PrincipalOf
) -> APIRouter:
    """Balances, grants and plans of all tenants."""
    router = APIRouter(prefix="/api/operator", tags=["operator"])
    signed_in = Depends(only_operators(principal_of))

    @router.put("/tenants/{instanceId}/plan", openapi_extra=json_body(PlanRequest))
    async def change_plan(
        request: Request,
        instance_id: InstanceId,
        _operator: Principal = signed_in,
        idempotency_key: IdempotencyKey = None,
    ) -> CreditsBody:
        """Put a tenant on a plan from now on: what is unspent of the old allowance expires, the new one is granted."""
        body = await read_body(request, PlanRequest)
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

    @router.post("/credits/{instanceId}/grants", status_code=201, openapi_extra=json_body(GrantRequest))
    async def grant(
        request: Request,
        instance_id: InstanceId,
        operator: Principal = signed_in,
        idempotency_key: IdempotencyKey = None,
    ) -> GrantedBody:
        """Give a tenant credits, with a reason. The same `Idempotency-Key` gives them once and answers the same."""
        body = await read_body(request, GrantRequest)
        new = NewGrant(
            instance_id=instance_id,
            kind="operator",
            amount=body.amount,
            reason=reason_of(body.reason),
            created_by=operator.subject,
            expires_at=body.expires_at,
            once_key=operator_key(instance_id, idempotency_key),
            former_keys=former_operator_keys(instance_id, idempotency_key),
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
    """An operator's reason, without the blanks around it. Raises Problem for one of which nothing is seen."""
    reason = text.strip()
    if not is_visible(reason):
        raise invalid("reason", INVISIBLE_RULE)
    return reason
