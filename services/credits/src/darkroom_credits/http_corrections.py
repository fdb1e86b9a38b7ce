"""What an operator may correct over HTTP: credits adjusted, and spent credits given back, with a reason and under his name."""

from collections.abc import Awaitable, Callable

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.idempotency_key import IdempotencyKey
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import PrincipalOf, only_operators
from darkroom_servicekit.problems import Problem, invalid
from darkroom_servicekit.request_body import read_body
from fastapi import APIRouter, Depends, Request

from darkroom_credits.bodies import AdjustmentRequest, CorrectedBody, CorrectionBody, RefundRequest
from darkroom_credits.correct_credits import AnotherCorrectionHasThisKey, CorrectCredits, NothingToGiveBack, UnknownSpending
from darkroom_credits.corrections import Correction
from darkroom_credits.http_operator import InstanceId, reason_of
from darkroom_credits.once_key import former_operator_keys, operator_key
from darkroom_credits.store_corrections import Adjustment


def build_correction_routes(unit_of_work: UnitOfWork, corrections: CorrectCredits, principal_of: PrincipalOf) -> APIRouter:
    """Adjustments and refunds of all tenants."""
    router = APIRouter(prefix="/api/operator/credits", tags=["operator"])
    signed_in = Depends(only_operators(principal_of))

    async def made(act: Callable[[Transaction, Correction], Awaitable[Adjustment]], wanted: Correction) -> CorrectedBody:
        try:
            async with unit_of_work.begin() as transaction:
                return _corrected(await act(transaction, wanted))
        except AnotherCorrectionHasThisKey as error:
            detail = "This Idempotency-Key was used for another correction."
            raise Problem(422, "Key used before", detail, kind="/problems/idempotency-conflict") from error

    @router.post("/{instanceId}/adjustments", status_code=201, openapi_extra=json_body(AdjustmentRequest))
    async def adjust(
        request: Request,
        instance_id: InstanceId,
        operator: Principal = signed_in,
        idempotency_key: IdempotencyKey = None,
    ) -> CorrectedBody:
        """Add credits, or (less than 0) take some; what is not there to be taken is booked as lost, never below zero."""
        body = await read_body(request, AdjustmentRequest)
        if body.amount == 0:
            raise invalid("amount", "must not be 0")
        wanted = Correction(
            instance_id=instance_id,
            amount=body.amount,
            reason=reason_of(body.reason),
            created_by=operator.subject,
            once_key=operator_key(instance_id, idempotency_key),
            former_keys=former_operator_keys(instance_id, idempotency_key),
        )
        return await made(corrections.adjust, wanted)

    @router.post("/{instanceId}/refunds", status_code=201, openapi_extra=json_body(RefundRequest))
    async def refund(
        request: Request,
        instance_id: InstanceId,
        operator: Principal = signed_in,
        idempotency_key: IdempotencyKey = None,
    ) -> CorrectedBody:
        """Give back credits that a job, or one item of it, has spent: never more than that."""
        body = await read_body(request, RefundRequest)
        if body.item_id is not None and body.amount is not None:
            raise invalid("amount", "must be left out with itemId: an item is given back whole")
        wanted = Correction(
            instance_id=instance_id,
            amount=body.amount or 0,
            reason=reason_of(body.reason),
            created_by=operator.subject,
            job_id=body.job_id,
            item_id=body.item_id,
            once_key=operator_key(instance_id, idempotency_key),
            former_keys=former_operator_keys(instance_id, idempotency_key),
        )
        try:
            return await made(corrections.give_back, wanted)
        except UnknownSpending as error:
            detail = "This tenant has no such job, or the job no such item whose credits were settled."
            raise Problem(404, "Not found", detail, kind="/problems/not-found") from error
        except NothingToGiveBack as error:
            detail = f"Of what was spent there, {error.refundable} credits are left to be given back."
            more = {"refundable": error.refundable}
            raise Problem(409, "Nothing to give back", detail, kind="/problems/nothing-to-give-back", more=more) from error

    return router


def _corrected(made: Adjustment) -> CorrectedBody:
    correction = CorrectionBody(
        id=made.id,
        instance_id=made.instance_id,
        kind=made.kind,
        amount=made.amount,
        lost=made.lost,
        job_id=made.job_id,
        item_id=made.item_id,
        reason=made.reason,
        created_by=made.created_by,
        created_at=made.created_at,
    )
    return CorrectedBody(correction=correction, balance_after=made.available_after)
