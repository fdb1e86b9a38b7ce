"""All SQL on provider_accounts and provider_models: limits as operators have set them. An account's null is the setting's."""

from collections.abc import Mapping, Sequence

from darkroom_servicekit.database import UnitOfWork
from sqlalchemy import text

from darkroom_predictor.limits import AccountLimits, ModelSlots

FIELDS = ("cap_per_minute", "burst", "concurrency")
ALL = text("SELECT account, cap_per_minute, burst, concurrency FROM provider_accounts WHERE provider = :provider")
SET = """
    INSERT INTO provider_accounts AS p (provider, account, cap_per_minute, burst, concurrency, changed_by)
    SELECT :provider, account, :cap_per_minute, :burst, :concurrency, :changed_by
    FROM unnest(CAST(:accounts AS text[])) AS a (account) ORDER BY account
    ON CONFLICT (provider, account) DO UPDATE SET
        cap_per_minute = CASE WHEN CAST(:sets_cap_per_minute AS boolean) THEN excluded.cap_per_minute ELSE p.cap_per_minute END,
        burst = CASE WHEN CAST(:sets_burst AS boolean) THEN excluded.burst ELSE p.burst END,
        concurrency = CASE WHEN CAST(:sets_concurrency AS boolean) THEN excluded.concurrency ELSE p.concurrency END,
        changed_by = excluded.changed_by, changed_at = clock_timestamp()
"""
OF_MODELS = text("SELECT model, concurrency FROM provider_models WHERE provider = :provider ORDER BY model")
SET_MODEL = """
    INSERT INTO provider_models (provider, model, concurrency, changed_by) VALUES (:provider, :model, :concurrency, :changed_by)
    ON CONFLICT (provider, model) DO UPDATE
        SET concurrency = excluded.concurrency, changed_by = excluded.changed_by, changed_at = clock_timestamp()
"""
FREE_MODEL = "DELETE FROM provider_models WHERE provider = :provider AND model = :model"


class LimitsTable:
    """One provider's limits: an account's are the settings' where no operator has said otherwise; a model has none but those."""

    def __init__(self, unit_of_work: UnitOfWork, provider: str, *, defaults: Sequence[AccountLimits]) -> None:
        self._unit_of_work = unit_of_work
        self._provider = provider
        self._defaults = defaults

    @property
    def accounts(self) -> Sequence[str]:
        return [one.account for one in self._defaults]

    async def in_force(self) -> list[AccountLimits]:
        """Every account's limits."""
        async with self._unit_of_work.read() as connection:
            rows = {row.account: row for row in await connection.execute(ALL, {"provider": self._provider})}
        found = []
        for one in self._defaults:
            row = rows.get(one.account)
            if row is None:
                found.append(one)
                continue
            found.append(
                AccountLimits(
                    account=one.account,
                    cap=one.cap if row.cap_per_minute is None else row.cap_per_minute,
                    burst=row.burst or one.burst,
                    slots=row.concurrency or one.slots,
                )
            )
        return found

    async def set(self, accounts: Sequence[str], changes: Mapping[str, int | None], *, by: str) -> None:
        """Change what is named of FIELDS, keep the rest; None: the setting's again."""
        assert changes.keys() <= set(FIELDS)
        values: dict[str, object] = {"provider": self._provider, "accounts": list(accounts), "changed_by": by}
        values |= {name: changes.get(name) for name in FIELDS} | {f"sets_{name}": name in changes for name in FIELDS}
        async with self._unit_of_work.begin() as transaction:
            await transaction.execute(SET, values)

    async def of_models(self) -> list[ModelSlots]:
        """The models with a bound of their own."""
        async with self._unit_of_work.read() as connection:
            rows = await connection.execute(OF_MODELS, {"provider": self._provider})
            return [ModelSlots(model=row.model, slots=row.concurrency) for row in rows]

    async def set_model(self, model: str, concurrency: int | None, *, by: str) -> None:
        """How many predictions of a model may be in flight; None: as many as the accounts allow."""
        async with self._unit_of_work.begin() as transaction:
            if concurrency is None:
                await transaction.execute(FREE_MODEL, {"provider": self._provider, "model": model})
                return
            values = {"provider": self._provider, "model": model, "concurrency": concurrency, "changed_by": by}
            await transaction.execute(SET_MODEL, values)
