"""What a service says of its own orphans, what it knows of others' things, and how it mends its own: for operators alone.

Services compare nothing with each other: each tells what it has and knows, and `darkroom doctor` compares. What is mended is
mended by the means of the loops that do so anyway; what would be a guess is only shown.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.operators import PrincipalOf, only_operators
from darkroom_servicekit.problems import Problem
from darkroom_servicekit.request_body import read_body

FOUND_MAX = 1000
"""Of one kind, at once: found, listed on a page, or named by a caller."""
AGE_SECONDS_DEFAULT = 120.0
AGE_SECONDS_MAX = 365 * 86400.0
ID_DIGITS_MAX = 18
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Thing(Body):
    """Something that a service has or knows of, and for how long it has been as it is."""

    id: str
    state: str
    age_seconds: float
    instance_id: str | None = None


class CheckBody(Body):
    """One kind of orphan: what it means, what repairing would do (none: only a person can), and those that were found."""

    kind: str
    meaning: str
    repair: str | None
    found: list[Thing]


class DoctorBody(Body):
    """All that a service looked for; `found` has at most 1,000 of each."""

    service: str
    checks: list[CheckBody]


class Things(Body):
    """A page of things; `next` is where the next one begins."""

    things: list[Thing]
    next: str | None = None


class Ids(StrictBody):
    """Which ones."""

    ids: list[str] = Field(min_length=1, max_length=FOUND_MAX)


class Repaired(Body):
    """For how many something was done; what is in order by now is left alone."""

    repaired: int


Find = Callable[[float], Awaitable[Sequence[Thing]]]
"""What has been wrong for longer than so many seconds, at most FOUND_MAX."""
Page = Callable[[str, float], Awaitable[Sequence[Thing]]]
"""What has been open for longer than so many seconds, after an id, at most FOUND_MAX, in the order of the ids."""
Know = Callable[[Sequence[str]], Awaitable[Sequence[Thing]]]
Mend = Callable[[Sequence[str]], Awaitable[int]]
T = TypeVar("T")


@dataclass(frozen=True)
class _Check:
    meaning: str
    find: Find
    repair: str | None


class Doctor:
    """What one service registers; `routes` hands it out."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._checks: dict[str, _Check] = {}
        self._open: dict[str, Page] = {}
        self._known: dict[str, Know] = {}
        self._mends: dict[str, Mend] = {}

    def finds(self, kind: str, meaning: str, find: Find, *, repair: tuple[str, Mend] | None = None) -> None:
        """Its own orphans of a kind; `repair` says what is done about them, and does it."""
        self._checks[kind] = _Check(meaning, find, repair[0] if repair else None)
        if repair:
            self._mends[kind] = repair[1]

    def has_open(self, kind: str, page: Page) -> None:
        """What it waits for, to be compared with what others know."""
        self._open[kind] = page

    def knows(self, kind: str, know: Know) -> None:
        """What it knows of things of a kind, by id; of others it says nothing."""
        self._known[kind] = know

    def mends(self, kind: str, mend: Mend) -> None:
        """What it can do about things that only a comparison finds, by id."""
        self._mends[kind] = mend

    def routes(self, principal_of: PrincipalOf) -> APIRouter:
        """`/api/operator/doctor`, at each service's own address."""
        router = APIRouter(prefix="/api/operator/doctor", tags=["operator"], dependencies=[Depends(only_operators(principal_of))])
        older = Annotated[float, Query(alias="olderThan", ge=0, le=AGE_SECONDS_MAX, allow_inf_nan=False)]
        named = Annotated[str, Path(max_length=50)]

        @router.get("")
        async def examine(older_than: older = AGE_SECONDS_DEFAULT) -> DoctorBody:
            """This service's own orphans."""
            checks = [
                CheckBody(kind=kind, meaning=one.meaning, repair=one.repair, found=list(await one.find(older_than)))
                for kind, one in self._checks.items()
            ]
            return DoctorBody(service=self._service, checks=checks)

        @router.get("/open/{kind}")
        async def open_things(
            kind: named, older_than: older = AGE_SECONDS_DEFAULT, after: Annotated[str, Query(max_length=200)] = ""
        ) -> Things:
            """What this service waits for, a page at a time."""
            things = list(await _one_of(self._open, kind)(after, older_than))
            return Things(things=things, next=things[-1].id if len(things) >= FOUND_MAX else None)

        @router.post("/known/{kind}", openapi_extra=json_body(Ids))
        async def known_things(kind: named, request: Request) -> Things:
            """What this service knows of these."""
            body = await read_body(request, Ids)
            return Things(things=list(await _one_of(self._known, kind)(body.ids)))

        @router.post("/repair/{kind}", openapi_extra=json_body(Ids))
        async def repair_things(kind: named, request: Request) -> Repaired:
            """Do what this service can about these. Again: nothing more."""
            body = await read_body(request, Ids)
            return Repaired(repaired=await _one_of(self._mends, kind)(body.ids))

        return router


def numbers(ids: Sequence[str]) -> list[int]:
    """The ids that are numbers; what is none is nobody's."""
    return [int(one) for one in ids if one.isascii() and one.isdecimal() and len(one) <= ID_DIGITS_MAX]


def uuids(ids: Sequence[str]) -> list[str]:
    """Return the ids that are UUIDs in the usual notation, so that a statement can compare them as such, by an index."""
    return [one for one in ids if UUID_TEXT.fullmatch(one)]


def _one_of(offered: Mapping[str, T], kind: str) -> T:
    if kind not in offered:
        raise Problem(404, "No such kind", f"This service has {', '.join(offered) or 'none'}.", kind="/problems/not-found")
    return offered[kind]
