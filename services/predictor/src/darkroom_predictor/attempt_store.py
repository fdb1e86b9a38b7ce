"""All SQL on attempts. A row precedes every paid call; at most one attempt of an item is live; an ended one stays ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from darkroom_servicekit.database import Transaction, UnitOfWork
from sqlalchemy import text

from darkroom_predictor.fair_queue import RememberedAttempt
from darkroom_predictor.items import Item
from darkroom_predictor.queue_store import ITEM_COLUMNS, read_item

LOOK_UPS_MAX = 2_000
"""Attempts looked up in one round."""
LIVE = "('CALLING', 'CREATED', 'UNKNOWN')"
CLAIM = f"""
    WITH wanted AS (
        SELECT * FROM unnest(
            CAST(:items AS bigint[]), CAST(:attempts AS uuid[]), CAST(:accounts AS text[]), CAST(:digests AS text[])
        ) AS w (item_id, attempt_id, account, digest)
    ), locked AS (
        SELECT item_id, greatest(queued_at, not_before) AS eligible_at FROM queue_items
        WHERE item_id = ANY(CAST(:items AS bigint[])) AND state = 'QUEUED' ORDER BY item_id FOR UPDATE
    ), q AS (
        UPDATE queue_items i
        SET state = 'CLAIMED', attempts = i.attempts + 1, attempts_counted = i.attempts_counted + 1, not_before = NULL
        FROM locked JOIN wanted w USING (item_id) WHERE i.item_id = locked.item_id
        RETURNING i.*, locked.eligible_at, w.attempt_id, w.account, w.digest
    ), made AS (
        INSERT INTO attempts (
            id, item_id, number, provider, account, limiter_epoch, callback_token_sha256, owner, lease_until, waited_seconds
        )
        SELECT attempt_id, item_id, attempts, provider, account, :epoch, digest, :owner,
               clock_timestamp() + make_interval(secs => :lease_seconds),
               extract(epoch FROM greatest(interval '0', clock_timestamp() - eligible_at))
        FROM q
    )
    SELECT {ITEM_COLUMNS}, q.input::text AS input_json, q.attempt_id::text AS attempt_id, q.account FROM q
"""  # noqa: S608  # constants only
CREATED = f"""
    UPDATE attempts a SET state = 'CREATED', prediction_id = w.prediction_id,
        cancel_at = CASE WHEN q.cancel_requested_at IS NOT NULL THEN clock_timestamp() END,
        retell_at = clock_timestamp() + make_interval(secs => q.cancel_after_seconds + :margin_seconds)
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:predictions AS text[])) AS w (id, prediction_id), queue_items q
    WHERE a.id = w.id AND a.state IN ('CALLING', 'UNKNOWN') AND q.item_id = a.item_id
    RETURNING {ITEM_COLUMNS}, a.id::text AS attempt_id, a.number, a.account, a.callback_token_sha256, a.prediction_id
"""  # noqa: S608  # constants only
UNKNOWN = """
    UPDATE attempts SET state = 'UNKNOWN', message = w.message,
        look_up_at = clock_timestamp() + make_interval(secs => :look_up_seconds),
        settle_at = clock_timestamp() + make_interval(secs => :settle_seconds)
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:messages AS text[])) AS w (id, message)
    WHERE attempts.id = w.id AND state = 'CALLING'
"""
FAILED = f"""
    UPDATE attempts a SET state = 'FAILED', code = w.code, message = w.message, ended_at = clock_timestamp()
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:codes AS text[]), CAST(:messages AS text[]), CAST(:never_made AS boolean[]))
             AS w (id, code, message, never_made),
         queue_items q
    WHERE a.id = w.id AND a.state IN {LIVE} AND (a.state <> 'CREATED' OR NOT w.never_made) AND q.item_id = a.item_id
    RETURNING {ITEM_COLUMNS}, a.id::text AS attempt_id, a.number, a.account
"""  # noqa: S608  # constants only
DONE = f"""
    UPDATE attempts SET state = 'DONE', ended_at = clock_timestamp()
    WHERE id = ANY(CAST(:attempts AS uuid[])) AND state IN {LIVE}
    RETURNING id::text AS attempt_id, item_id, provider, account,
        (SELECT model FROM queue_items q WHERE q.item_id = attempts.item_id) AS model,
        (SELECT instance_id FROM queue_items q WHERE q.item_id = attempts.item_id) AS instance_id
"""  # noqa: S608  # constants only
EXPIRE = """
    UPDATE attempts SET state = 'UNKNOWN', look_up_at = clock_timestamp(),
        settle_at = clock_timestamp() + make_interval(secs => :settle_seconds),
        message = 'the replica that made the call did not say how it ended'
    WHERE state = 'CALLING' AND provider = :provider
      AND (lease_until < clock_timestamp() OR (owner <> :owner AND starts_with(owner, :former)))
