"""The one-time naming of rows whose accounts an older version named after their place in the list of tokens.

The predictor and the poller each keep the table `account_names` in their own database. It is written at the first start with
named accounts and never changed, so a later change of the list cannot give an old row to another account.
"""

from collections.abc import Mapping, Sequence

from darkroom_servicekit.database import Transaction
from darkroom_servicekit.provider_accounts import former_names, misplaced_names

ACCOUNT_NAMES_V1 = """
    CREATE TABLE account_names (
        provider    text NOT NULL,
        former_name text NOT NULL,
        account     text NOT NULL,
        named_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (provider, former_name)
    )
"""
RECORDED = "SELECT 1 FROM account_names WHERE provider = :provider LIMIT 1"
RECORD = """
    INSERT INTO account_names (provider, former_name, account)
    SELECT :provider, former_name, account
    FROM unnest(CAST(:former_names AS text[]), CAST(:accounts AS text[])) AS n (former_name, account)
    ORDER BY former_name ON CONFLICT DO NOTHING RETURNING former_name
"""
NAMES = "SELECT former_name, account FROM account_names WHERE provider = :provider"


class MisplacedAccounts(Exception):
    """A name in the list is the former name of another place, so rows of an older version could mean either account."""

    def __init__(self, names: set[str]) -> None:
        listed = ", ".join(sorted(names))
        super().__init__(f"rows of an older version use {listed} for another place in the list of tokens: choose another name")


async def record_former_names(
    transaction: Transaction, provider: str, accounts: Sequence[str], *, in_use: str
) -> Mapping[str, str]:
    """Record which account each former name means; return the names to rename, or nothing if that was recorded before.

    `in_use` is SQL that selects the rows of `provider` whose account is one of `:names`. The caller renames its rows in the same
    transaction; a replica that starts at the same time waits for it and renames nothing. Raises MisplacedAccounts.
    """
    former = former_names(provider, accounts)
    if not former or (await transaction.execute(RECORDED, {"provider": provider})).first():
        return {}
    values = {"provider": provider, "former_names": list(former), "accounts": list(former.values())}
    recorded = set((await transaction.execute(RECORD, values)).scalars())
    misplaced = misplaced_names(provider, accounts) if recorded else set()
    if misplaced and (await transaction.execute(in_use, {"provider": provider, "names": sorted(misplaced)})).first():
        raise MisplacedAccounts(misplaced)
    return {name: account for name, account in former.items() if name in recorded and name != account}


async def read_former_names(transaction: Transaction, provider: str) -> Mapping[str, str]:
    """Return today's name by former name, for messages that an older version wrote."""
    return {row.former_name: row.account for row in await transaction.execute(NAMES, {"provider": provider})}
