"""Gives up items that have waited too long for a failing model, or for a model at which their own tenant fails.

They become dead letters. A tenant that has had no trial is spared, unless the provider itself refuses the model.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

import structlog
from darkroom_contracts.predictions import ItemFailed
from darkroom_servicekit.database import Transaction, UnitOfWork

from darkroom_predictor.customer_words import customer_words
from darkroom_predictor.fair_queue import Hints, LimiterClosed, Place, mark_of
from darkroom_predictor.items import Item
from darkroom_predictor.letters.give_up import GivenUp, give_up_items
from darkroom_predictor.limiter_controls import LimiterControls, ModelFigures
from darkroom_predictor.queue_store import WaitingItems, end_unserved, end_waiting_for_model

MODEL_UNAVAILABLE = "model-unavailable"
TOO_MANY_FAILURES = "too-many-failures"
DETAILS = {
    MODEL_UNAVAILABLE: "no model or adapter took the item within the time that items wait",
    TOO_MANY_FAILURES: "the predictions of its tenant at this model have failed for as long as items wait",
}
BATCH = 500

log = structlog.get_logger()


class GiveUpModels:
    """One provider's. Both the failures and the item are older than `wait_seconds_max` before an item is given up."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        provider: str,
        controls: LimiterControls,
        *,
        tell: Callable[[Mapping[str, Hints]], None],
        wait_seconds_max: float,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._provider = provider
        self._controls = controls
        self._tell = tell
        self._wait_seconds_max = wait_seconds_max

    async def __call__(self) -> int:
        """How many items were given up."""
        try:
            models = await self._controls.models()
        except LimiterClosed:
            return 0
        return sum([await self._give_up_items_of(one) for one in models])

    async def _give_up_items_of(self, model: ModelFigures) -> int:
        count = 0
        if model.open_seconds is not None and model.open_seconds >= self._wait_seconds_max:
            try:
                tenants = None if model.refused else await self._controls.tried_tenants(model.model)
            except LimiterClosed:
                return 0
            count += await self._give_up(model.model, MODEL_UNAVAILABLE, tenants)
        slowed = [one.tenant for one in model.slowed if one.slowed_seconds >= self._wait_seconds_max]
        return count + (await self._give_up(model.model, TOO_MANY_FAILURES, slowed) if slowed else 0)

    async def _give_up(self, model: str, code: str, tenants: Sequence[str] | None) -> int:
        waiting = WaitingItems(provider=self._provider, model=model, older_seconds=self._wait_seconds_max, tenants=tenants)
        count = 0
        while ended := await self._give_up_some(waiting, code):
            count += ended
        return count

    async def _give_up_some(self, waiting: WaitingItems, code: str) -> int:
        async with self._unit_of_work.begin() as transaction:
            items = await end_waiting_for_model(transaction, waiting, limit=BATCH)
            await give_up(transaction, items, code)
            places = [Place(one.instance_id, one.job_id, one.item_id, one.redriven, mark_of(one.model)) for one in items]
            transaction.after_commit(lambda: self._tell({self._provider: Hints(removed=places)}))
        if items:
            log.error("items given up after failures for too long", model=waiting.model, code=code, items=len(items))
        return len(items)


class GiveUpUnserved:
    """Items of providers that this version has no adapter for: nothing else ever looks at them.

    `providers`: those that it serves. A newer version that serves the provider may be about to start, so items wait first.
    """

    def __init__(
        self, unit_of_work: UnitOfWork, providers: Collection[str], *, wait_seconds_max: float, every_seconds: float
    ) -> None:
        self._unit_of_work = unit_of_work
        self._providers = providers
        self._wait_seconds_max = wait_seconds_max
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Give up what has waited too long, now and then every so often, until cancelled."""
        while True:
            while await self():
                pass
            await asyncio.sleep(self._every_seconds)

    async def __call__(self) -> int:
        """Give up one batch; return its size."""
        async with self._unit_of_work.begin() as transaction:
            items = await end_unserved(transaction, self._providers, older_seconds=self._wait_seconds_max, limit=BATCH)
            await give_up(transaction, items, MODEL_UNAVAILABLE)
        if items:
            log.error("items failed for want of an adapter", providers=sorted({one.provider for one in items}), items=len(items))
        return len(items)


async def give_up(transaction: Transaction, items: Sequence[Item], code: str) -> None:
    """Publish that these items, which have been ended, failed without another attempt, and file them as dead letters."""
    given_up = []
    for item in items:
        failed = transaction.publish(_item_failed(item, code), cause=item.cause)
        given_up.append(GivenUp(item=item, code=code, message=DETAILS[code], failed=failed))
    await give_up_items(transaction, given_up)


def _item_failed(item: Item, code: str) -> ItemFailed:
    return ItemFailed(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        attempt=item.attempts,
        code=code,
        message=customer_words(code),
        detail=DETAILS[code],
        reached_provider=item.reached_provider,
    )