"""
DUE = """
    UPDATE attempts a SET look_up_at = clock_timestamp() + make_interval(secs => :every_seconds)
    FROM queue_items q, (
        SELECT id FROM attempts
        WHERE state = 'UNKNOWN' AND provider = :provider AND account = ANY(CAST(:accounts AS text[]))
          AND look_up_at <= clock_timestamp()
        ORDER BY look_up_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ) due
    WHERE a.id = due.id AND q.item_id = a.item_id
    RETURNING a.id::text AS attempt_id, a.account, a.granted_at, a.callback_token_sha256, a.message, q.input,
        a.settle_at <= clock_timestamp() AS overdue,
        EXISTS (
            SELECT 1 FROM attempts other JOIN queue_items its ON its.item_id = other.item_id
            WHERE other.state = 'CALLING' AND other.provider = a.provider AND its.input = q.input
        ) AS rivals
"""
OPEN_CALLS = """
    SELECT a.id::text AS attempt_id, w.prediction_id FROM attempts a JOIN unnest(
        CAST(:attempts AS uuid[]), CAST(:providers AS text[]), CAST(:predictions AS text[]), CAST(:digests AS text[])
    ) AS w (id, provider, prediction_id, digest)
        ON a.id = w.id AND a.provider = w.provider AND a.callback_token_sha256 = w.digest
    WHERE a.state IN ('CALLING', 'UNKNOWN') AND NOT EXISTS (
        SELECT 1 FROM attempts other WHERE other.provider = w.provider AND other.prediction_id = w.prediction_id
    )
"""
KNOWN = text(
    "SELECT prediction_id FROM attempts WHERE provider = :provider AND prediction_id = ANY(CAST(:predictions AS text[]))"
)
REMEMBERED = text(
    f"""
    WITH now AS (
        SELECT clock_timestamp() - make_interval(secs => CAST(:doubt_seconds AS double precision)) AS at,
               make_interval(secs => CAST(:seconds AS double precision)) AS guarded
    )
    SELECT a.account, a.id::text AS attempt_id, a.state IN {LIVE} AS live, q.instance_id, q.model,
           CASE WHEN a.granted_at > now.at - now.guarded
                THEN greatest(0, extract(epoch FROM now.at - a.granted_at))::float8 END AS age_seconds
    FROM now, attempts a JOIN queue_items q USING (item_id)
    WHERE a.provider = :provider AND (a.granted_at > now.at - now.guarded OR a.state IN {LIVE})
    """  # noqa: S608  # constants only
)


@dataclass(frozen=True, kw_only=True)
class ClaimedCall:
    """An item with its new attempt: what the paid call needs."""

    item: Item
    attempt_id: str
    account: str
    input_json: str


@dataclass(frozen=True, kw_only=True)
class LiveAttempt:
    """An attempt that has just changed its state, with its item."""

    item: Item
    attempt_id: str
    number: int
    account: str


@dataclass(frozen=True, kw_only=True)
class CreatedAttempt:
    """A live attempt that the provider has."""

    attempt: LiveAttempt
    prediction_id: str
    callback_token_sha256: str


@dataclass(frozen=True, kw_only=True)
class UnknownAttempt:
    """A call without an answer. `overdue`: it has been looked for long enough; `rivals`: a like call is under way."""

    attempt_id: str
    account: str
    granted_at: datetime
    callback_token_sha256: str
    message: str | None
    input: dict[str, Any]
    overdue: bool
    rivals: bool


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A granted turn about to become an attempt."""

    item_id: int
    attempt_id: str
    account: str
    digest: str


async def claim(
    transaction: Transaction, claims: Sequence[Claim], *, epoch: int, owner: str, lease_seconds: float
) -> list[ClaimedCall]:
    """Claim what is still QUEUED and write its attempts; the others' turns are burned."""
    rows = await transaction.execute(
        CLAIM,
        {
            "items": [one.item_id for one in claims],
            "attempts": [one.attempt_id for one in claims],
            "accounts": [one.account for one in claims],
            "digests": [one.digest for one in claims],
            "epoch": epoch,
            "owner": owner,
            "lease_seconds": lease_seconds,
        },
    )
    return [
        ClaimedCall(item=read_item(row), attempt_id=row.attempt_id, account=row.account, input_json=row.input_json)
        for row in rows
    ]


async def mark_created(
    transaction: Transaction, predictions: Sequence[tuple[str, str]], *, margin_seconds: float
) -> list[CreatedAttempt]:
    """(attempt, prediction): the provider has them. Returns those that were open.

    What is to be cancelled is due for that at once; `margin_seconds` after Cancel-After has passed the poller is asked after it.
    """
    parameters = {
        "attempts": [attempt for attempt, _ in predictions],
        "predictions": [one for _, one in predictions],
        "margin_seconds": margin_seconds,
    }
    rows = await transaction.execute(CREATED, parameters)
    return [read_created(row) for row in rows]


