"""`/api/notifications/confirm` and `…/confirmations`: an address is confirmed from its own mailbox; a link is sent again."""

import math
from collections.abc import Awaitable, Callable, Mapping

from darkroom_servicekit.auth import Principal
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.http import Body, StrictBody
from darkroom_servicekit.openapi import json_body
from darkroom_servicekit.problems import Problem, ProblemBody
from darkroom_servicekit.request_body import read_body
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from darkroom_notifier.letters.confirmation import ConfirmationLinks
from darkroom_notifier.letters.unsubscribe import BrokenLink
from darkroom_notifier.people.confirm_addresses import (
    Address,
    AddressChannel,
    ConfirmationExpired,
    ConfirmationLimits,
    ConfirmationOutdated,
    ConfirmationUsed,
    Owner,
    TooManyConfirmations,
    confirm_address,
    request_confirmations,
)
from darkroom_notifier.people.preferences import Person
from darkroom_notifier.people.store import find_person


class Confirmation(StrictBody):
    """What the page with the button sends."""

    token: str = Field(description="from the link in the e-mail or SMS")


class Confirmed(Body):
    """The address that messages may go to now."""

    channel: AddressChannel
    address: str


class Again(StrictBody):
    """Which address to write to again."""

    channel: AddressChannel


class Confirmer:
    """Asks for confirmations within their limits. `wake_senders`: by channel; a channel without a sender asks for none."""

    def __init__(self, limits: ConfirmationLimits, wake_senders: Mapping[str, Callable[[], None]]) -> None:
        self._limits = limits
        self._wake_senders = wake_senders

    async def ask(self, transaction: Transaction, who: Principal, person: Person, addresses: list[Address]) -> None:
        """Queue a confirmation to each address that has a sender. Raises Problem (429)."""
        wanted = [one for one in addresses if one.channel in self._wake_senders]
        if not wanted:
            return
        owner = Owner(who.instance_id, who.subject, person.locale)
        try:
            await request_confirmations(transaction, owner, wanted, limits=self._limits)
        except TooManyConfirmations as error:
            raise _too_many(error.retry_after_seconds) from error
        for one in wanted:
            transaction.after_commit(self._wake_senders[one.channel])


def confirm_routes(
    unit_of_work: UnitOfWork,
    links: ConfirmationLinks,
    *,
    principal: Callable[..., Awaitable[Principal]],
    confirmer: Confirmer,
) -> APIRouter:
    """Confirm an address with its link's token; send the link again."""
    router = APIRouter(prefix="/api/notifications", tags=["notifications"])

    @router.post(
        "/confirm",
        responses={status: {"model": ProblemBody} for status in (400, 404, 410)},
        openapi_extra=json_body(Confirmation),
    )
    async def confirm(request: Request) -> Confirmed:
        """Confirm an address. The token is the whole proof; it works once."""
        given = await read_body(request, Confirmation)
        try:
            confirmation_id = links.read(given.token)
        except BrokenLink as error:
            raise Problem(
                404, "Not found", "This link is not complete. Copy all of it from the message.", kind="/problems/not-found"
            ) from error
        try:
            async with unit_of_work.begin() as transaction:
                confirmed = await confirm_address(transaction, confirmation_id)
        except ConfirmationExpired as error:
            raise _gone("expired", "This link has expired. Ask for another one in the notification settings.") from error
        except ConfirmationUsed as error:
            raise _gone("used", "This link was used before.") from error
        except ConfirmationOutdated as error:
            raise _gone("outdated", "This address has been changed since the link was sent.") from error
        return Confirmed(channel=confirmed.channel, address=confirmed.address)

    @router.post(
        "/confirmations",
        status_code=204,
        responses={status: {"model": ProblemBody} for status in (400, 401, 409, 429)},
        openapi_extra=json_body(Again),
    )
    async def ask_again(request: Request, who: Principal = Depends(principal)) -> None:  # noqa: B008 - FastAPI's own way
        """Send the confirmation of one's own address again."""
        wish = await read_body(request, Again)
        async with unit_of_work.begin() as transaction:
            person = await find_person(transaction.connection, who.instance_id, who.subject)
            address = person.email if wish.channel == "email" else person.phone
            if address is None or person.is_confirmed(wish.channel):
                raise Problem(409, "Nothing to confirm", "There is no address on this channel that waits for a confirmation.")
            await confirmer.ask(transaction, who, person, [Address(wish.channel, address)])

    return router


def _gone(why: str, detail: str) -> Problem:
    return Problem(410, "The link is no longer good", detail, kind=f"/problems/confirmation-{why}")


def _too_many(seconds: float) -> Problem:
    return Problem(
        429,
        "Too many confirmations",
        "Too many confirmations were sent. Nothing was changed; try again later.",
        kind="/problems/too-many-confirmations",
        headers={"Retry-After": str(max(1, math.ceil(seconds)))},
    )
