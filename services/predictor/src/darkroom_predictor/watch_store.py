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


STATES = text(
    """
    SELECT count(*) AS unknown,
           coalesce(extract(epoch FROM clock_timestamp() - min(granted_at)), 0)::float8 AS unknown_seconds,
           (SELECT count(*) FROM stray_predictions WHERE cancel_at IS NOT NULL) AS strays
    FROM attempts WHERE state = 'UNKNOWN'
    """
)


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What operators watch.

    `without_account`: live attempts by account, of accounts that have no token here. `unserved`: items without an adapter.
    `unknown`: calls whose outcome is open, the oldest for `unknown_seconds`. `strays`: paid predictions without a live attempt
    that the provider has not been told to stop yet.
    """

    without_account: Mapping[str, int] = field(default_factory=dict)
    unserved: int = 0
    faults: Sequence[ModelFault] = ()
    unknown: int = 0
    unknown_seconds: float = 0.0
    strays: int = 0


async def watch(connection: AsyncConnection, accounts: Mapping[str, Sequence[str]]) -> Watched:
    """Measure. `accounts`: the accounts with a token, by provider."""
    counted = await connection.execute(COUNT_WITHOUT_ACCOUNT, known_accounts(accounts))
    without_account = {row.account: row.attempts for row in counted}
    unserved: int = (await connection.execute(COUNT_UNSERVED, {"served": list(accounts)})).scalar_one()
    states = (await connection.execute(STATES)).one()
    return Watched(
        without_account=without_account,
        unserved=unserved,
        faults=await read_faults(connection),
        unknown=states.unknown,
        unknown_seconds=states.unknown_seconds,
        strays=states.strays,
    )


def known_accounts(accounts: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The parameters of WITHOUT_ACCOUNT."""
    pairs = [(provider, account) for provider, names in accounts.items() for account in names]
    return {"providers": [provider for provider, _ in pairs], "accounts": [account for _, account in pairs]}
