"""Gives predictions of a version that named accounts after their place in the list today's names, once.

An event that an older predictor wrote may arrive after the rows were renamed: its account is read through the same record.
"""

from collections.abc import Iterable, Mapping, Sequence

import structlog
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.former_account_names import read_former_names, record_former_names

IN_USE = "SELECT 1 FROM predictions WHERE provider = :provider AND account = ANY(CAST(:names AS text[])) LIMIT 1"
RENAME = """
    UPDATE predictions SET account = n.account
    FROM unnest(CAST(:former_names AS text[]), CAST(:accounts AS text[])) AS n (former_name, account)
    WHERE predictions.provider = :provider AND predictions.account = n.former_name
      AND predictions.state IN ('IN_FLIGHT', 'OUTPUT_READY')
"""

log = structlog.get_logger()


class NameAccounts:
    """The accounts with a token, by provider."""

    def __init__(self, unit_of_work: UnitOfWork, accounts: Mapping[str, Sequence[str]]) -> None:
        self._unit_of_work = unit_of_work
        self._accounts = accounts

    async def rename_rows(self) -> None:
        """Rename what an older version left; does nothing the second time. Raises MisplacedAccounts."""
        for provider, accounts in self._accounts.items():
            async with self._unit_of_work.begin() as transaction:
                renamed = await record_former_names(transaction, provider, accounts, in_use=IN_USE)
                if renamed:
                    values = {"former_names": list(renamed), "accounts": list(renamed.values())}
                    rows = (await transaction.execute(RENAME, {"provider": provider} | values)).rowcount
                    log.warning("accounts of an older version renamed", provider=provider, names=dict(renamed), rows=rows)

    async def names_today(self, transaction: Transaction, told: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return today's name of each (provider, account) that was told; one that is not known keeps its name."""
        names = {(provider, account): account for provider, account in told}
        unknown = {provider for provider, account in names if account not in self._accounts.get(provider, ())}
        for provider in sorted(unknown & self._accounts.keys()):
            former = await read_former_names(transaction, provider)
            for key in names:
                if key[0] == provider and key[1] not in self._accounts[provider]:
                    names[key] = former.get(key[1], key[1])
        return names
