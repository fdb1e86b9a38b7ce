"""Fixtures that every folder may use: the real parts, and a log, a database and a Redis of one's own."""

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from support.kafka import Log, own_log
from support.stack import StackAddresses, ensure_parts, fresh_database, leased_redis
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("darkroom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("darkroom")
# For `make mutants`: that a test fails is enough, and the smallest example of it takes minutes to find.
FINDING = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile("no-shrinking", settings.get_profile("darkroom"), phases=FINDING)

LONGEST = "tests/e2e/"


class ByFolder(LoadScopeScheduling):
    """With two processes (`make test`) a folder's tests run in one: what it starts for the session is started once."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    """The folders one after another, whichever process is free."""
    config.option.loadscopereorder = False
    return ByFolder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folder that takes half of the time comes first, so that two processes end at about the same time."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def parts() -> Iterator[StackAddresses]:
    """Real Kafka, PostgreSQL and Redis, for the whole session."""
    with ensure_parts() as addresses:
        yield addresses


@pytest.fixture
async def log(parts: StackAddresses) -> AsyncIterator[Log]:
    """An event log with topics of its own."""
    async with own_log(parts) as own:
        yield own


@pytest.fixture
async def database_url(parts: StackAddresses) -> AsyncIterator[str]:
    """An empty database."""
    async with fresh_database(parts, "one") as url:
        yield url


@pytest.fixture
async def redis_url(parts: StackAddresses) -> AsyncIterator[str]:
    """An empty Redis database."""
    async with leased_redis(parts) as url:
        yield url
