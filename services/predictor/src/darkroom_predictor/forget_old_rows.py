"""Deletes the predictor's rows that nothing needs any more: ended items, cancelled stray predictions, old refusals of models.

It also drops dead messages that nobody decided on.
"""

from functools import partial

from darkroom_servicekit.runtime import Runtime

from darkroom_predictor.fault_store import forget_refusals
from darkroom_predictor.letters.drop import drop_undecided
from darkroom_predictor.life_store import forget_ended
from darkroom_predictor.stray_store import forget_strays

FORGET_EVERY_SECONDS = 600.0


def forget_old_rows(runtime: Runtime, *, keep_items_days: int, keep_letters_days: int) -> None:
    """Register the loops. How long strays and refusals are kept stands beside their SQL."""
    unit_of_work = runtime.unit_of_work
    forget_items = partial(forget_ended, unit_of_work, keep_days=keep_items_days)
    runtime.forget("items", forget_items, every_seconds=FORGET_EVERY_SECONDS)
    runtime.forget("stray predictions", partial(forget_strays, unit_of_work), every_seconds=FORGET_EVERY_SECONDS)
    drop_old = partial(drop_undecided, unit_of_work, keep_days=keep_letters_days)
    runtime.forget("undecided dead letters", drop_old, every_seconds=FORGET_EVERY_SECONDS)
    runtime.forget("model refusals", partial(forget_refusals, unit_of_work), every_seconds=FORGET_EVERY_SECONDS)
