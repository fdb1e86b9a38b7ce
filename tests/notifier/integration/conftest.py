"""One notifier on parts of its own for all tests here; each test has tenants of its own."""

from collections.abc import AsyncIterator

import pytest
from support.kafka import own_log
from support.notifier_process import Ground, NotifierProcess, notifier_process
from support.service import migrated
from support.stack import StackAddresses, fresh_database, leased_redis, unique_name


@pytest.fixture(scope="session")
async def ground(parts: StackAddresses) -> AsyncIterator[Ground]:
    async with own_log(parts) as log, fresh_database(parts, "notifier") as database, leased_redis(parts) as redis:
        yield Ground(log, await migrated("notifier", database), redis)


@pytest.fixture(scope="session")
async def notifier(ground: Ground) -> AsyncIterator[NotifierProcess]:
    async with notifier_process(ground) as process:
        yield process


@pytest.fixture
def tenant() -> str:
    return unique_name("shop")


@pytest.fixture
def other_tenant() -> str:
    return unique_name("other-shop")
