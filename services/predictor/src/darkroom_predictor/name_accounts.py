"""Rows of a version that named accounts after their place in the list get today's names, once, before the limiter opens.

The limiter's epoch advances in the same transaction, so no attempt can still be written under a former name by a turn granted
before, and Redis is filled again from the renamed rows: an account's calls of the last window count under its new name.
"""

from collections.abc import Mapping, Sequence

import structlog
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.former_account_names import record_former_names

from darkroom_predictor.queue_store import begin_epoch

IN_USE = """
    SELECT 1 FROM attempts WHERE provider = :provider AND account = ANY(CAST(:names AS text[]))
    UNION ALL
    SELECT 1 FROM provider_accounts WHERE provider = :provider AND account = ANY(CAST(:names AS text[]))
    LIMIT 1
"""
# Attempts that ended long ago keep the name they were made under: renaming a month of them would lock the table for minutes.
RENAME_ATTEMPTS = """
    UPDATE attempts SET account = n.account
    FROM unnest(CAST(:former_names AS text[]), CAST(:accounts AS text[])) AS n (former_name, account)
    WHERE attempts.provider = :provider AND attempts.account = n.former_name
      AND (attempts.granted_at > clock_timestamp() - make_interval(secs => :guarded_seconds)
           OR attempts.state IN ('CALLING', 'CREATED', 'UNKNOWN'))
"""
# Two statements, because one UPDATE that exchanges two names breaks the primary key half-way.
TAKE_LIMITS = """
    DELETE FROM provider_accounts WHERE provider = :provider AND account = ANY(CAST(:former_names AS text[]))
    RETURNING account, cap_per_minute, burst, concurrency, changed_by, changed_at
"""
PUT_LIMITS = """
    INSERT INTO provider_accounts (provider, account, cap_per_minute, burst, concurrency, changed_by, changed_at)
    VALUES (:provider, :account, :cap_per_minute, :burst, :concurrency, :changed_by, :changed_at)
"""

log = structlog.get_logger()


class NameAccounts:
    """One provider's. Call it under the rebuild lock, before the limiter's epoch is read."""

    def __init__(self, unit_of_work: UnitOfWork, provider: str, accounts: Sequence[str], *, guarded_seconds: float) -> None:
        self._unit_of_work = unit_of_work
        self._provider = provider
        self._accounts = accounts
        self._guarded_seconds = guarded_seconds

    async def __call__(self) -> None:
        """Rename what an older version left; does nothing the second time. Raises MisplacedAccounts."""
        async with self._unit_of_work.begin() as transaction:
            renamed = await record_former_names(transaction, self._provider, self._accounts, in_use=IN_USE)
            if not renamed:
                return
            rows = await self._rename(transaction, renamed)
            if rows:
                await begin_epoch(transaction, self._provider)
        if rows:
            log.warning("accounts of an older version renamed", provider=self._provider, names=dict(renamed), rows=rows)

    async def _rename(self, transaction: Transaction, renamed: Mapping[str, str]) -> int:
        names = {"provider": self._provider, "former_names": list(renamed)}
        values = names | {"accounts": list(renamed.values()), "guarded_seconds": self._guarded_seconds}
        attempts = (await transaction.execute(RENAME_ATTEMPTS, values)).rowcount
        limits = (await transaction.execute(TAKE_LIMITS, names)).mappings().all()
        for row in limits:
            await transaction.execute(PUT_LIMITS, {**row, "provider": self._provider, "account": renamed[row["account"]]})
        return attempts + len(limits)
