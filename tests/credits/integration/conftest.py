"""The books of credits, on a database of the test's own."""

from collections.abc import AsyncIterator

import pytest
from darkroom_credits.settings import CreditsSettings
from support.credit_books import CreditBooks, credit_books
from support.credit_service import Credits, serving, settings_for
from support.kafka import Log
from support.service import migrated
from support.stack import StackAddresses


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[CreditBooks]:
    """One replica's use cases on a fresh, migrated database."""
    await migrated("credits", database_url)
    async with credit_books(database_url) as opened:
        yield opened


@pytest.fixture
async def settings(parts: StackAddresses, log: Log, database_url: str) -> CreditsSettings:
    await migrated("credits", database_url)
    return settings_for(parts, log, database_url)


@pytest.fixture
async def credits(settings: CreditsSettings) -> AsyncIterator[Credits]:
    async with serving(settings) as service:
        yield service
