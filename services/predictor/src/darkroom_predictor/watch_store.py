"""SQL of what operators watch in the attempts and the queue. Reads only, on indexes that hold live rows alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_predictor.fault_store import ModelFault, read_faults
from darkroom_predictor.queue_store import QUEUED_PROVIDERS

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


COUNT_UNSERVED = text(
    f"""
    WITH queued AS ({QUEUED_PROVIDERS})
    SELECT count(*) FROM queue_items q
    WHERE q.state = 'QUEUED' AND q.provider IN (SELECT provider FROM queued WHERE provider <> ALL(CAST(:served AS text[])))
    """  # noqa: S608 - our own constant
)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """`without_account`: live attempts by account, of accounts that have no token here. `unserved`: items without an adapter."""

    without_account: Mapping[str, int] = field(default_factory=dict)
    unserved: int = 0
    faults: Sequence[ModelFault] = ()


async def watch(connection: AsyncConnection, accounts: Mapping[str, Sequence[str]]) -> Watched:
    """Measure. `accounts`: the accounts with a token, by provider."""
    counted = await connection.execute(COUNT_WITHOUT_ACCOUNT, known_accounts(accounts))
    without_account = {row.account: row.attempts for row in counted}
    unserved: int = (await connection.execute(COUNT_UNSERVED, {"served": list(accounts)})).scalar_one()
    return Watched(without_account=without_account, unserved=unserved, faults=await read_faults(connection))


def known_accounts(accounts: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The parameters of WITHOUT_ACCOUNT."""
    pairs = [(provider, account) for provider, names in accounts.items() for account in names]
    return {"providers": [provider for provider, _ in pairs], "accounts": [account for _, account in pairs]}
