"""All SQL of predictions: filed, known, ended, collected. Statements work on sets and lock rows in the order of their ids.

States change only along IN_FLIGHT → OUTPUT_READY → STORED | FAILED and IN_FLIGHT → FAILED; a terminal one is never left.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from darkroom_contracts.items import StoredPicture
from darkroom_contracts.jobs import OutputTerms
from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.engine import RowMapping

from darkroom_poller.predictions import Failed, Prediction, State, Succeeded

COLUMNS = """
    p.attempt_id::text, p.instance_id, p.job_id, p.item_id, p.image_id, p.attempt,
    p.provider, p.account, p.prediction_id, p.polls, p.expected_seconds,
    CAST(extract(epoch FROM clock_timestamp() - p.overdue_at) AS double precision) AS overdue_by_seconds,
    p.output_address, p.more_addresses, p.pictures, p.predict_seconds,
    CAST(extract(epoch FROM clock_timestamp() - p.ready_at) AS double precision) AS ready_for_seconds,
    CAST(extract(epoch FROM p.expires_at - clock_timestamp()) AS double precision) AS expires_in_seconds,
    p.fetch_attempts, p.gone_attempts, p.refused_sha256, p.output_terms, p.cause_id, p.correlation_id, p.traceparent
"""

EXPIRES = """
    greatest(
        now + least(60, :kept_seconds) * interval '1 second',
        least(now, coalesce(new.completed_at, now)) + :kept_seconds * interval '1 second'
    )
