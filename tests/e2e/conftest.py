"""The whole stack, once for the folder."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser
from support.browser import chromium
from support.platform import Platform, Tenant, running_platform

GENEROUS = 3000
TEST_SECONDS_MAX = 400
"""A whole platform and a browser on a slow machine take their time, and a test that waits in vain still says for what."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A longer deadline for the tests of this folder that have none of their own."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS_MAX))


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """All five services, the sandbox and the gateway over real parts."""
    with running_platform() as running:
        yield running


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium; each visitor has windows of their own."""
    async with chromium() as opened:
        yield opened


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
