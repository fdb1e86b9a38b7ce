"""What an operator may do over HTTP with dead letters: look, have them tried again, stop that, drop one with a reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import uuid_utils
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.idempotency_key import IdempotencyKey
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import PrincipalOf, only_operators
from darkroom_servicekit.problems import Problem, invalid
from darkroom_servicekit.request_body import read_body
from darkroom_servicekit.visible_text import INVISIBLE_RULE, is_visible
from fastapi import APIRouter, Depends, Path, Query, Request

from darkroom_predictor.letters.bodies import (
    NAME_MAX,
    DropRequest,
    LetterBody,
    LettersBody,
    RedriveBody,
    RedriveRequest,
    RedrivesBody,
    RedriveStarted,
    WholeLetterBody,
    letter_body,
    letter_filter,
    redrive_body,
    whole_letter_body,
)
from darkroom_predictor.letters.drop import drop_letter
from darkroom_predictor.letters.letter import LetterFilter, State
from darkroom_predictor.letters.store import LetterNotFound, LetterNotOpen, find_letter, list_letters
from darkroom_predictor.letters.store_redrives import (
    RedriveEnded,
    RedriveNotFound,
    Selection,
    begin_redrive,
    cancel_redrive,
    count_selected,
    list_redrives,
)

LIMIT_DEFAULT, LIMIT_MAX = 20, 100
LETTER_MEMORY_MARGIN = timedelta(days=1)
"""Messages are not redriven in the last day of their readers' memory."""

Name = Annotated[str | None, Query(max_length=NAME_MAX)]
_PATH_LETTER = Path(alias="letterId")
_PATH_REDRIVE = Path(alias="redriveId")
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]


class Letters:
    """The use cases behind the routes. `wake` tells whoever goes on with redrives that one has begun."""

    def __init__(self, unit_of_work: UnitOfWork, wake: Callable[[], None], *, readers_remember: timedelta) -> None:
        self._unit_of_work = unit_of_work
        self._wake = wake
        self._message_seconds_max = (readers_remember - LETTER_MEMORY_MARGIN).total_seconds()

    async def page(
        self,
        wanted: LetterFilter,
        *,
        state: State | None,
        below: UUID | None,
        limit: int,
    ) -> LettersBody:
        async with self._unit_of_work.read() as connection:
            letters, next_below = await list_letters(connection, wanted, state=state, below=below, limit=limit)
        cursor = None if next_below is None else str(next_below)
        return LettersBody(dead_letters=[letter_body(letter) for letter in letters], next_cursor=cursor)

    async def show(self, letter_id: UUID) -> WholeLetterBody:
        async with self._unit_of_work.read() as connection:
            try:
                return whole_letter_body(await find_letter(connection, letter_id))
            except LetterNotFound as error:
                raise Problem(404, "No such dead letter", kind="/problems/not-found") from error

    async def redrive(self, request: RedriveRequest, *, by: str, once_key: str | None) -> RedriveStarted:
        if request.ids is None and request.filter is None:
            raise invalid("filter", "name ids or a filter; an empty filter means every open dead letter")
        selection = Selection(
            ids=request.ids, wanted=letter_filter(request.filter), message_seconds_max=self._message_seconds_max
        )
        async with self._unit_of_work.read() as connection:
            matched, left_out = await count_selected(connection, selection)
        if request.dry_run:
            return RedriveStarted(redrive_id=None, matched=matched, left_out=left_out)
        async with self._unit_of_work.begin() as transaction:
            redrive_id, matched = await begin_redrive(
                transaction,
                selection,
                redrive_id=UUID(str(uuid_utils.uuid7())),
                by=by,
                per_minute=request.per_minute,
                once_key=once_key,
            )
            transaction.after_commit(self._wake)
        return RedriveStarted(redrive_id=redrive_id, matched=matched, left_out=left_out)

    async def redrives(self, *, limit: int) -> RedrivesBody:
        async with self._unit_of_work.read() as connection:
            return RedrivesBody(redrives=[redrive_body(one) for one in await list_redrives(connection, limit=limit)])

    async def cancel(self, redrive_id: UUID, *, by: str) -> RedriveBody:
        try:
            async with self._unit_of_work.begin() as transaction:
                return redrive_body(await cancel_redrive(transaction, redrive_id, by=by))
        except RedriveNotFound as error:
            raise Problem(404, "No such redrive", kind="/problems/not-found") from error
        except RedriveEnded as error:
            raise Problem(409, "The redrive has ended", f"It is {error}.", kind="/problems/ended") from error

    async def drop(self, letter_id: UUID, *, reason: str, by: str) -> LetterBody:
        if not is_visible(reason):
            raise invalid("reason", INVISIBLE_RULE)
        try:
            async with self._unit_of_work.begin() as transaction:
                return letter_body(await drop_letter(transaction, letter_id, reason=reason.strip(), dropped_by=by))
        except LetterNotFound as error:
            raise Problem(404, "No such dead letter", kind="/problems/not-found") from error
        except LetterNotOpen as error:
            raise Problem(409, "The dead letter is not open", f"It is {error}.", kind="/problems/not-open") from error


