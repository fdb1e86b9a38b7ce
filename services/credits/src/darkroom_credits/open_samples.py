"""Use case: the sample shops named in the settings start on a plan with its allowance, once, however often we start."""

import asyncio
from collections.abc import Sequence

import structlog
from darkroom_servicekit.database import UnitOfWork

from darkroom_credits.change_plan import ChangePlan
from darkroom_credits.current_accounts import lock_accounts
from darkroom_credits.store_plans import was_ever_on_a_plan

log = structlog.get_logger()


class OpenSamples:
    """Opens the sample accounts, then has nothing more to do."""

    def __init__(self, unit_of_work: UnitOfWork, plans: ChangePlan, *, instance_ids: Sequence[str], plan: str) -> None:
        self._uow = unit_of_work
        self._plans = plans
        self._instance_ids = instance_ids
        self._plan = plan

    async def run(self) -> None:
        """Open those that are not open yet, and wait for ever. Raises when the database is away, to be tried again."""
        opened = await self.open_all()
        log.info("sample shops", plan=self._plan, opened=opened, of=len(self._instance_ids))
        await asyncio.Event().wait()

    async def open_all(self) -> int:
        """Open those that are not open yet; how many that were."""
        return sum([await self._open(instance_id) for instance_id in self._instance_ids])

    async def _open(self, instance_id: str) -> bool:
        async with self._uow.begin() as transaction:
            await lock_accounts(transaction, [instance_id])
            if await was_ever_on_a_plan(transaction, instance_id):
                return False
            await self._plans.change(transaction, instance_id, self._plan)
            return True
