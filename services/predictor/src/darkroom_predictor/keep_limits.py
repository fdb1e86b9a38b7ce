"""Provider accounts' limits: shown as they are, set live. The table is the truth; Redis has them at once, on all replicas.

A lowered cap holds for every window that begins after the change; a window that spans it has at most what was granted before, or
the new cap, whichever is more: nothing is granted until the window's log is below the new cap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from darkroom_servicekit.database import UnitOfWork

from darkroom_predictor.fair_queue import Hints
from darkroom_predictor.fault_store import ModelFault, read_faults
from darkroom_predictor.limiter_controls import ModelFigures
from darkroom_predictor.limits import AccountFigures
from darkroom_predictor.line import ProviderLine

ALL_ACCOUNTS = "all"

log = structlog.get_logger()


class AccountNotFound(Exception):
    """No provider has an account of that name here."""


class ProviderNotFound(Exception):
    """No provider of that name is called here."""


@dataclass(frozen=True, kw_only=True)
class LimitsNow:
    """Every account, every model with failures or a bound of its own, and the models closed for a fault of ours."""

    accounts: Sequence[AccountFigures]
    models: Sequence[ModelFigures]
    faults: Sequence[ModelFault] = ()


class KeepLimits:
    """Over all providers' lines of this replica."""

    def __init__(self, lines: Sequence[ProviderLine], unit_of_work: UnitOfWork) -> None:
        self._lines = lines
        self._unit_of_work = unit_of_work

    async def show(self) -> LimitsNow:
        """Raises LimiterClosed while a limiter is not open."""
        accounts: list[AccountFigures] = []
        models: list[ModelFigures] = []
        for line in self._lines:
            accounts += (await line.queue.figures(line.door.accounts)).accounts
            models += await line.controls.models()
        async with self._unit_of_work.read() as connection:
            faults = await read_faults(connection)
        return LimitsNow(accounts=accounts, models=models, faults=faults)

    async def change(self, account: str, changes: Mapping[str, int | None], *, by: str) -> None:
        """Set what is named, of one account or of all; kept also where the limiter is closed now. Raises AccountNotFound."""
        for line, names in self._named(account):
            await line.limits.set(names, changes, by=by)
            log.warning("limits set", accounts=names, by=by, **changes)
            await line.limiter.apply_limits()
            line.dispatcher.tell(Hints())

    async def change_model(self, provider: str, model: str, concurrency: int | None, *, by: str) -> None:
        """Set how many predictions of a model may be in flight; None: no bound of its own. Raises ProviderNotFound."""
        line = next((one for one in self._lines if one.door.name == provider), None)
        if line is None:
            raise ProviderNotFound(provider)
        await line.limits.set_model(model, concurrency, by=by)
        log.warning("concurrency of a model set", provider=provider, model=model, concurrency=concurrency, by=by)
        await line.limiter.apply_limits()
        line.dispatcher.tell(Hints())

    async def resume(self, account: str, *, by: str) -> None:
        """Let a stopped account, or all, take calls again without waiting for a probe. Raises AccountNotFound, LimiterClosed."""
        for line, names in self._named(account):
            resumed = [name for name in names if await line.controls.resume(name)]
            log.warning("accounts resumed", accounts=resumed, by=by)
            line.dispatcher.tell(Hints())

    def _named(self, account: str) -> list[tuple[ProviderLine, list[str]]]:
        named = [(line, [one for one in line.limits.accounts if account in (one, ALL_ACCOUNTS)]) for line in self._lines]
        found = [(line, names) for line, names in named if names]
        if not found:
            raise AccountNotFound(account)
        return found
