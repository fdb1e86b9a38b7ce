"""Events as the predictor's neighbours publish them."""

import itertools
from datetime import UTC, datetime
from typing import Any

from darkroom_contracts.jobs import ItemRequested, RetryPolicy

_numbers = itertools.count(1)

MODEL = "google/nano-banana"


def item_requested(instance_id: str = "shop-1", job_id: int = 1, **changes: Any) -> ItemRequested:
    """An item of a job, with a number that no other has."""
    item_id = next(_numbers)
    fields: dict[str, Any] = {
        "instance_id": instance_id,
        "job_id": job_id,
        "item_id": item_id,
        "image_id": f"image-{item_id}",
        "product": "optimize",
        "provider": "replicate",
        "model": MODEL,
        "input": {"prompt": f"white background {item_id}", "image_input": ["https://shop.example/1.jpg"]},
        "expected_seconds": 3.0,
        "cancel_after_seconds": 300,
        "retry": RetryPolicy(attempts_max=3, backoff_seconds=(0.05, 0.05, 0.05)),
        "requested_at": datetime.now(UTC),
    }
    return ItemRequested(**fields | changes)
