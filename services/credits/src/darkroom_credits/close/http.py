"""What an operator sees of the closes over HTTP, and the close that he asks for."""

from datetime import date
from typing import Annotated, Any

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.http import Body
from darkroom_servicekit.operators import PrincipalOf, only_operators
from darkroom_servicekit.problems import Problem
from fastapi import APIRouter, Depends, Query

from darkroom_credits.bodies import UtcTime
from darkroom_credits.close.daily_close import DailyClose
from darkroom_credits.close.store import Close, ClosedElsewhere, list_closes
from darkroom_credits.http_tenant import LIMIT_DEFAULT, LIMIT_MAX


class DifferenceBody(Body):
    """Two figures that should be the same."""

    instance_id: str
    subject: str
    expected: int
    found: int


class CheckBody(Body):
    """One comparison: what it says, and the first of what did not agree."""

    check: str
    says: str
    differences: int
    examples: list[DifferenceBody]


class CloseBody(Body):
    """A close. `accounts` are the sums over all tenants at `until`, `movements` what moved since the day before was closed."""

    id: int
    day: date | None
    until: UtcTime
    closed_at: UtcTime
    asked_by: str | None
    differences: int
    checks: list[CheckBody]
    accounts: dict[str, int]
    movements: dict[str, int]
    tenants: int
    open_reservations: int
    open_disputes: int
    stripe: str
    mended: int


class ClosesBody(Body):
    """Closes, the newest first."""

    closes: list[CloseBody]


def build_close_routes(unit_of_work: UnitOfWork, daily: DailyClose, principal_of: PrincipalOf) -> APIRouter:
    """The closes. They stand before the routes that take any tenant's name in their place."""
    router = APIRouter(prefix="/api/operator/credits", tags=["operator"])
    signed_in = Depends(only_operators(principal_of))

    @router.get("/closes")
    async def closes(
        limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT, _operator: Principal = signed_in
    ) -> ClosesBody:
        """The newest closes: one for each day, and those that were asked for."""
        async with unit_of_work.read() as connection:
            return ClosesBody(closes=[_body(one) for one in await list_closes(connection, limit=limit)])

    @router.post("/closes", status_code=201)
    async def close(operator: Principal = signed_in) -> CloseBody:
        """Compare everything now. It closes no day; that happens by itself."""
        try:
            return _body(await daily.close_now(operator.subject))
        except ClosedElsewhere as error:
            detail = "The books are being closed just now; look at the newest close in a moment."
            raise Problem(409, "Being closed", detail, kind="/problems/being-closed") from error

    return router


def _body(close: Close) -> CloseBody:
    report: dict[str, Any] = close.report
    checks = [
        CheckBody(
            check=one["check"],
            says=one["says"],
            differences=one["differences"],
            examples=[DifferenceBody(**example) for example in one["examples"]],
        )
        for one in report["checks"]
    ]
    rest = {name: value for name, value in report.items() if name != "checks"}
    own = {name: value for name, value in vars(close).items() if name != "report"}
    return CloseBody(**own, **rest, checks=checks)