"""
"""When the provider deletes an output, by what it says; never so early that not even one try would be made."""

FILE = text(
    f"""
    INSERT INTO predictions (
        attempt_id, callback_token_sha256, instance_id, job_id, item_id, image_id, attempt, provider, account, model,
        prediction_id, expected_seconds, state, next_poll_at, overdue_at, output_address, more_addresses, predict_seconds,
        ready_at, fetch_after, expires_at, failure_code, failure_message, failure_detail, failure_retryable, ended_at,
        output_terms, cause_id, correlation_id, traceparent
    )
    SELECT
        attempt_id, token, instance_id, job_id, item_id, image_id, attempt, provider, account, model, prediction_id,
        expected_seconds, state, now + first_poll * interval '1 second', now + overdue * interval '1 second',
        output_address, more_addresses, predict_seconds,
        CASE WHEN state = 'OUTPUT_READY' THEN now END, CASE WHEN state = 'OUTPUT_READY' THEN now END,
        CASE WHEN state = 'OUTPUT_READY' THEN {EXPIRES} END,
        failure_code, failure_message, failure_detail, failure_retryable, CASE WHEN state = 'FAILED' THEN now END,
        output_terms, cause_id, correlation_id, traceparent
    FROM clock_timestamp() AS now, unnest(
        CAST(:attempt_id AS uuid[]), CAST(:token AS text[]), CAST(:instance_id AS text[]), CAST(:job_id AS bigint[]),
        CAST(:item_id AS bigint[]), CAST(:image_id AS text[]), CAST(:attempt AS integer[]), CAST(:provider AS text[]),
        CAST(:account AS text[]), CAST(:model AS text[]), CAST(:prediction_id AS text[]),
        CAST(:expected_seconds AS double precision[]), CAST(:state AS text[]), CAST(:first_poll AS double precision[]),
        CAST(:overdue AS double precision[]), CAST(:output_address AS text[]), CAST(:more_addresses AS jsonb[]),
        CAST(:predict_seconds AS double precision[]),
        CAST(:completed_at AS timestamptz[]), CAST(:failure_code AS text[]), CAST(:failure_message AS text[]),
        CAST(:failure_detail AS text[]),
        CAST(:failure_retryable AS boolean[]), CAST(:output_terms AS jsonb[]), CAST(:cause_id AS text[]),
        CAST(:correlation_id AS text[]), CAST(:traceparent AS text[])
    ) AS new (
        attempt_id, token, instance_id, job_id, item_id, image_id, attempt, provider, account, model, prediction_id,
        expected_seconds, state, first_poll, overdue, output_address, more_addresses, predict_seconds, completed_at,
        failure_code, failure_message, failure_detail, failure_retryable, output_terms, cause_id, correlation_id,
        traceparent
    )
    ORDER BY attempt_id
    ON CONFLICT DO NOTHING
    RETURNING attempt_id::text
    """  # noqa: S608  # our own constant
)

KNOWN = text(
    """
    SELECT attempt_id::text, callback_token_sha256, prediction_id, state, output_terms FROM predictions
    WHERE attempt_id = ANY(CAST(:ids AS uuid[])) ORDER BY attempt_id FOR UPDATE
    """
)

READY = text(
    f"""
    UPDATE predictions AS p SET
        state = 'OUTPUT_READY', output_address = new.address, more_addresses = new.more, predict_seconds = new.seconds,
        ready_at = now,
        expires_at = {EXPIRES}, fetch_after = now, lease_owner = CASE WHEN new.ours THEN :owner END,
        lease_until = CASE WHEN new.ours THEN clock_timestamp() + CAST(:lease AS double precision) * interval '1 second' END
    FROM clock_timestamp() AS now, unnest(
        CAST(:ids AS uuid[]), CAST(:addresses AS text[]), CAST(:more AS jsonb[]), CAST(:seconds AS double precision[]),
        CAST(:completed_at AS timestamptz[]), CAST(:ours AS boolean[])
    ) AS new (attempt_id, address, more, seconds, completed_at, ours)
    WHERE p.attempt_id = new.attempt_id AND p.state = 'IN_FLIGHT'
    RETURNING new.ours, {COLUMNS}
    """  # noqa: S608  # the columns are our own constant
)

FAIL = text(
    f"""
    WITH new AS (
        SELECT * FROM unnest(
            CAST(:ids AS uuid[]), CAST(:codes AS text[]), CAST(:messages AS text[]), CAST(:details AS text[]),
            CAST(:retryable AS boolean[])
        ) AS n (attempt_id, code, message, detail, retryable)
    ), locked AS (
        SELECT attempt_id FROM predictions
        WHERE attempt_id = ANY(CAST(:ids AS uuid[])) AND state IN ('IN_FLIGHT', 'OUTPUT_READY') ORDER BY attempt_id FOR UPDATE
    )
    UPDATE predictions AS p SET
        state = 'FAILED', failure_code = new.code, failure_message = new.message, failure_detail = new.detail,
        failure_retryable = new.retryable,
        ended_at = clock_timestamp(), output_address = NULL, more_addresses = NULL, lease_owner = NULL, lease_until = NULL
    FROM new JOIN locked USING (attempt_id)
    WHERE p.attempt_id = new.attempt_id AND (p.state = 'IN_FLIGHT' OR CAST(:from_ready AS boolean))
    RETURNING {COLUMNS}
    """  # noqa: S608  # the columns are our own constant
)

STORE = text(
    """
    WITH new AS (
        SELECT * FROM unnest(
            CAST(:ids AS uuid[]), CAST(:keys AS text[]), CAST(:thumbnails AS text[]), CAST(:results AS jsonb[]),
            CAST(:pictures AS jsonb[])
        ) AS n (attempt_id, key, thumbnail, result, pictures)
    ), locked AS (
        SELECT attempt_id FROM predictions
        WHERE attempt_id = ANY(CAST(:ids AS uuid[])) AND state = 'OUTPUT_READY' ORDER BY attempt_id FOR UPDATE
    )
    UPDATE predictions AS p SET
        state = 'STORED', result_key = new.key, thumbnail_key = new.thumbnail, result = new.result, pictures = new.pictures,
        ended_at = clock_timestamp(), output_address = NULL, more_addresses = NULL, lease_owner = NULL, lease_until = NULL
    FROM new JOIN locked USING (attempt_id)
    WHERE p.attempt_id = new.attempt_id
    RETURNING p.attempt_id::text
    """
)

POSTPONE = text(
    """
    WITH new AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:delays AS double precision[]), CAST(:gone AS boolean[]),
            CAST(:refused AS text[])) AS n (attempt_id, delay, gone, refused)
    ), locked AS (
        SELECT attempt_id FROM predictions
        WHERE attempt_id = ANY(CAST(:ids AS uuid[])) AND state = 'OUTPUT_READY' AND lease_owner = :owner
        ORDER BY attempt_id FOR UPDATE
    )
    UPDATE predictions AS p SET
        fetch_attempts = fetch_attempts + 1, gone_attempts = gone_attempts + new.gone::integer,
        refused_sha256 = coalesce(new.refused, p.refused_sha256),
        fetch_after = clock_timestamp() + new.delay * interval '1 second',
        lease_owner = NULL, lease_until = NULL
    FROM new JOIN locked USING (attempt_id)
    WHERE p.attempt_id = new.attempt_id
    """
)

NEXT_PICTURE = text(
    """
    WITH new AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:places AS integer[]), CAST(:pictures AS jsonb[]))
        AS n (attempt_id, place, picture)
    ), locked AS (
        SELECT attempt_id FROM predictions
        WHERE attempt_id = ANY(CAST(:ids AS uuid[])) AND state = 'OUTPUT_READY' AND lease_owner = :owner
        ORDER BY attempt_id FOR UPDATE
    )
    UPDATE predictions AS p SET
        pictures = coalesce(p.pictures, '[]') || new.picture, fetch_attempts = 0, gone_attempts = 0, refused_sha256 = NULL,
        fetch_after = clock_timestamp(), lease_owner = NULL, lease_until = NULL
    FROM new JOIN locked USING (attempt_id)
    WHERE p.attempt_id = new.attempt_id AND jsonb_array_length(coalesce(p.pictures, '[]')) = new.place
    """
)

CLAIM_READY = text(
    f"""
    WITH due AS (
        SELECT attempt_id FROM predictions
        WHERE state = 'OUTPUT_READY' AND fetch_after <= clock_timestamp()
            AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE predictions AS p SET
        lease_owner = :owner, lease_until = clock_timestamp() + CAST(:lease AS double precision) * interval '1 second'
    FROM due WHERE p.attempt_id = due.attempt_id
    RETURNING {COLUMNS}
    """  # noqa: S608  # the columns are our own constant
)

RELEASE = "UPDATE predictions SET lease_owner = NULL, lease_until = NULL WHERE state = 'OUTPUT_READY' AND lease_owner = :owner"

FORGET = """
    DELETE FROM predictions WHERE attempt_id IN (
        SELECT attempt_id FROM predictions
        WHERE ended_at < clock_timestamp() - make_interval(days => :days) LIMIT :limit FOR UPDATE SKIP LOCKED
    )
"""

ENDED = text(
    f"""
    SELECT {COLUMNS}, p.state = 'STORED' AS stored, p.result, p.failure_code, p.failure_message, p.failure_detail,
        p.failure_retryable
    FROM predictions AS p WHERE p.attempt_id = ANY(CAST(:ids AS uuid[])) AND p.state IN ('STORED', 'FAILED')
    """  # noqa: S608  # the columns are our own constant
)


PICTURES = TypeAdapter(Sequence[StoredPicture])
PREDICTION_FIELDS = tuple(Prediction.__dataclass_fields__)


@dataclass(frozen=True)
class Known:
    """What a webhook is compared with."""

    attempt_id: str
    token_sha256: str
    prediction_id: str
    state: State
    output_terms: OutputTerms | None


@dataclass(frozen=True)
class Kept:
    """Where results have been stored."""

    attempt_id: str
    pictures: Sequence[StoredPicture]


@dataclass(frozen=True)
class Later:
    """An output to be fetched again. `gone`: it was not where it should be; `refused_sha256`: what came could not be used."""

    attempt_id: str
    delay_seconds: float
    gone: bool = False
    refused_sha256: str | None = None


@dataclass(frozen=True)
class Ended:
    """A prediction that ended before, and how: a stored picture or a failure."""

    prediction: Prediction
    end: Sequence[StoredPicture] | Failed


async def file_predictions(transaction: Transaction, rows: Sequence[Mapping[str, Any]], *, kept_seconds: float) -> set[str]:
    """Insert predictions, each a mapping of FILE's parameters; the ids of those that were not there."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return set((await transaction.execute(FILE, columns | {"kept_seconds": kept_seconds})).scalars())


async def lock_known(transaction: Transaction, attempt_ids: Sequence[str]) -> dict[str, Known]:
    """Those of the attempts that are filed, locked until the transaction ends."""
    rows = await transaction.execute(KNOWN, {"ids": list(attempt_ids)})
    return {
        row.attempt_id: Known(
            row.attempt_id, row.callback_token_sha256, row.prediction_id, row.state, _terms_of(row.output_terms)
        )
        for row in rows
    }


async def mark_ready(
    transaction: Transaction,
    outputs: Mapping[str, Succeeded],
    *,
    owner: str,
    lease_seconds: float,
    lease_max: int,
    kept_seconds: float,
) -> list[Prediction]:
    """Record outputs of predictions in flight; the first `lease_max` are leased to `owner`, and those are returned."""
    if not outputs:
        return []
    parameters = {
        "ids": list(outputs),
        "addresses": [output.output_address for output in outputs.values()],
        "more": [json.dumps(output.more_addresses) if output.more_addresses else None for output in outputs.values()],
        "seconds": [output.predict_seconds for output in outputs.values()],
        "completed_at": [output.completed_at for output in outputs.values()],
        "kept_seconds": kept_seconds,
        "ours": [place < lease_max for place in range(len(outputs))],
        "owner": owner,
        "lease": lease_seconds,
    }
    rows = (await transaction.execute(READY, parameters)).mappings()
    return [prediction_of(row) for row in rows if row["ours"]]


async def mark_failed(transaction: Transaction, failures: Mapping[str, Failed], *, from_ready: bool) -> list[Prediction]:
    """End predictions without a result; those that this call ended. `from_ready`: also where an output was known."""
    if not failures:
        return []
    parameters = {
        "ids": list(failures),
        "codes": [failure.code for failure in failures.values()],
        "messages": [failure.message for failure in failures.values()],
        "details": [failure.detail for failure in failures.values()],
        "retryable": [failure.retryable for failure in failures.values()],
        "from_ready": from_ready,
    }
    return [prediction_of(row) for row in (await transaction.execute(FAIL, parameters)).mappings()]


async def mark_stored(transaction: Transaction, kept: Sequence[Kept]) -> set[str]:
    """End predictions with their results; the ids of those that this call ended."""
    if not kept:
        return set()
    parameters = {
        "ids": [one.attempt_id for one in kept],
        "keys": [one.pictures[0].key for one in kept],
        "thumbnails": [one.pictures[0].thumbnail_key for one in kept],
        "results": [one.pictures[0].model_dump_json() for one in kept],
        "pictures": [PICTURES.dump_json(one.pictures).decode() if one.pictures[1:] else None for one in kept],
    }
    return set((await transaction.execute(STORE, parameters)).scalars())


async def await_next_picture(transaction: Transaction, kept: Sequence[Kept], *, owner: str) -> None:
    """Keep the last of each attempt's pictures, and give the output back: its next picture is collected in a turn of its own."""
    if kept:
        parameters = {
            "ids": [one.attempt_id for one in kept],
            "places": [len(one.pictures) - 1 for one in kept],
            "pictures": [one.pictures[-1].model_dump_json() for one in kept],
        }
        await transaction.execute(NEXT_PICTURE, parameters | {"owner": owner})


async def postpone(transaction: Transaction, later: Sequence[Later], *, owner: str) -> None:
    """Give outputs back, to be fetched again after their delay."""
    if later:
        parameters = {
            "ids": [one.attempt_id for one in later],
            "delays": [one.delay_seconds for one in later],
            "gone": [one.gone for one in later],
            "refused": [one.refused_sha256 for one in later],
        }
        await transaction.execute(POSTPONE, parameters | {"owner": owner})


async def claim_ready(transaction: Transaction, *, owner: str, lease_seconds: float, limit: int) -> list[Prediction]:
    """Lease up to `limit` outputs that are due and nobody works on, those first that the provider deletes first."""
    parameters = {"owner": owner, "lease": lease_seconds, "limit": limit}
    claimed = [prediction_of(row) for row in (await transaction.execute(CLAIM_READY, parameters)).mappings()]
    return sorted(claimed, key=lambda prediction: prediction.expires_in_seconds or 0.0)


async def release_leases(transaction: Transaction, *, owner: str) -> None:
    """Give back all that `owner` holds."""
    await transaction.execute(RELEASE, {"owner": owner})


async def forget_ended(unit_of_work: UnitOfWork, *, keep_days: int) -> None:
    """Drop all predictions that ended long ago, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(FORGET, {"days": keep_days, "limit": limit})).rowcount

    await forget(unit_of_work, "predictions", forget_some)


async def ended_before(transaction: Transaction, attempt_ids: Sequence[str]) -> list[Ended]:
    """Those of the attempts that have ended, and how."""
    ended = []
    for row in (await transaction.execute(ENDED, {"ids": list(attempt_ids)})).mappings():
        if row["stored"] and row["result"] is None:
            continue  # stored before results were kept in whole
        failure = Failed(
            row["failure_code"] or "",
            row["failure_message"] or "",
            row["failure_retryable"] is not False,
            detail=row["failure_detail"],
        )
        end = PICTURES.validate_python(row["pictures"] or [row["result"]]) if row["stored"] else failure
        ended.append(Ended(prediction_of({name: row[name] for name in PREDICTION_FIELDS}), end))
    return ended


def prediction_of(row: Mapping[str, Any] | RowMapping) -> Prediction:
    """A row of COLUMNS as what it is."""
    fields = {str(name): value for name, value in row.items() if name != "ours"}
    read = {
        "output_terms": _terms_of(fields["output_terms"]),
        "more_addresses": tuple(fields["more_addresses"] or ()),
        "pictures": tuple(PICTURES.validate_python(fields["pictures"] or ())),
    }
    return Prediction(**fields | read)


def _terms_of(stored: dict[str, Any] | None) -> OutputTerms | None:
    return OutputTerms.model_validate(stored) if stored is not None else None
