"""Use case: a tenant's account is looked at, as of now."""

from collections.abc import Callable
from datetime import datetime

from darkroom_servicekit.database import UnitOfWork

from darkroom_credits.current_accounts import lock_accounts
from darkroom_credits.store_reads import AccountView, read_account


class LookAtAccount:
    """Shows accounts; what time has done to one is posted before it is shown, so that its statement adds up to it."""

    def __init__(self, unit_of_work: UnitOfWork, clock: Callable[[], datetime]) -> None:
        self._uow = unit_of_work
        self.now = clock

    async def view(self, instance_id: str) -> AccountView:
        """The account; that of a tenant never seen is empty."""
        view = await self._read(instance_id)
        if not view.is_due(self.now()):
            return view
        async with self._uow.begin() as transaction:
            await lock_accounts(transaction, [instance_id])
        return await self._read(instance_id)

    async def _read(self, instance_id: str) -> AccountView:
        async with self._uow.read() as connection:
            return await read_account(connection, instance_id)
