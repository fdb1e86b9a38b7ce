"""A tenant's statement over HTTP: in pages, as CSV, and summed up by day and product."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, get_args

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.instants import storable
from darkroom_servicekit.operators import PrincipalOf
from darkroom_servicekit.problems import invalid
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BeforeValidator

from darkroom_credits.bodies import TransactionBody, TransactionsBody, UsageBody, UsageLineBody
from darkroom_credits.http_tenant import LIMIT_DEFAULT, LIMIT_MAX
from darkroom_credits.ledger import Kind
from darkroom_credits.look_at_account import LookAtAccount
from darkroom_credits.statement_csv import csv_head, csv_lines
from darkroom_credits.store_statement import NEWEST, Filter, StatementLine, export_statement, read_statement, read_usage

USAGE_DAYS = 30
USAGE_DAYS_MAX = 366
KINDS = get_args(Kind)


def _instant(value: object) -> object:
    """A day stands for its beginning in UTC; a time must say its offset."""
    if not isinstance(value, str):
        return value
    try:
        at = datetime.combine(date.fromisoformat(value), time(), UTC) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day (2026-01-31) or a time with an offset (2026-01-31T12:00:00Z)") from None
    if at.tzinfo is None:
        raise ValueError("must be a time with an offset, such as 2026-01-31T12:00:00Z")
    return storable(at)


Instant = Annotated[datetime | None, BeforeValidator(_instant), Query()]
JobId = Annotated[int | None, Query(alias="jobId", ge=1, le=NEWEST)]


def _wanted(
    kind: str | None = None,
    since: Annotated[Instant, Query(alias="from")] = None,
    until: Annotated[Instant, Query(alias="to")] = None,
    job_id: JobId = None,
) -> Filter:
    kinds = None
    if kind is not None:
        kinds = tuple(one for one in KINDS if one in kind.split(","))
        if len(kinds) != len(set(kind.split(","))):
            raise invalid("kind", f"must be one or more of {', '.join(KINDS)}, with commas between")
    return Filter(kinds=kinds, since=since, until=until, job_id=job_id)


def build_statement_routes(unit_of_work: UnitOfWork, accounts: LookAtAccount, principal_of: PrincipalOf) -> APIRouter:
    """The statement's routes. Before it is read the account is looked at, so that it is the statement of now."""
    router = APIRouter(prefix="/api/credits", tags=["credits"])
    signed_in, filtered = Depends(principal_of), Depends(_wanted)

    @router.get("/transactions")
    async def transactions(
        limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
        cursor: str | None = None,
        wanted: Filter = filtered,
        principal: Principal = signed_in,
    ) -> TransactionsBody:
        """Every change of the available credits, newest first."""
        before = _cursor(cursor)
        await accounts.view(principal.instance_id)
        async with unit_of_work.read() as connection:
            # One more than asked for tells whether there is a next page.
            lines = await read_statement(connection, principal.instance_id, wanted, before=before, limit=limit + 1)
        page = lines[:limit]
        next_cursor = str(page[-1].id) if len(lines) > limit else None
        return TransactionsBody(transactions=[_transaction(line) for line in page], next_cursor=next_cursor)

    @router.get("/transactions.csv", response_class=StreamingResponse)
    async def export(wanted: Filter = filtered, principal: Principal = signed_in) -> StreamingResponse:
        """The same as CSV, oldest first and whole."""
        await accounts.view(principal.instance_id)

        async def body() -> AsyncIterator[bytes]:
            yield csv_head()
            async for lines in export_statement(unit_of_work, principal.instance_id, wanted):
                yield csv_lines(lines)

        headers = {"Content-Disposition": 'attachment; filename="credits.csv"', "Cache-Control": "no-store"}
        return StreamingResponse(body(), media_type="text/csv; charset=utf-8", headers=headers)

    @router.get("/usage")
    async def usage(wanted: Filter = filtered, principal: Principal = signed_in) -> UsageBody:
        """What was spent, by day of UTC and product; the last 30 days unless `from` and `to` say otherwise."""
        until = wanted.until or accounts.now()
        since = wanted.since or until - timedelta(days=USAGE_DAYS)
        if not timedelta() <= until - since <= timedelta(days=USAGE_DAYS_MAX):
            raise invalid("from", f"must lie before `to`, by {USAGE_DAYS_MAX} days at most")
        async with unit_of_work.read() as connection:
            found = await read_usage(connection, principal.instance_id, since=since, until=until)
        lines = [UsageLineBody(**vars(one)) for one in found]
        return UsageBody(since=since, until=until, usage=lines, spent=sum(line.spent for line in lines))

    return router


def _cursor(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal()) or len(cursor) > len(str(NEWEST)) or int(cursor) > NEWEST:
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
