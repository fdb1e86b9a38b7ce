"""Jobs and items as the API shows them."""

from darkroom_contracts.queue_place import WaitsFor
from darkroom_servicekit.http import Body

from darkroom_jobs_api.answers import UtcTime, left_out_when_none
from darkroom_jobs_api.jobs.foresee import NOTHING_OF_ITEM, NOTHING_OF_JOB, ItemForeseen, JobForeseen
from darkroom_jobs_api.jobs.job import Item, Job, StoredKeys
from darkroom_jobs_api.jobs.rules import ItemStatus, JobStatus


class JobView(Body):
    """A job."""

    id: int
    product_id: str
    product_name: str
    status: JobStatus
    total_images: int
    completed_images: int
    failed_images: int
    created_at: UtcTime
    started_at: UtcTime | None = left_out_when_none()
    finished_at: UtcTime | None = left_out_when_none()
    position: int | None = left_out_when_none("place of its next picture in the fair order of all shops; 1: the next")
    expected_finish_at: UtcTime | None = left_out_when_none("when its last result is there, as the queue stands now")
    retry_of: int | None = left_out_when_none("the job whose failed pictures it tries again")
    error: str | None = left_out_when_none("why it failed; `insufficient-credits` when its credits were refused")


class ResultView(Body):
    """One of several pictures that an item was made into."""

    url: str
    thumbnail_url: str


class ItemView(Body):
    """One picture of a job."""

    id: int
    image_id: str
    image_url: str
    prompt: str
    status: ItemStatus
    optimized_image_url: str | None = left_out_when_none()
    thumbnail_url: str | None = left_out_when_none()
    results: list[ResultView] | None = left_out_when_none("all its pictures, the first one too, where there are several")
    position: int | None = left_out_when_none("place in the fair order of all shops while it waits; 1: the next")
    expected_start_at: UtcTime | None = left_out_when_none("as the queue stands now")
    waits_for: WaitsFor | None = left_out_when_none("`turn`: others before it; `own-cap`: the shop's own limit; `studio`")
    error: str | None = left_out_when_none("a sentence for a person")
    created_at: UtcTime
    updated_at: UtcTime


class AcceptedJob(Body):
    """The answer `201`: the credits are held, the work begins."""

    success: bool = True
    job: JobView
    credits_used: int
    credits_remaining: int


class JobAnswer(Body):
    """The answer `202`: the decision on the credits has not come yet."""

    job: JobView


class JobPage(Body):
    """A page of jobs, newest first."""

    jobs: list[JobView]
    next_cursor: str | None


class JobDetail(Body):
    """A job with its pictures, in the order sent."""

    job: JobView
    items: list[ItemView]


def job_view(job: Job, foreseen: JobForeseen = NOTHING_OF_JOB) -> JobView:
    """A job as the API shows it."""
    return JobView(
        id=job.id,
        product_id=job.product_id,
        product_name=job.product_name,
        status=job.status,
        total_images=job.items_total,
        completed_images=job.items_done,
        failed_images=job.items_failed,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        position=foreseen.position,
        expected_finish_at=foreseen.finishes_at,
        retry_of=job.retry_of,
        error=job.error,
    )


def item_view(item: Item, media_base: str, foreseen: ItemForeseen = NOTHING_OF_ITEM) -> ItemView:
    """An item as the API shows it; pictures at the media address."""
    return ItemView(
        id=item.id,
        image_id=item.image_id,
        image_url=item.image_url,
        prompt=item.prompt,
        status=item.status,
        optimized_image_url=_media_url(media_base, item.result_key),
        thumbnail_url=_media_url(media_base, item.thumbnail_key),
        results=_results(item, media_base),
        position=foreseen.position,
        expected_start_at=foreseen.starts_at,
        waits_for=foreseen.waits_for,
        error=item.error,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def _results(item: Item, media_base: str) -> list[ResultView] | None:
    if not item.more_results or not item.result_key or not item.thumbnail_key:
        return None
    address = f"{media_base}/media/"
    stored = (StoredKeys(item.result_key, item.thumbnail_key), *item.more_results)
    return [ResultView(url=address + one.key, thumbnail_url=address + one.thumbnail_key) for one in stored]


def _media_url(media_base: str, key: str | None) -> str | None:
    return f"{media_base}/media/{key}" if key else None
