"""The books of credits, on a database of the test's own."""

from collections.abc import AsyncIterator, Iterator

import pytest
from darkroom_credits.settings import CreditsSettings
from support.card_payments import CardWorld, card_world, selling
from support.credit_books import CreditBooks, credit_books
from support.credit_role import migrated_for_its_role
from support.credit_service import Credits, serving, settings_for
from support.kafka import Log, own_log
from support.stack import StackAddresses, fresh_database


@pytest.fixture
async def owner_url(parts: StackAddresses) -> AsyncIterator[str]:
    """An empty database, for its owner."""
    async with fresh_database(parts, "credits") as url:
        yield url


@pytest.fixture
async def database_url(owner_url: str) -> str:
    """A migrated database, for the service's own role: whatever these tests do, that role may do."""
    return await migrated_for_its_role(owner_url)


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[CreditBooks]:
    """One replica's use cases on a fresh, migrated database."""
    async with credit_books(database_url) as opened:
        yield opened


@pytest.fixture
async def settings(parts: StackAddresses, log: Log, database_url: str) -> CreditsSettings:
    return settings_for(parts, log, database_url)


@pytest.fixture(scope="module")
async def quiet_credits(parts: StackAddresses) -> AsyncIterator[Credits]:
    """One service for those tests of a module that leave it as they found it."""
    async with fresh_database(parts, "credits") as url, own_log(parts) as log:
        made = settings_for(parts, log, await migrated_for_its_role(url))
        async with serving(made) as service:
            yield service


@pytest.fixture
async def credits(settings: CreditsSettings) -> AsyncIterator[Credits]:
    async with serving(settings) as service:
        yield service


@pytest.fixture(scope="module")
def world_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardWorld]:
    with card_world(tmp_path_factory.mktemp("sandbox")) as world:
        yield world


@pytest.fixture
def world(world_process: CardWorld) -> CardWorld:
    world_process.begin_anew()
    return world_process


@pytest.fixture
async def shop(settings: CreditsSettings, world: CardWorld) -> AsyncIterator[Credits]:
    """A service that sells by card."""
    async with serving(selling(settings, world)) as service:
        yield service


@pytest.fixture(scope="module")
async def quiet_shop(parts: StackAddresses, world_process: CardWorld) -> AsyncIterator[Credits]:
    """One service that sells by card, for those tests that leave it as they found it."""
    async with fresh_database(parts, "credits") as url, own_log(parts) as log:
        made = settings_for(parts, log, await migrated_for_its_role(url))
        async with serving(selling(made, world_process)) as service:
            yield service


@pytest.fixture
async def books_of(settings: CreditsSettings) -> AsyncIterator[CreditBooks]:
    """The database behind the service."""
    async with credit_books(settings.database_url) as opened:
        yield opened
