"""SQL of what operators watch in the attempts and the queue. Reads only, on indexes that hold live rows alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The attempts of accounts that no replica with these settings can ask about.
WITHOUT_ACCOUNT = """
    a.state IN ('CALLING', 'CREATED', 'UNKNOWN') AND NOT EXISTS (
        SELECT 1 FROM unnest(CAST(:providers AS text[]), CAST(:accounts AS text[])) AS known (provider, account)
        WHERE known.provider = a.provider AND known.account = a.account
    )
"""
COUNT_WITHOUT_ACCOUNT = text(
    f"SELECT a.account, count(*) AS attempts FROM attempts a WHERE {WITHOUT_ACCOUNT} GROUP BY a.account"  # noqa: S608
)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """`without_account`: live attempts by account, of accounts that have no token here."""

    without_account: Mapping[str, int] = field(default_factory=dict)


async def watch(connection: AsyncConnection, accounts: Mapping[str, Sequence[str]]) -> Watched:
    """Measure. `accounts`: the accounts with a token, by provider."""
    counted = await connection.execute(COUNT_WITHOUT_ACCOUNT, known_accounts(accounts))
    return Watched(without_account={row.account: row.attempts for row in counted})


def known_accounts(accounts: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The parameters of WITHOUT_ACCOUNT."""
    pairs = [(provider, account) for provider, names in accounts.items() for account in names]
    return {"providers": [provider for provider, _ in pairs], "accounts": [account for _, account in pairs]}
