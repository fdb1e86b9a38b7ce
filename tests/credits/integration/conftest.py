"""The books of credits, on a database of the test's own."""

from collections.abc import AsyncIterator

import pytest
from support.credit_books import CreditBooks, credit_books
from support.service import migrated


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[CreditBooks]:
    """One replica's use cases on a fresh, migrated database."""
    await migrated("credits", database_url)
    async with credit_books(database_url) as opened:
        yield opened
