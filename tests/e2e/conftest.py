"""The whole stack, once for the folder."""

from collections.abc import AsyncIterator, Iterator

import pytest
from support.platform import Platform, Tenant, running_platform

GENEROUS = 3000


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """All five services, the sandbox and the gateway over real parts."""
    with running_platform() as running:
        yield running


@pytest.fixture
async def quick(platform: Platform) -> Platform:
    """The platform with predictions that take no time and ready-made pictures."""
    await platform.ready()
    await platform.sandbox("POST", "reset")
    await platform.sandbox("PUT", "replicate", json={"seconds": {"min": 0, "max": 0.2}, "image": "instant"})
    return platform


@pytest.fixture
async def shop(quick: Platform) -> AsyncIterator[Tenant]:
    """A tenant with credits."""
    async with quick.tenant(credits=GENEROUS) as tenant:
        yield tenant