async def mark_unknown(
    transaction: Transaction, attempts: Sequence[tuple[str, str]], *, look_up_seconds: float, settle_seconds: float
) -> None:
    """(attempt, what is known): look them up, first after `look_up_seconds`, and until at least `settle_seconds` from now."""
    parameters = {
        "attempts": [attempt for attempt, _ in attempts],
        "messages": [message for _, message in attempts],
        "settle_seconds": settle_seconds,
        "look_up_seconds": look_up_seconds,
    }
    await transaction.execute(UNKNOWN, parameters)


async def mark_failed(transaction: Transaction, failures: Sequence[tuple[str, str, str, bool]]) -> list[LiveAttempt]:
    """(attempt, code, message, whether that means that no prediction was made); those that were live and did not disprove it."""
    parameters = {
        "attempts": [attempt for attempt, _, _, _ in failures],
        "codes": [code for _, code, _, _ in failures],
        "messages": [message for _, _, message, _ in failures],
        "never_made": [never_made for _, _, _, never_made in failures],
    }
    return [_live(row) for row in await transaction.execute(FAILED, parameters)]


async def open_calls(transaction: Transaction, told: Sequence[tuple[str, str, str, str]]) -> set[tuple[str, str]]:
    """Return (attempt, prediction) of those whose token is the attempt's own and whose attempt has no known outcome.

    `told`: (attempt, provider, prediction, token digest).
    """
    return {(row.attempt_id, row.prediction_id) for row in await transaction.execute(OPEN_CALLS, _told(told))}


async def mark_done(transaction: Transaction, attempts: Sequence[str]) -> list[tuple[str, str, str, int, str, str]]:
    """(provider, account, attempt, item, model, tenant) of the attempts that were live."""
    rows = await transaction.execute(DONE, {"attempts": list(attempts)})
    return [(row.provider, row.account, row.attempt_id, row.item_id, row.model, row.instance_id) for row in rows]


class AttemptTable:
    """Attempts whose outcome is unknown, and what a rebuilt limiter must remember."""

    def __init__(self, unit_of_work: UnitOfWork, provider: str, *, owner: str, former_owners: str) -> None:
        self._unit_of_work = unit_of_work
        self._provider = provider
        self._owner = owner
        self._former = former_owners

    async def due_for_look_up(
        self, accounts: Sequence[str], *, every_seconds: float, settle_seconds: float
    ) -> list[UnknownAttempt]:
        """Give up on expired leases, then take the attempts whose look-up is due; no other replica takes them meanwhile."""
        parameters = {
            "provider": self._provider,
            "accounts": list(accounts),
            "every_seconds": every_seconds,
            "limit": LOOK_UPS_MAX,
        }
        expire = {
            "provider": self._provider,
            "owner": self._owner,
            "former": self._former,
            "settle_seconds": settle_seconds,
        }
        async with self._unit_of_work.begin() as transaction:
            await transaction.execute(EXPIRE, expire)
            rows = await transaction.execute(DUE, parameters)
            return [
                UnknownAttempt(
                    attempt_id=row.attempt_id,
                    account=row.account,
                    granted_at=row.granted_at,
                    callback_token_sha256=row.callback_token_sha256,
                    message=row.message,
                    input=row.input,
                    overdue=row.overdue,
                    rivals=row.rivals,
                )
                for row in rows
            ]

    async def known_predictions(self, predictions: Sequence[str]) -> set[str]:
        """Which of these belong to an attempt already."""
        async with self._unit_of_work.read() as connection:
            rows = await connection.execute(KNOWN, {"provider": self._provider, "predictions": list(predictions)})
            return set(rows.scalars())

    async def remembered(self, seconds: float, *, doubt_seconds: float = 0.0) -> list[RememberedAttempt]:
        """Every attempt that may have called within the last `seconds`, and every live one.

        `doubt_seconds`: attempts may be younger than the clock says by so much, and are taken for it.
        """
        parameters = {"provider": self._provider, "seconds": seconds, "doubt_seconds": doubt_seconds}
        async with self._unit_of_work.read() as connection:
            rows = await connection.execute(REMEMBERED, parameters)
            return [
                RememberedAttempt(row.account, row.attempt_id, row.age_seconds, row.live, row.instance_id, row.model)
                for row in rows
            ]


def read_created(row: Any) -> CreatedAttempt:
    """A created attempt from a row that has ITEM_COLUMNS and the attempt's own."""
    return CreatedAttempt(attempt=_live(row), prediction_id=row.prediction_id, callback_token_sha256=row.callback_token_sha256)


def _live(row: Any) -> LiveAttempt:
    return LiveAttempt(item=read_item(row), attempt_id=row.attempt_id, number=row.number, account=row.account)


def _told(told: Sequence[tuple[str, str, str, str]]) -> dict[str, Any]:
    return {
        "attempts": [attempt for attempt, _, _, _ in told],
        "providers": [provider for _, provider, _, _ in told],
        "predictions": [prediction for _, _, prediction, _ in told],
        "digests": [digest for _, _, _, digest in told],
    }
