"""Tells refusals that are our own fault from a tenant's bad input, before the answer is acted on.

Ours close the model: its items wait, and one trial call after each pause finds out whether it is mended. The table `model_faults`
says so until the model's breaker closes; a single tenant's refusal for a field of its own stays its item's.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog
from darkroom_servicekit.database import UnitOfWork
from sqlalchemy.exc import SQLAlchemyError

from darkroom_predictor.fault_rules import TENANTS_THAT_PROVE, is_our_fault
from darkroom_predictor.fault_store import count_refusing_tenants, record_fault
from darkroom_predictor.items import Item
from darkroom_predictor.providers.door import Outcome, Refusal, Refused

Judge = Callable[[Item, Outcome], Awaitable[Outcome]]
OURS = frozenset({Refusal.OUR_FAULT, Refusal.MODEL_FORBIDDEN})

log = structlog.get_logger()


async def judge_nothing(_item: Item, outcome: Outcome) -> Outcome:
    """Return the outcome as it is."""
    return outcome


class JudgeRefusals:
    """Call it with an item and how its call ended."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    async def __call__(self, item: Item, outcome: Outcome) -> Outcome:
        """Return the outcome as it is to be acted on. Never fails: without the database the item's own fault is assumed."""
        if not isinstance(outcome, Refused) or outcome.refusal not in OURS | {Refusal.BAD_INPUT}:
            return outcome
        try:
            return await self._judge(item, outcome)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("a refusal could not be judged", model=item.model, error=repr(error)[:200])
            return outcome

    async def _judge(self, item: Item, outcome: Refused) -> Refused:
        ours = outcome.refusal in OURS or is_our_fault(outcome.fields, item.caller_fields)
        async with self._unit_of_work.begin() as transaction:
            if not ours and outcome.fields:
                tenants = await count_refusing_tenants(transaction, item, outcome.fields)
                ours = tenants >= TENANTS_THAT_PROVE
            if not ours:
                return outcome
            refusal = outcome.refusal if outcome.refusal in OURS else Refusal.OUR_FAULT
            is_new = await record_fault(transaction, item, code=refusal.value, detail=outcome.message)
        tell = log.error if is_new else log.warning
        told = {"fields": _listed(outcome.fields), "answer": outcome.message}
        tell("model closed for a fault of ours: it needs a person; its items wait", model=item.model, code=refusal.value, **told)
        return replace(outcome, refusal=refusal)


def _listed(fields: Sequence[str]) -> str:
    return ", ".join(fields) or "none named"
