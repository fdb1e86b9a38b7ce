"""The composition root of jobs-api: the whole wiring on one page."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from darkroom_servicekit.fetch import AddressGuard, parse_allow
from darkroom_servicekit.migrations import migrations_of
from darkroom_servicekit.queue_view import QueueView
from darkroom_servicekit.resolver import HostResolver, parse_servers
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.storage import ObjectStore
from fastapi import FastAPI

from darkroom_jobs_api.catalogue.not_sold import install_not_sold_handler
from darkroom_jobs_api.catalogue.store import CatalogueStore
from darkroom_jobs_api.events import event_handlers
from darkroom_jobs_api.idempotency.store import purge_keys
from darkroom_jobs_api.jobs.accept_request import AcceptRequest
from darkroom_jobs_api.jobs.cancel_job import CancelJob
from darkroom_jobs_api.jobs.decide_jobs import DecideJobs
from darkroom_jobs_api.jobs.decisions import Decisions
from darkroom_jobs_api.jobs.doctor import JobsDoctor
from darkroom_jobs_api.jobs.http import job_routes
from darkroom_jobs_api.jobs.http_changes import change_routes
from darkroom_jobs_api.jobs.http_download import download_routes
from darkroom_jobs_api.jobs.redrive_items import RedriveItems
from darkroom_jobs_api.jobs.release_items import ReleaseItems
from darkroom_jobs_api.jobs.retry_job import RetryJob
from darkroom_jobs_api.jobs.stop_items import StopItems
from darkroom_jobs_api.jobs.submit_job import SubmitJob
from darkroom_jobs_api.metrics import JobsApiMetrics
from darkroom_jobs_api.quotes.http import quote_routes
from darkroom_jobs_api.sandbox.door import SandboxDoor
from darkroom_jobs_api.sandbox.http import sandbox_routes
from darkroom_jobs_api.session.http import session_routes
from darkroom_jobs_api.session.revoke_tokens import RevokedTokens
from darkroom_jobs_api.settings import JobsApiSettings
from darkroom_jobs_api.shop.http import shop_routes
from darkroom_jobs_api.shop.sample_store import SampleStore, build_client
from darkroom_jobs_api.timeline.http import Timelines, timeline_routes

MIGRATIONS = migrations_of(Path(__file__).parent)
PURGE_EVERY_SECONDS = 60.0


def build(settings: JobsApiSettings) -> FastAPI:
    """The service, ready to be served."""
    runtime = Runtime("jobs-api", "Darkroom jobs", settings, migrations=MIGRATIONS)
    unit_of_work = runtime.unit_of_work
    catalogue = CatalogueStore(settings.model_overrides())
    decisions = Decisions(runtime.redis)
    release = ReleaseItems(unit_of_work, catalogue, JobsApiMetrics(runtime.metrics.registry))
    guard = AddressGuard(parse_allow(settings.fetch_allow), resolve=HostResolver(parse_servers(settings.dns_servers)))
    accept = AcceptRequest(unit_of_work, catalogue, guard, SubmitJob(unit_of_work, decisions))
    stop_items = StopItems(unit_of_work)
    cancel = CancelJob(unit_of_work, stop_items, decisions)
    store_client = build_client()
    runtime.on_close(store_client.aclose)

    redrive = RedriveItems(oldest_age=timedelta(days=settings.inbox_keep_days))
    runtime.consume(event_handlers(DecideJobs(release, decisions), redrive))
    runtime.loop("decisions", decisions.run)
    runtime.loop("release", release.run)
    runtime.loop("stop", stop_items.run)
    JobsDoctor(unit_of_work, catalogue, [release.once, stop_items.once]).register(runtime.doctor)
    purge = partial(purge_keys, unit_of_work, keep=timedelta(hours=settings.idempotency_keep_hours))
    runtime.forget("idempotency keys", purge, every_seconds=PURGE_EVERY_SECONDS)

    view = QueueView(settings.kafka_bootstrap_servers, prefix=settings.kafka_prefix, client_id="darkroom-jobs-api-queue")
    runtime.after_kafka("queue view", view.run)

    revoked = RevokedTokens(unit_of_work, runtime.revocations)
    runtime.loop("revocations", revoked.run)

    principal = runtime.principal
    install_not_sold_handler(runtime.app)
    runtime.app.include_router(job_routes(accept, unit_of_work, view, principal, media_base=settings.media_base()))
    runtime.app.include_router(download_routes(unit_of_work, ObjectStore(settings.storage_url), principal))
    runtime.app.include_router(change_routes(cancel, RetryJob(unit_of_work, catalogue, accept), principal))
    runtime.app.include_router(quote_routes(unit_of_work, catalogue, view, principal))
    runtime.app.include_router(shop_routes(SampleStore(store_client, settings.store_base_url), principal))
    sandbox = settings.sandbox()
    runtime.app.include_router(sandbox_routes(SandboxDoor(store_client, sandbox) if sandbox else None, principal))
    sessions = session_routes(
        runtime.authenticator,
        revoked.give_back,
        principal,
        sample_shops=settings.sample_shops(),
        operator_offered=settings.offers_operator(),
    )
    runtime.app.include_router(sessions)
    timelines = Timelines(unit_of_work, settings.kafka_bootstrap_servers, prefix=settings.kafka_prefix)
    runtime.app.include_router(timeline_routes(timelines, principal))
    return runtime.app
