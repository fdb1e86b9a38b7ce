"""A job and its items as they are read: plain values, no rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from darkroom_jobs_api.jobs.rules import ItemStatus, JobStatus

Decision = Literal["WAITING", "RESERVED", "REJECTED"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as its tenant may see it, with the decision on its credits."""

    id: int
    product_id: str
    product_name: str
    retry_of: int | None
    status: JobStatus
    error: str | None
    price_credits: int
    items_total: int
    items_done: int
    items_failed: int
    decision: Decision
    credits_needed: int | None
    credits_available: int | None
    credits_held: int | None
    credits_renew_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class StoredKeys:
    """Where a result and its thumbnail stand in the storage."""

    key: str
    thumbnail_key: str


@dataclass(frozen=True, kw_only=True)
class Item:
    """One picture of a job."""

    id: int
    image_id: str
    image_url: str
    prompt: str
    status: ItemStatus
    result_key: str | None
    thumbnail_key: str | None
    more_results: tuple[StoredKeys, ...]
    error: str | None
    created_at: datetime
    updated_at: datetime
