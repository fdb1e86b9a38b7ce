"""What the predictor says when an operator redrives dead letters of items."""

from darkroom_contracts.jobs import ItemRequested
from darkroom_contracts.predictions import DeadLettersRedriven


def redriven(*items: ItemRequested) -> DeadLettersRedriven:
    """Items of one job, redriven together."""
    return DeadLettersRedriven(
        instance_id=items[0].instance_id,
        redrive_id="0193f4a2-c0de-7a11-8e22-1f2a3b4c5d6e",
        redriven_by="ops/anna",
        dead_letter_ids=tuple(f"letter-{item.item_id}" for item in items),
        job_id=items[0].job_id,
        item_ids=tuple(item.item_id for item in items),
    )
