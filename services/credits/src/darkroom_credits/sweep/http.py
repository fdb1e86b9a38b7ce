"""What an operator may see and do of reservations over HTTP: which jobs hold credits, and a decision where no event decides."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import PrincipalOf, only_operators
from darkroom_servicekit.problems import Problem, invalid
from darkroom_servicekit.request_body import read_body
from fastapi import APIRouter, Depends, Path, Query, Request

from darkroom_credits.bodies import ID_MAX, DecidedBody, DecisionRequest, ReservationBody, ReservationsBody
from darkroom_credits.http_operator import reason_of
from darkroom_credits.http_tenant import LIMIT_DEFAULT, LIMIT_MAX
from darkroom_credits.store_reads import list_open_reservations
from darkroom_credits.sweep.decide_by_hand import DecideByHand, Decision, NotLeftToAPerson, TooManyItems, UnknownReservation

OLDER_THAN_SECONDS_MAX = 10 * 365 * 86400

OlderThan = Annotated[float, Query(alias="olderThan", ge=0, le=OLDER_THAN_SECONDS_MAX, allow_inf_nan=False)]
JobId = Annotated[int, Path(alias="jobId", ge=1, le=ID_MAX)]


def build_reservation_routes(
    unit_of_work: UnitOfWork, decide: DecideByHand, principal_of: PrincipalOf, *, clock: Callable[[], datetime]
) -> APIRouter:
    """The reservations of all tenants."""
    router = APIRouter(prefix="/api/operator/credits/reservations", tags=["operator"])
    signed_in = Depends(only_operators(principal_of))

    @router.get("")
    async def reservations(
        older_than: OlderThan = 0,
        undecided: Annotated[bool, Query(description="only those that were looked up in the log of jobs in vain")] = False,
        limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
        _operator: Principal = signed_in,
    ) -> ReservationsBody:
        """Jobs that have held credits for longer than `olderThan` seconds, the oldest first."""
        before = clock() - timedelta(seconds=older_than)
        async with unit_of_work.read() as connection:
            found = await list_open_reservations(connection, before=before, undecided=undecided, limit=limit)
        return ReservationsBody(reservations=[ReservationBody(**vars(one)) for one in found])

    @router.post("/{jobId}/decision", openapi_extra=json_body(DecisionRequest))
    async def decide_on(request: Request, job_id: JobId, operator: Principal = signed_in) -> DecidedBody:
        """Close a reservation of which even the log of jobs tells no end: so many items are spent, the rest is given back.

        Only one that `undecided=true` lists; a job that may go on is decided by its own events, or by cancelling it.
        """
        body = await read_body(request, DecisionRequest)
        decision = Decision(
            job_id=job_id, items_spent=body.items_spent, reason=reason_of(body.reason), decided_by=operator.subject
        )
        try:
            decided = await decide(decision)
        except UnknownReservation as error:
            detail = "No job of this number has ever held credits."
            raise Problem(404, "Not found", detail, kind="/problems/not-found") from error
        except TooManyItems as error:
            raise invalid("itemsSpent", f"must be at most {error.items_total}, the items of the job") from error
        except NotLeftToAPerson as error:
            detail = (
                "The job's own events decide on it still: cancel the job, or wait until it was looked up in the log in vain."
                if error.state == "OPEN"
                else "Nothing is held for this job any more."
            )
            raise Problem(409, "Not to be decided by hand", detail, kind="/problems/reservation-not-undecided") from error
        return DecidedBody(
            job_id=job_id,
            instance_id=decided.instance_id,
            spent=decided.settled.spent,
            released=decided.settled.released,
            balance_after=decided.available_after,
        )

    return router
