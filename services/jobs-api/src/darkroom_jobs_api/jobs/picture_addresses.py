"""Whether picture addresses may be given to the provider: http(s), no credentials, every resolved address public or allowed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from darkroom_servicekit.fetch import LookUpFailed, RefusedAddress
from darkroom_servicekit.problems import FieldError, Problem

CHECK_SECONDS_MAX = 6.0
"""For all addresses of one request together."""
CHECKS_AT_ONCE = 4
"""A tenant's whole share of look-ups; more would only wait for their turns, and those waits are bounded."""
RETRY_AFTER_SECONDS = 5


class AddressDoor(Protocol):
    """Raises RefusedAddress for an address that may not be used, LookUpFailed when nobody can say yet."""

    async def check(self, url: str, *, asker: str) -> None: ...


@dataclass(frozen=True)
class AddressErrors:
    """What is wrong with a request's addresses: `refused` for good, or `not_looked_up` because DNS did not answer."""

    refused: list[FieldError]
    not_looked_up: list[FieldError]


async def address_errors(guard: AddressDoor, addresses: Mapping[str, str], *, asker: str) -> AddressErrors:
    """Check the addresses (by field) for the tenant `asker`, each different address once."""
    turns = asyncio.Semaphore(CHECKS_AT_ONCE)
    found = AddressErrors([], [])

    async def check(url: str, fields: list[str]) -> None:
        try:
            async with turns, asyncio.timeout_at(until):
                await guard.check(url, asker=asker)
        except RefusedAddress as refused:
            found.refused.extend(FieldError(field=field, rule=refused.reason) for field in fields)
        except (LookUpFailed, TimeoutError):
            found.not_looked_up.extend(FieldError(field=field, rule=LookUpFailed.reason) for field in fields)

    until = asyncio.get_running_loop().time() + CHECK_SECONDS_MAX
    fields: dict[str, list[str]] = {}
    for field, url in addresses.items():
        fields.setdefault(url, []).append(field)
    await asyncio.gather(*(check(url, named) for url, named in fields.items()))
    order = list(addresses)
    for errors in (found.refused, found.not_looked_up):
        errors.sort(key=lambda error: order.index(error.field))
    return found


def not_looked_up(errors: list[FieldError]) -> Problem:
    """`503`: the addresses may be good ones, so the same request may succeed later."""
    return Problem(
        503,
        "Addresses could not be checked",
        "; ".join(f"{error.field}: {error.rule}" for error in errors),
        kind="/problems/unavailable",
        errors=errors,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
