"""The HTTP doors of credits: a tenant reads its own account; an operator reads and grants for any."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from darkroom_servicekit.auth import INSTANCE_ID_MAX, Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.problems import Problem, invalid
from fastapi import APIRouter, Depends, Header, Path, Query, Request

from darkroom_credits.bodies import (
    CreditsBody,
    ExpiringBody,
    GrantBody,
    GrantedBody,
    GrantRequest,
    PlanBody,
    PlansBody,
    PriceBody,
    TransactionBody,
    TransactionsBody,
)
from darkroom_credits.grant_credits import AnotherGrantHasThisKey, GrantCredits, GrantHasExpired
from darkroom_credits.grants import NewGrant
from darkroom_credits.plans import Plan
from darkroom_credits.store_grants import GrantRow
from darkroom_credits.store_reads import NEWEST, StatementLine, read_account, read_plans, read_statement

LIMIT_MAX = 100
LIMIT_DEFAULT = 20
IDEMPOTENCY_KEY_MAX = 200
OPERATOR = "operator"

PrincipalOf = Callable[[Request], Awaitable[Principal]]
InstanceId = Annotated[str, Path(alias="instanceId", min_length=1, max_length=INSTANCE_ID_MAX, pattern=r"^[^_]")]


def build_tenant_routes(unit_of_work: UnitOfWork, principal_of: PrincipalOf) -> APIRouter:
    """What a tenant may ask about its own credits."""
    router = APIRouter(prefix="/api", tags=["credits"])
    signed_in = Depends(principal_of)

    @router.get("/credits")
    async def credits_now(principal: Principal = signed_in) -> CreditsBody:
        """The balance, split in available, held, spent and expiring."""
        return await _credits_of(unit_of_work, principal.instance_id)

    @router.get("/credits/transactions")
    async def transactions(
        limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
        cursor: str | None = None,
        principal: Principal = signed_in,
    ) -> TransactionsBody:
        """The statement, newest first: every change of the available credits."""
        before = _cursor(cursor)
        async with unit_of_work.read() as connection:
            # One more than asked for tells whether there is a next page.
            lines = await read_statement(connection, principal.instance_id, before=before, limit=limit + 1)
        page = lines[:limit]
        next_cursor = str(page[-1].id) if len(lines) > limit else None
        return TransactionsBody(transactions=[_transaction(line) for line in page], next_cursor=next_cursor)

    @router.get("/plans")
    async def plans(principal: Principal = signed_in) -> PlansBody:
        """The plans there are, and the caller's own."""
        async with unit_of_work.read() as connection:
            offered = await read_plans(connection)
            account = await read_account(connection, principal.instance_id)
        return PlansBody(plans=[_plan(plan) for plan in offered], current=account.plan)

    return router


def build_operator_routes(unit_of_work: UnitOfWork, grants: GrantCredits, principal_of: PrincipalOf) -> APIRouter:
    """What an operator may do with any tenant's credits."""
    router = APIRouter(prefix="/api/operator/credits", tags=["operator"])

    async def operator(principal: Principal = Depends(principal_of)) -> Principal:  # noqa: B008 - FastAPI's way
        if OPERATOR not in principal.roles:
            raise Problem(403, "Not allowed", "This needs the role `operator`.", kind="/problems/forbidden")
        return principal

    signed_in = Depends(operator)

    @router.get("/{instanceId}")
    async def credits_of(instance_id: InstanceId, _operator: Principal = signed_in) -> CreditsBody:
        """A tenant's balance."""
        return await _credits_of(unit_of_work, instance_id)

    @router.post("/{instanceId}/grants", status_code=201)
    async def grant(
        instance_id: InstanceId,
        body: GrantRequest,
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=IDEMPOTENCY_KEY_MAX)] = None,
        operator: Principal = signed_in,
    ) -> GrantedBody:
        """Give a tenant credits, with a reason. The same `Idempotency-Key` gives them once and answers the same."""
        reason = body.reason.strip()
        if not reason:
            raise invalid("reason", "must not be blank")
        new = NewGrant(
            instance_id=instance_id,
            kind="operator",
            amount=body.amount,
            reason=reason,
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


async def _credits_of(unit_of_work: UnitOfWork, instance_id: str) -> CreditsBody:
    async with unit_of_work.read() as connection:
        account = await read_account(connection, instance_id)
    return CreditsBody(
        available=account.available,
        held=account.held,
        spent=account.spent,
        expiring=[ExpiringBody(amount=one.amount, expires_at=one.expires_at) for one in account.expiring],
        plan=account.plan,
        renews_at=account.renews_at,
    )


def _cursor(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal()) or int(cursor) > NEWEST:
        raise invalid("cursor", "must be a nextCursor of an earlier answer")
    return int(cursor)


def _transaction(line: StatementLine) -> TransactionBody:
    return TransactionBody(
        id=line.id,
        kind=line.kind,
        amount=line.available_change,
        balance_after=line.available_after,
        created_at=line.created_at,
        job_id=line.job_id,
        reason=line.reason,
    )


def _plan(plan: Plan) -> PlanBody:
    return PlanBody(
        name=plan.name,
        title=plan.title,
        credits_per_month=plan.credits_per_month,
        weight=plan.weight,
        cap_per_minute=plan.cap_per_minute,
        price=PriceBody(amount=plan.price_minor / 100, currency=plan.currency),
    )


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
