"""Whether picture addresses may be given to the provider: http(s), no credentials, every resolved address public or allowed."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from darkroom_servicekit.fetch import RefusedAddress
from darkroom_servicekit.problems import FieldError

LOOK_UP_SECONDS_MAX = 6.0
LOOK_UPS_AT_ONCE = 8


class AddressDoor(Protocol):
    """Says no by raising RefusedAddress."""

    async def check(self, url: str) -> None: ...


async def address_errors(guard: AddressDoor, addresses: Mapping[str, str]) -> list[FieldError]:
    """The addresses (by field) that are refused, each with the rule. One look-up per different address."""
    turns = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    async def rule_broken_by(url: str) -> str | None:
        try:
            async with turns, asyncio.timeout(LOOK_UP_SECONDS_MAX):
                await guard.check(url)
        except RefusedAddress as refused:
            return refused.reason
        except TimeoutError:
            return "names a host that could not be looked up in time"
        return None

    urls = list(dict.fromkeys(addresses.values()))
    rules = dict(zip(urls, await asyncio.gather(*map(rule_broken_by, urls)), strict=True))
    return [FieldError(field=field, rule=rule) for field, url in addresses.items() if (rule := rules[url])]
