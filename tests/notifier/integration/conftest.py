"""Two notifiers, each on parts of its own, for all tests here; each test has tenants of its own.

Notifiers on the same parts share their events: one without vendors would take a job whose end another is to write about.
"""

from collections.abc import AsyncIterator

import pytest
from darkroom_servicekit.database import UnitOfWork, build_engine
from support.kafka import own_log
from support.notifier_process import Ground, NotifierProcess, notifier_process
from support.running_sandbox import running_sandbox
from support.service import migrated
from support.stack import StackAddresses, fresh_database, leased_redis, unique_name
from support.standing_clock import StandingClock
from support.told_people import TellingNotifier, telling_notifier


@pytest.fixture(scope="session")
async def ground(parts: StackAddresses) -> AsyncIterator[Ground]:
    async with own_log(parts) as log, fresh_database(parts, "notifier") as database, leased_redis(parts) as redis:
        yield Ground(log, await migrated("notifier", database), redis)


@pytest.fixture(scope="session")
async def notifier(ground: Ground) -> AsyncIterator[NotifierProcess]:
    async with notifier_process(ground) as process:
        yield process


@pytest.fixture(scope="session")
async def told_ground(parts: StackAddresses) -> AsyncIterator[Ground]:
    async with own_log(parts) as log, fresh_database(parts, "notifier") as database, leased_redis(parts) as redis:
        yield Ground(log, await migrated("notifier", database), redis)


@pytest.fixture(scope="session")
async def telling(told_ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TellingNotifier]:
    """A notifier that writes to people; its vendors are a sandbox."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        async with telling_notifier(told_ground, sandbox) as running:
            yield running


@pytest.fixture
def tenant() -> str:
    return unique_name("shop")


@pytest.fixture
def other_tenant() -> str:
    return unique_name("other-shop")


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def work(database_url: str, clock: StandingClock) -> AsyncIterator[UnitOfWork]:
    """The unit of work of a notifier that is not there, by the test's own clock."""
    engine = build_engine(await migrated("notifier", database_url), pool_size=4)
    yield UnitOfWork(engine, service="notifier", clock=clock, wake_relay=lambda: None)
    await engine.dispose()
