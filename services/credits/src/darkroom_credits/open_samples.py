"""Use case: the sample shops named in the settings start on a plan with its allowance, once, however often we start."""

import asyncio
from collections.abc import Sequence

import structlog
from darkroom_servicekit.database import UnitOfWork

from darkroom_credits.grant_credits import GrantCredits
from darkroom_credits.grants import NewGrant
from darkroom_credits.plans import Plan, a_month_after
from darkroom_credits.store import SERVICE, lock_accounts
from darkroom_credits.store_grants import grant_of_key, put_on_plan
from darkroom_credits.store_reads import current_plan

log = structlog.get_logger()


class OpenSamples:
    """Opens the sample accounts, then has nothing more to do."""

    def __init__(self, unit_of_work: UnitOfWork, grants: GrantCredits, *, instance_ids: Sequence[str], plan: str) -> None:
        self._uow = unit_of_work
        self._grants = grants
        self._instance_ids = instance_ids
        self._plan = plan

    async def run(self) -> None:
        """Open those that are not open yet, and wait for ever. Raises when the database is away, to be tried again."""
        opened = await self.open_all()
        log.info("sample shops", plan=self._plan, opened=opened, of=len(self._instance_ids))
        await asyncio.Event().wait()

    async def open_all(self) -> int:
        """Open those that are not open yet; how many that were."""
        if not self._instance_ids:
            return 0
        async with self._uow.read() as connection:
            plan = await current_plan(connection, self._plan)
        return sum([await self._open(instance_id, plan) for instance_id in self._instance_ids])

    async def _open(self, instance_id: str, plan: Plan) -> bool:
        once_key = f"sample:{instance_id}"
        async with self._uow.begin() as transaction:
            await lock_accounts(transaction, [instance_id])
            if await grant_of_key(transaction, once_key):
                return False
            renews_at = a_month_after(transaction.now)
            await put_on_plan(transaction, instance_id, plan, renews_at=renews_at)
            if plan.credits_per_month:
                allowance = NewGrant(
                    instance_id=instance_id,
                    kind="allowance",
                    amount=plan.credits_per_month,
                    reason=f"monthly allowance of {plan.title}",
                    created_by=SERVICE,
                    expires_at=renews_at,
                    once_key=once_key,
                )
                await self._grants.grant(transaction, allowance)
            return True
