"""`/api/operator/messages` and `/api/operator/suppressions`: what was given up, sent again; who is not written to, lifted."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import PrincipalOf, only_operators
from darkroom_servicekit.problems import Problem, invalid
from darkroom_servicekit.request_body import read_body
from darkroom_servicekit.visible_text import INVISIBLE_RULE, is_visible
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from darkroom_notifier.messages.accounts import PausedAccount, paused_accounts
from darkroom_notifier.messages.operator_store import (
    MessageNotFailed,
    MessageNotFound,
    lift_suppressions,
    list_messages,
    list_suppressions,
    note_action,
    retry_messages,
)
from darkroom_notifier.messages.rules import masked
from darkroom_notifier.people.preferences import suppression_key

LIMIT_DEFAULT, LIMIT_MAX = 20, 100
NAME_MAX = 254
IDS_MAX = 1000
State = Literal["pending", "sending", "sent", "failed"]
Reason = Literal["bounced", "unsubscribed", "complained"]
Name = Annotated[str | None, Query(max_length=NAME_MAX)]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]


class MessageBody(Body):
    """A message; `to` is masked."""

    id: UUID
    instance_id: str
    channel: str
    kind: str
    to: str
    status: State
    attempts: int
    vendor: str | None
    code: str | None
    error: str | None
    delivery: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    sent_at: datetime | None


class PausedAccountBody(Body):
    """A vendor account to which only trials are sent. `waiting` is counted up to 10,000."""

    account: str
    channel: str
    paused_at: datetime
    next_trial_at: datetime
    code: str | None
    error: str | None
    waiting: int


class MessagesBody(Body):
    """A page of messages, newest first, and the vendor accounts that are paused."""

    messages: list[MessageBody]
    paused_accounts: list[PausedAccountBody]
    next_cursor: str | None


class RetryRequest(StrictBody):
    """Ids, or a filter over failed messages; neither: every failed message."""

    ids: list[UUID] | None = Field(default=None, min_length=1, max_length=IDS_MAX)
    instance_id: str | None = Field(default=None, max_length=NAME_MAX)
    code: str | None = Field(default=None, max_length=NAME_MAX)
    reason: str | None = Field(default=None, max_length=1000)


class RetriedBody(Body):
    """How many messages are queued again; at most 10,000 in one call."""

    retried: int


class SuppressionBody(Body):
    """An address that is not written to; `scope` is a tenant, or `*` for all of them."""

    channel: str
    address: str
    scope: str
    reason: Reason
    created_at: datetime


class SuppressionsBody(Body):
    """A page of suppressed addresses."""

    suppressions: list[SuppressionBody]
    next_cursor: str | None


class LiftedBody(Body):
    """The suppressions that an address had."""

    lifted: list[SuppressionBody]


class OperatorMessages:
    """The use cases behind the routes; `wake_senders` are called for the channels that have messages again."""

    def __init__(self, unit_of_work: UnitOfWork, wake_senders: Mapping[str, Callable[[], None]]) -> None:
        self._uow = unit_of_work
        self._wake_senders = wake_senders

    async def page(self, wanted: Mapping[str, str | None], *, below: UUID | None, limit: int) -> MessagesBody:
        async with self._uow.read() as connection:
            rows = await list_messages(connection, wanted=wanted, below=below, limit=limit + 1)
            paused = await paused_accounts(connection)
        more = len(rows) > limit
        return MessagesBody(
            messages=[_message(row) for row in rows[:limit]],
            paused_accounts=[_paused(one) for one in paused],
            next_cursor=str(rows[limit - 1]["id"]) if more else None,
        )

    async def retry(self, request: RetryRequest, *, operator: str) -> RetriedBody:
        try:
            async with self._uow.begin() as transaction:
                retried = await retry_messages(transaction, ids=request.ids, instance=request.instance_id, code=request.code)
                details = request.model_dump(mode="json", exclude={"reason"}) | {"retried": len(retried)}
                await note_action(transaction, "messages-retried", operator=operator, reason=request.reason, details=details)
                for channel in set(retried.values()) & set(self._wake_senders):
                    transaction.after_commit(self._wake_senders[channel])
        except MessageNotFound as error:
            raise Problem(404, "No such message", kind="/problems/not-found") from error
        except MessageNotFailed as error:
            raise Problem(409, "The message has not failed", f"{error}.", kind="/problems/not-failed") from error
        return RetriedBody(retried=len(retried))

    async def suppressions(self, *, address: str | None, reason: str | None, cursor: str | None, limit: int) -> SuppressionsBody:
        after = _read_cursor(cursor) if cursor else None
        key = suppression_key(address) if address else None
        async with self._uow.read() as connection:
            rows = await list_suppressions(connection, address=key, reason=reason, after=after, limit=limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        following = json.dumps([last["channel"], last["address"], last["scope"]]) if last else None
        return SuppressionsBody(suppressions=[SuppressionBody(**row) for row in rows[:limit]], next_cursor=following)

    async def lift(self, address: str, *, reason: str, operator: str) -> LiftedBody:
        if not is_visible(reason):
            raise invalid("reason", INVISIBLE_RULE)
        async with self._uow.begin() as transaction:
            rows = await lift_suppressions(transaction, suppression_key(address))
            if rows:
                details = {"lifted": [[row["channel"], row["address"], row["scope"], row["reason"]] for row in rows]}
                await note_action(transaction, "suppressions-lifted", operator=operator, reason=reason.strip(), details=details)
        if not rows:
            raise Problem(404, "The address is not suppressed", kind="/problems/not-found")
        return LiftedBody(lifted=[SuppressionBody(**row) for row in rows])


def operator_message_routes(messages: OperatorMessages, principal_of: PrincipalOf) -> APIRouter:
    """All routes, for operators alone."""
    router = APIRouter(prefix="/api/operator", tags=["operator"])
    signed_in = Depends(only_operators(principal_of))

    @router.get("/messages")
    async def list_all(
        status: State | None = None,
        instance_id: Annotated[str | None, Query(alias="instanceId", max_length=NAME_MAX)] = None,
        code: Name = None,
        limit: Limit = LIMIT_DEFAULT,
        cursor: UUID | None = None,
        _operator: Principal = signed_in,
    ) -> MessagesBody:
        """E-mails and SMS, newest first, and the vendor accounts that are paused."""
        return await messages.page({"state": status, "instance": instance_id, "code": code}, below=cursor, limit=limit)

    @router.post("/messages/retry", status_code=202, openapi_extra=json_body(RetryRequest))
    async def retry(request: Request, operator: Principal = signed_in) -> RetriedBody:
        """Send failed messages again; each gets a new age. A message that was named and has not failed is a 409."""
        body = await read_body(request, RetryRequest)
        return await messages.retry(body, operator=_name(operator))

    @router.get("/suppressions")
    async def suppressions(
        address: Name = None,
        reason: Reason | None = None,
        limit: Limit = LIMIT_DEFAULT,
        cursor: Annotated[str | None, Query(max_length=1000)] = None,
        _operator: Principal = signed_in,
    ) -> SuppressionsBody:
        """Addresses that are not written to."""
        return await messages.suppressions(address=address, reason=reason, cursor=cursor, limit=limit)

    @router.delete("/suppressions/{address}")
    async def lift(
        address: Annotated[str, Path(max_length=NAME_MAX)],
        reason: Annotated[str, Query(min_length=1, max_length=1000, description="why; it is kept")],
        operator: Principal = signed_in,
    ) -> LiftedBody:
        """Write to an address again, whatever the reason it was suppressed for."""
        return await messages.lift(address, reason=reason, operator=_name(operator))

    return router


def _message(row: Mapping[str, Any]) -> MessageBody:
    waits = row["state"] == "pending"
    return MessageBody(
        to=masked(row["address"]),
        status=row["state"],
        code=row["error_code"],
        next_attempt_at=row["not_before"] if waits else None,
        **{
            name: row[name]
            for name in (
                "id",
                "instance_id",
                "channel",
                "kind",
                "attempts",
                "vendor",
                "error",
                "delivery",
                "created_at",
                "sent_at",
            )
        },
    )


def _paused(one: PausedAccount) -> PausedAccountBody:
    return PausedAccountBody(
        account=one.account,
        channel=one.channel,
        paused_at=one.paused_at,
        next_trial_at=one.next_trial_at,
        code=one.error_code,
        error=one.error,
        waiting=one.waiting,
    )


def _read_cursor(cursor: str) -> list[str]:
    try:
        parts = json.loads(cursor)
    except ValueError as error:
        raise invalid("cursor", "must be the nextCursor of a page") from error
    if not isinstance(parts, list) or len(parts) != 3 or not all(isinstance(part, str) and "\0" not in part for part in parts):
        raise invalid("cursor", "must be the nextCursor of a page")
    return parts


def _name(operator: Principal) -> str:
    return f"{operator.instance_id}/{operator.subject}"
