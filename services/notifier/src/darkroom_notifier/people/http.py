"""`/api/notifications/preferences`: what one is told, on which channel, at which address."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.problems import FieldError, ProblemBody, invalid_fields
from darkroom_servicekit.request_body import read_body
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from darkroom_notifier.inbox.kinds import KINDS, Kind
from darkroom_notifier.people.confirm_addresses import Address
from darkroom_notifier.people.confirm_http import Confirmer
from darkroom_notifier.people.phone_numbers import BadAddress, read_phone
from darkroom_notifier.people.preferences import (
    CHANNELS,
    Channel,
    Locale,
    Person,
    read_email,
)
from darkroom_notifier.people.store import find_person, lift_unsubscription, save_person, suppressions_of

CHOICES_MAX = 100

PrincipalDependency = Callable[..., Awaitable[Principal]]


class Choice(StrictBody):
    """One kind on one channel."""

    channel: Channel
    kind: Kind
    enabled: bool


class Wishes(StrictBody):
    """What is to change; what is left out stays, null takes an address away."""

    email: str | None = Field(default=None, description="null: no e-mail")
    phone: str | None = Field(default=None, description="with its country code, such as `+4915112345678`; null: no SMS")
    locale: Locale = "en"
    preferences: list[Choice] = Field(default_factory=list, max_length=CHOICES_MAX)
    resubscribe: bool = Field(default=False, description="true: take an unsubscription of these addresses back")


class Preferences(Body):
    """All that is known of a person, every kind on every channel."""

    email: str | None
    email_confirmed: bool = Field(description="nothing but a confirmation goes to an address until it is confirmed")
    phone: str | None
    phone_confirmed: bool
    locale: Locale
    channels: list[Channel] = Field(description="those that this installation can use")
    suppressed: dict[str, str] = Field(description="channels whose address is not written to any more, with the reason")
    preferences: list[Choice]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What an installation can do: the channels that it has, who asks for confirmations, where SMS may go."""

    channels: frozenset[str]
    confirmer: Confirmer
    countries: frozenset[str]


def preference_routes(unit_of_work: UnitOfWork, principal: PrincipalDependency, offer: Offer) -> APIRouter:
    """Read and change one's own preferences."""
    router = APIRouter(prefix="/api/notifications", tags=["notifications"])
    offered: list[Channel] = [channel for channel in CHANNELS if channel == "websocket" or channel in offer.channels]

    @router.get("/preferences", responses={401: {"model": ProblemBody}})
    async def show(who: Annotated[Principal, Depends(principal)]) -> Preferences:
        """What the signed-in person is told, and how."""
        async with unit_of_work.read() as connection:
            person = await find_person(connection, who.instance_id, who.subject)
            suppressed = await suppressions_of(connection, who.instance_id, person)
        return _view(person, suppressed, offered)

    @router.put(
        "/preferences",
        responses={status: {"model": ProblemBody} for status in (400, 401, 429)},
        openapi_extra=json_body(Wishes),
    )
    async def change(request: Request, who: Annotated[Principal, Depends(principal)]) -> Preferences:
        """Change what is named, keep the rest. A new address gets a message with a link that confirms it."""
        wishes = await read_body(request, Wishes)
        async with unit_of_work.begin() as transaction:
            before = await find_person(transaction.connection, who.instance_id, who.subject)
            wanted = changed(before, wishes, offer.countries)
            await save_person(transaction, who.instance_id, who.subject, wanted)
            await offer.confirmer.ask(transaction, who, wanted, new_addresses(before, wanted))
            person = await find_person(transaction.connection, who.instance_id, who.subject)
            if wishes.resubscribe:
                await lift_unsubscription(transaction, who.instance_id, person)
            suppressed = await suppressions_of(transaction.connection, who.instance_id, person)
        return _view(person, suppressed, offered)

    return router


def new_addresses(before: Person, after: Person) -> list[Address]:
    """The addresses that need a confirmation because they differ."""
    found = []
    if after.email and after.email != before.email:
        found.append(Address("email", after.email))
    if after.phone and after.phone != before.phone:
        found.append(Address("sms", after.phone))
    return found


def changed(before: Person, wishes: Wishes, countries: frozenset[str]) -> Person:
    """The person after their wishes. Raises Problem (400) naming each field and its rule."""
    named = wishes.model_fields_set
    broken: list[FieldError] = []

    def address(field: str, given: str | None, kept: str | None, read: Callable[[str], str]) -> str | None:
        if field not in named:
            return kept
        try:
            return None if given is None else read(given)
        except BadAddress as error:
            broken.append(FieldError(field=field, rule=str(error)))
            return None

    email = address("email", wishes.email, before.email, read_email)
    phone = address("phone", wishes.phone, before.phone, partial(read_phone, countries=countries))
    if broken:
        raise invalid_fields(broken)
    chosen = {**before.chosen, **{(choice.channel, choice.kind): choice.enabled for choice in wishes.preferences}}
    locale = wishes.locale if "locale" in named else before.locale
    return replace(before, email=email, phone=phone, locale=locale, chosen=chosen)


def _view(person: Person, suppressed: dict[str, str], offered: list[Channel]) -> Preferences:
    choices = [Choice(channel=channel, kind=kind, enabled=person.wants(channel, kind)) for channel in CHANNELS for kind in KINDS]
    return Preferences(
        email=person.email,
        email_confirmed=person.email_confirmed,
        phone=person.phone,
        phone_confirmed=person.phone_confirmed,
        locale=person.locale,
        channels=offered,
        suppressed=suppressed,
        preferences=choices,
    )
