"""SQL of webhooks that come before their prediction: parked until PredictionCreated claims them, or for an hour.

Parking and filing take the same advisory lock (exclusive, shared), so neither can look past what the other is just writing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget
from sqlalchemy import text

PARKING_LOCK = 0x0DA2_C002
KEEP_SECONDS = 3600.0

KEPT_FIELDS = ("id", "status", "output", "error", "metrics", "data_removed")
UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")
"""NUL and surrogates, as json.dumps writes them; a pair of surrogates is lost too, which no field of ours minds."""

LOCK_TO_PARK = text("SELECT pg_advisory_xact_lock(:lock)")
LOCK_TO_FILE = text("SELECT pg_advisory_xact_lock_shared(:lock)")
PARK = text(
    """
    INSERT INTO early_webhooks (attempt_id, token_sha256, body)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS text[]), CAST(:bodies AS jsonb[])) ORDER BY 1
    ON CONFLICT (attempt_id) DO NOTHING
    """
)
TAKE = text(
    "DELETE FROM early_webhooks WHERE attempt_id = ANY(CAST(:ids AS uuid[])) RETURNING attempt_id::text, token_sha256, body"
)
FORGET = """
    DELETE FROM early_webhooks WHERE attempt_id IN (
        SELECT attempt_id FROM early_webhooks
        WHERE received_at < clock_timestamp() - make_interval(secs => :seconds) LIMIT :limit FOR UPDATE SKIP LOCKED
    )
"""


@dataclass(frozen=True)
class EarlyWebhook:
    """A signed webhook of an attempt that we have not heard of yet."""

    attempt_id: str
    token_sha256: str
    body: dict[str, Any]


async def lock_to_park(transaction: Transaction) -> None:
    """Wait for those who are just filing; look again for the attempts after this."""
    await transaction.execute(LOCK_TO_PARK, {"lock": PARKING_LOCK})


async def park(transaction: Transaction, early: Sequence[EarlyWebhook]) -> None:
    """Keep the first webhook of each attempt; only ends are parked, so any one of them tells all."""
    one_each = {webhook.attempt_id: webhook for webhook in early}
    await transaction.execute(
        PARK,
        {
            "ids": list(one_each),
            "tokens": [webhook.token_sha256 for webhook in one_each.values()],
            "bodies": [_as_jsonb(webhook.body) for webhook in one_each.values()],
        },
    )


def _as_jsonb(body: dict[str, Any]) -> str:
    """What is needed of a prediction, without the characters that jsonb refuses: one webhook must not spoil its whole batch."""
    return UNSTORABLE.sub(r"\\ufffd", json.dumps({name: body[name] for name in KEPT_FIELDS if name in body}))


async def take_early(transaction: Transaction, attempt_ids: Sequence[str]) -> Mapping[str, EarlyWebhook]:
    """Take out what was parked for these attempts. Holds off parking until the transaction ends."""
    await transaction.execute(LOCK_TO_FILE, {"lock": PARKING_LOCK})
    rows = await transaction.execute(TAKE, {"ids": list(attempt_ids)})
    return {row.attempt_id: EarlyWebhook(row.attempt_id, row.token_sha256, row.body) for row in rows}


async def forget_early(unit_of_work: UnitOfWork) -> None:
    """Drop all webhooks whose prediction never came, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(FORGET, {"seconds": KEEP_SECONDS, "limit": limit})).rowcount

    await forget(unit_of_work, "early webhooks", forget_some)
