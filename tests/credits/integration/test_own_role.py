"""The ledger is safe from the service itself: its role has no right to edit it, and the owner's role is stopped by triggers."""

import pytest
from darkroom_servicekit.schema import serve_code_from
from darkroom_servicekit.service_role import editable_tables
from sqlalchemy.exc import DBAPIError
from support.credit_books import CreditBooks, credit_books
from support.credit_role import ROLE, migrated_for_its_role

LEDGER = ["ledger_transactions", "ledger_entries", "money_transactions", "money_entries"]
EDITS = [
    "UPDATE {} SET instance_id = instance_id",
    "DELETE FROM {}",
    "TRUNCATE {} CASCADE",
    "ALTER TABLE {} DISABLE TRIGGER append_only",
    "DROP TRIGGER append_only ON {}",
    "DROP TABLE {}",
]


@pytest.mark.parametrize("table", LEDGER)
async def test_the_services_own_role_cannot_edit_the_ledger(books: CreditBooks, table: str) -> None:
    await books.grant("shop", 15)
    assert await books.rows("SELECT current_user::text") == [(ROLE,)]
    for edit in EDITS:
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            async with books.unit_of_work.begin() as transaction:
                await transaction.execute(edit.format(table))
    await books.assert_sound()


async def test_it_cannot_become_the_owner_or_change_the_schema(books: CreditBooks) -> None:
    [(owner,)] = await books.rows("SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE relname = 'ledger_entries'")
    for attempt in (
        f"SET ROLE {owner}",
        "CREATE TABLE mine (id int)",
        "UPDATE alembic_version SET version_num = '0000'",
        serve_code_from("0009"),
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with books.unit_of_work.begin() as transaction:
                await transaction.execute(attempt)


@pytest.mark.parametrize("edit", EDITS[:3])
async def test_the_owner_is_stopped_by_the_triggers(books: CreditBooks, owner_url: str, edit: str) -> None:
    await books.grant("shop", 15)
    async with credit_books(owner_url) as owner:
        for table in LEDGER[:2]:
            with pytest.raises(DBAPIError, match="is append-only"):
                async with owner.unit_of_work.begin() as transaction:
                    await transaction.execute(edit.format(table))
    await books.assert_sound()


async def test_a_role_that_could_edit_is_known_and_one_that_cannot_too(books: CreditBooks, owner_url: str) -> None:
    async with books.unit_of_work.read() as connection:
        assert await editable_tables(connection) == []
    async with credit_books(owner_url) as owner, owner.unit_of_work.read() as connection:
        assert set(LEDGER) <= set(await editable_tables(connection))


async def test_granting_again_changes_nothing_and_takes_back_what_was_given_by_hand(books: CreditBooks, owner_url: str) -> None:
    async with credit_books(owner_url) as owner, owner.unit_of_work.begin() as transaction:
        await transaction.execute(f"GRANT UPDATE ON ledger_entries TO {ROLE}")
    async with books.unit_of_work.read() as connection:
        assert await editable_tables(connection) == ["ledger_entries"]
    await migrated_for_its_role(owner_url)
    async with books.unit_of_work.read() as connection:
        assert await editable_tables(connection) == []
    await books.grant("shop", 15)
