"""`/api/notifications`: what happened, newest first, in the reader's language."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from darkroom_contracts.envelope import utc_text
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.problems import Problem, ProblemBody, invalid_fields
from darkroom_servicekit.request_body import read_body
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, PlainSerializer

from darkroom_notifier.inbox.paging import Page, cursor_of, read_page
from darkroom_notifier.inbox.store import Entry, count_unread, mark_all_read, mark_read, page_of
from darkroom_notifier.letters.write_letters import Letters
from darkroom_notifier.people.store import find_person

PrincipalDependency = Callable[..., Awaitable[Principal]]
UtcTime = Annotated[datetime, PlainSerializer(utc_text, return_type=str)]


class NotificationView(Body):
    """One notification."""

    id: UUID
    kind: str
    title: str
    lines: list[str]
    data: dict[str, Any]
    job_id: int | None = Field(default=None, exclude_if=lambda value: value is None)
    read: bool
    created_at: UtcTime


class ReadUpTo(StrictBody):
    """The newest notification that a person has seen: what comes after it stays unread."""

    newest: UUID


class InboxPage(Body):
    """A page of the inbox; `unread` counts all of them (up to 1,000)."""

    notifications: list[NotificationView]
    next_cursor: str | None
    unread: int


def inbox_routes(unit_of_work: UnitOfWork, principal: PrincipalDependency, letters: Letters) -> APIRouter:
    """Read the inbox, mark as read."""
    router = APIRouter(prefix="/api/notifications", tags=["notifications"])

    @router.get("", responses={400: {"model": ProblemBody}, 401: {"model": ProblemBody}})
    async def inbox(
        who: Annotated[Principal, Depends(principal)],
        limit: Annotated[str | None, Query(description="1 to 100, default 20")] = None,
        cursor: Annotated[str | None, Query(description="`nextCursor` of the page before")] = None,
        unread: Annotated[str | None, Query(description="`true`: only those not read yet")] = None,
    ) -> InboxPage:
        """The signed-in person's notifications, newest first."""
        page = read_page(limit, cursor, unread)
        if not isinstance(page, Page):
            raise invalid_fields(page)
        async with unit_of_work.read() as connection:
            person = await find_person(connection, who.instance_id, who.subject)
            entries = await page_of(
                connection, who.instance_id, who.subject, before=page.before, limit=page.limit + 1, unread=page.unread
            )
            total = await count_unread(connection, who.instance_id, who.subject)
        shown = entries[: page.limit]
        return InboxPage(
            notifications=[_view(entry, letters, person.locale) for entry in shown],
            next_cursor=cursor_of(shown[-1].sequence) if len(entries) > page.limit else None,
            unread=total,
        )

    @router.post("/read", status_code=204, responses={404: {"model": ProblemBody}}, openapi_extra=json_body(ReadUpTo))
    async def read_all(request: Request, who: Annotated[Principal, Depends(principal)]) -> None:
        """Note that the signed-in person has read everything up to the newest that they saw."""
        seen = await read_body(request, ReadUpTo)
        async with unit_of_work.begin() as transaction:
            if await mark_all_read(transaction, who.instance_id, who.subject, seen.newest):
                return
        raise no_such_notification()

    @router.post("/{notification_id}/read", status_code=204, responses={404: {"model": ProblemBody}})
    async def read(who: Annotated[Principal, Depends(principal)], notification_id: str) -> None:
        """Note that the signed-in person has read it; again changes nothing."""
        found = _uuid(notification_id)
        if found is not None:
            async with unit_of_work.begin() as transaction:
                if await mark_read(transaction, who.instance_id, who.subject, found):
                    return
        raise no_such_notification()

    return router


def no_such_notification() -> Problem:
    """`404`, the same for one that never was and for another person's."""
    return Problem(404, "Not found", "There is no such notification.", kind="/problems/not-found")


def _view(entry: Entry, letters: Letters, locale: str) -> NotificationView:
    wording = letters.wording(entry.kind, entry.data, locale)
    return NotificationView(
        id=entry.id,
        kind=entry.kind,
        title=wording.title,
        lines=list(wording.lines),
        data=entry.data,
        job_id=entry.job_id,
        read=entry.read_at is not None,
        created_at=entry.created_at,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