def letter_routes(letters: Letters, principal_of: PrincipalOf) -> APIRouter:
    """`/api/operator/dead-letters`."""
    router = APIRouter(prefix="/api/operator/dead-letters", tags=["operator"])
    signed_in = Depends(only_operators(principal_of))

    @router.get("")
    async def dead_letters(
        state: State | None = None,
        instance_id: Annotated[str | None, Query(alias="instanceId", max_length=NAME_MAX)] = None,
        service: Name = None,
        code: Name = None,
        limit: Limit = LIMIT_DEFAULT,
        cursor: UUID | None = None,
        _operator: Principal = signed_in,
    ) -> LettersBody:
        """What was given up, newest first."""
        wanted = LetterFilter(instance_id=instance_id, service=service, code=code)
        return await letters.page(wanted, state=state, below=cursor, limit=limit)

    @router.get("/redrives")
    async def redrives(limit: Limit = LIMIT_DEFAULT, _operator: Principal = signed_in) -> RedrivesBody:
        """Who had what tried again, newest first, and how far it has got."""
        return await letters.redrives(limit=limit)

    @router.get("/{letterId}")
    async def dead_letter(letter_id: Annotated[UUID, _PATH_LETTER], _operator: Principal = signed_in) -> WholeLetterBody:
        """One with its history, or with its headers and data."""
        return await letters.show(letter_id)

    @router.post("/redrive", status_code=202, openapi_extra=json_body(RedriveRequest))
    async def redrive(
        request: Request, operator: Principal = signed_in, idempotency_key: IdempotencyKey = None
    ) -> RedriveStarted:
        """Have open letters tried again: items as new jobs behind their tenants' fresh work, messages as they were."""
        body = await read_body(request, RedriveRequest)
        return await letters.redrive(body, by=operator_name(operator), once_key=idempotency_key)

    @router.post("/redrives/{redriveId}/cancel")
    async def cancel(redrive_id: Annotated[UUID, _PATH_REDRIVE], operator: Principal = signed_in) -> RedriveBody:
        """Stop a redrive: what it has not reached is open again."""
        return await letters.cancel(redrive_id, by=operator_name(operator))

    @router.post("/{letterId}/drop", openapi_extra=json_body(DropRequest))
    async def drop(request: Request, letter_id: Annotated[UUID, _PATH_LETTER], operator: Principal = signed_in) -> LetterBody:
        """Nothing will be done about it; the reason is kept."""
        body = await read_body(request, DropRequest)
        return await letters.drop(letter_id, reason=body.reason, by=operator_name(operator))

    return router


def operator_name(operator: Principal) -> str:
    """Who it was, for the log and the tables."""
    return f"{operator.instance_id}/{operator.subject}"
