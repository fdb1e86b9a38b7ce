"""What happens when attempts fail: the item waits again or has failed, and the event log says which. One place for all causes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from darkroom_contracts.envelope import Envelope
from darkroom_contracts.predictions import AttemptFailed, ItemCanceled, ItemFailed
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.operator_detail import operator_detail

from darkroom_predictor.attempt_store import LiveAttempt, mark_failed
from darkroom_predictor.customer_words import customer_words
from darkroom_predictor.fair_queue import Hints, Place, mark_of
from darkroom_predictor.items import OUT_OF_ATTEMPTS, End, Item, Stop, Then, Wait, after_failure
from darkroom_predictor.letters.give_up import GivenUp, give_up_items
from darkroom_predictor.queue_store import end_items, lock_items_of, requeue_items


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A failed attempt. `step` is the virtual time its turn had cost, where that is to be given back.

    `message` is for operators and may repeat what the provider said; customers read the sentence of `code` alone.
    `never_made`: it failed because no prediction was made, so an attempt whose prediction has been heard of did not fail.
    While its model is known to be broken that is not the item's fault either, and costs it no attempt.
    `ours`: the platform failed, not the provider, so it counts against neither the model nor the tenant.
    """

    attempt_id: str
    code: str
    message: str
    then: Then
    step: int | None = None
    cause: Envelope | None = None
    never_made: bool = False
    ours: bool = False

    def counts_against_model(self, item: Item) -> bool:
        """Whether the model and the tenant failed. A prediction that we stopped ends like one that the provider gave up."""
        return self.then is Then.RETRY and self._ran_for(item)

    def shows_that_the_model_works(self, item: Item) -> bool:
        """Whether the model ran and refused the picture for what it is."""
        return self.then is Then.END and self._ran_for(item)

    def _ran_for(self, item: Item) -> bool:
        return not self.never_made and not self.ours and item.stopped_by is None


class FailAttempts:
    """Ends attempts that are still live; others are left as they are."""

    def __init__(self, chance: Callable[[], float], *, model_is_broken: Callable[[str, str], bool] = lambda *_: False) -> None:
        self._chance = chance
        self._model_is_broken = model_is_broken

    async def __call__(self, transaction: Transaction, failures: Sequence[Failure]) -> dict[str, Hints]:
        """Write it all; returns, by provider, what Redis should hear after the commit."""
        by_attempt = {failure.attempt_id: failure for failure in failures}
        if not by_attempt:
            return {}
        rows = [(one.attempt_id, one.code, operator_detail(one.message), one.never_made) for one in by_attempt.values()]
        hints: dict[str, Hints] = {}
        waits: list[tuple[int, float, bool]] = []
        ended: list[int] = []
        given_up: list[GivenUp] = []
        await lock_items_of(transaction, list(by_attempt))
        for attempt in await mark_failed(transaction, rows):
            failure, item = by_attempt[attempt.attempt_id], attempt.item
            told = hints.setdefault(item.provider, Hints())
            told.released.append((attempt.account, attempt.attempt_id))
            if failure.then is Then.RETRY and failure.never_made and self._model_is_broken(item.provider, item.model):
                failure = replace(failure, then=Then.RETURN)  # it waits with the model's other items, and burns no attempt
            if failure.counts_against_model(item):
                told.ran.append((item.model, item.instance_id, 1))
            elif failure.shows_that_the_model_works(item):
                told.ran.append((item.model, item.instance_id, 0))
            decision = after_failure(item, failure.then, failure.code, chance=self._chance())
            if isinstance(decision, End):
                ended.append(item.item_id)
                failed = transaction.publish(_item_failed(attempt, failure, decision), cause=failure.cause or item.cause)
                if decision.code == OUT_OF_ATTEMPTS or failure.ours:
                    given_up.append(
                        GivenUp(item=item, code=failure.code, message=operator_detail(failure.message), failed=failed)
                    )
                continue
            if isinstance(decision, Stop):
                ended.append(item.item_id)
                transaction.publish(item_canceled(item), cause=failure.cause or item.stopped_by)
                continue
            waits.append((item.item_id, decision.delay_seconds, decision.counted))
            retry_at = transaction.now + timedelta(seconds=decision.delay_seconds)
            event = AttemptFailed(
                instance_id=item.instance_id,
                job_id=item.job_id,
                item_id=item.item_id,
                image_id=item.image_id,
                attempt=attempt.number,
                code=failure.code,
                message=customer_words(failure.code),
                detail=operator_detail(failure.message),
                retry_at=retry_at,
            )
            transaction.publish(event, cause=failure.cause or item.cause)
            _wait_again(told, item, failure, decision)
        await requeue_items(transaction, waits)
        await end_items(transaction, ended)
        await give_up_items(transaction, given_up)
        return hints


def item_canceled(item: Item) -> ItemCanceled:
    """The event of an item that was stopped on request."""
    return ItemCanceled(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        reached_provider=item.reached_provider,
    )


def _wait_again(told: Hints, item: Item, failure: Failure, wait: Wait) -> None:
    place = Place(item.instance_id, item.job_id, item.item_id, item.redriven, mark_of(item.model))
    if failure.then is Then.RETURN and failure.step is not None:
        told.given_back.append((place, failure.attempt_id))
    else:
        told.filed.append((place, wait.delay_seconds))


def _item_failed(attempt: LiveAttempt, failure: Failure, end: End) -> ItemFailed:
    item = attempt.item
    return ItemFailed(
        instance_id=item.instance_id,
        job_id=item.job_id,
        item_id=item.item_id,
        image_id=item.image_id,
        attempt=attempt.number,
        code=end.code,
        message=customer_words(failure.code),
        detail=operator_detail(failure.message),
        reached_provider=item.reached_provider,
        ours=failure.ours,
    )
