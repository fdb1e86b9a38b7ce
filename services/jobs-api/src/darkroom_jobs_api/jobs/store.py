"""Jobs as tenants make and read them. Every look-up carries the tenant: another's job does not exist."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_jobs_api.catalogue.product import Product
from darkroom_jobs_api.jobs.job import Item, Job, StoredKeys
from darkroom_jobs_api.jobs.rules import JobStatus, has_ended
from darkroom_jobs_api.jobs.submission import SubmissionBody, chosen_options

JOB_COLUMNS = ", ".join(Job.__dataclass_fields__)
ITEM_COLUMNS = ", ".join(Item.__dataclass_fields__)

INSERT = text(
    f"""
    WITH job AS (
        INSERT INTO jobs (instance_id, subject, product, product_id, product_name, options, input_template, output_terms,
                          price_version, price_credits, failed_items_refunded, retry_of, status, items_total, created_at,
                          updated_at)
        VALUES (:instance_id, :subject, :product, :product_id, :product_name, CAST(:options AS jsonb),
                CAST(:input_template AS jsonb), CAST(:output_terms AS jsonb), :price_version, :price_credits,
                :failed_items_refunded, :retry_of, 'PENDING', :items_total, :now, :now)
        RETURNING {JOB_COLUMNS}
    ), pictures AS (
        INSERT INTO items (job_id, instance_id, place, image_id, image_url, prompt, status, created_at, updated_at)
        SELECT job.id, :instance_id, picture.place, picture.image_id, picture.image_url, picture.prompt, 'PENDING', :now, :now
        FROM job, unnest(CAST(:image_ids AS text[]), CAST(:image_urls AS text[]), CAST(:prompts AS text[]))
             WITH ORDINALITY AS picture (image_id, image_url, prompt, place)
        ORDER BY picture.place
    )
    SELECT * FROM job
    """  # noqa: S608 - our columns
)
FIND = text(f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = :job_id AND instance_id = :instance_id")  # noqa: S608 - our columns
ASKED = text("SELECT product, options FROM jobs WHERE id = :job_id AND instance_id = :instance_id")
LIST = text(
    f"""
    SELECT {JOB_COLUMNS} FROM jobs
    WHERE instance_id = :instance_id AND id < :before AND status = ANY(CAST(:statuses AS text[]))
    ORDER BY id DESC LIMIT :rows_max
    """  # noqa: S608 - our columns
)
# For states that are not terminal: it says so in the words of the index `jobs_open`, so ended jobs are not looked at.
LIST_OPEN = text(
    f"""
    SELECT {JOB_COLUMNS} FROM jobs
    WHERE instance_id = :instance_id AND id < :before AND status = ANY(CAST(:statuses AS text[])) AND finished_at IS NULL
    ORDER BY id DESC LIMIT :rows_max
    """  # noqa: S608 - our columns
)
ITEMS = text(f"SELECT {ITEM_COLUMNS} FROM items WHERE job_id = :job_id AND instance_id = :instance_id ORDER BY place")  # noqa: S608

BEFORE_ALL = 2**63 - 1


class JobNotFound(Exception):
    """There is no such job in this tenant."""


@dataclass(frozen=True)
class Owner:
    """Whose job it is: the tenant, and the person within it."""

    instance_id: str
    subject: str


@dataclass(frozen=True)
class Asked:
    """What a job was asked for, beside its pictures."""

    product: str
    options: dict[str, str]


async def insert_job(
    transaction: Transaction, owner: Owner, product: Product, body: SubmissionBody, *, retry_of: int | None = None
) -> Job:
    """Write a PENDING job with its items, in the order sent. Raises InvalidOutputTerms."""
    terms = product.output_terms()
    values = {
        "instance_id": owner.instance_id,
        "subject": owner.subject,
        "product": product.name,
        "product_id": body.product_id,
        "product_name": body.product_name,
        "options": json.dumps(product.chosen(chosen_options(body))),
        "input_template": json.dumps(product.input),
        "output_terms": None if terms is None else terms.model_dump_json(by_alias=True, exclude_none=True),
        "price_version": product.price_version,
        "price_credits": product.price_credits,
        "failed_items_refunded": product.failed_items_refunded,
        "retry_of": retry_of,
        "items_total": len(body.images),
        "image_ids": [image.image_id for image in body.images],
        "image_urls": [image.image_url for image in body.images],
        "prompts": [image.prompt for image in body.images],
        "now": transaction.now,
    }
    return Job(**(await transaction.execute(INSERT, values)).one()._mapping)


async def find_job(connection: AsyncConnection, instance_id: str, job_id: int) -> Job:
    """A tenant's job. Raises JobNotFound."""
    row = (await connection.execute(FIND, {"instance_id": instance_id, "job_id": job_id})).one_or_none()
    if row is None:
        raise JobNotFound(job_id)
    return Job(**row._mapping)


async def asked_of(connection: AsyncConnection, instance_id: str, job_id: int) -> Asked:
    """What a tenant's job was asked for. Raises JobNotFound."""
    row = (await connection.execute(ASKED, {"instance_id": instance_id, "job_id": job_id})).one_or_none()
    if row is None:
        raise JobNotFound(job_id)
    return Asked(row.product, row.options)


async def list_jobs(
    connection: AsyncConnection, instance_id: str, *, statuses: Sequence[JobStatus], before: int | None, limit: int
) -> tuple[list[Job], int | None]:
    """A tenant's jobs, newest first, and the id before which the next page begins, if there is one."""
    values = {
        "instance_id": instance_id,
        "statuses": list(statuses),
        "before": BEFORE_ALL if before is None else before,
        "rows_max": limit + 1,
    }
    statement = LIST if any(has_ended(status) for status in statuses) else LIST_OPEN
    rows = (await connection.execute(statement, values)).all()
    jobs = [Job(**row._mapping) for row in rows[:limit]]
    return jobs, jobs[-1].id if len(rows) > limit else None


async def items_of(connection: AsyncConnection, instance_id: str, job_id: int) -> list[Item]:
    """The items of a tenant's job, in the order sent."""
    rows = (await connection.execute(ITEMS, {"instance_id": instance_id, "job_id": job_id})).all()
    return [_item(row._asdict()) for row in rows]


def _item(columns: dict[str, Any]) -> Item:
    more = tuple(StoredKeys(**keys) for keys in columns["more_results"] or ())
    return Item(**columns | {"more_results": more})
