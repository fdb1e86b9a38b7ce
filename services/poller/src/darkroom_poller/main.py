"""The poller's wiring: what is built, from which settings, and what runs."""

import time
from functools import partial
from pathlib import Path

import structlog
from darkroom_contracts.predictions import PredictionCreated
from darkroom_servicekit.consumer import Handlers
from darkroom_servicekit.fetch import AddressGuard, SafeFetcher, parse_allow
from darkroom_servicekit.migrations import migrations_of
from darkroom_servicekit.resolver import HostResolver, parse_servers
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.signing_keys import parse_secrets
from darkroom_servicekit.storage import ObjectStore
from fastapi import FastAPI

from darkroom_poller.collect_results import KEPT_FOLDER, CollectLimits, CollectResults, folders
from darkroom_poller.doctor import PollerDoctor
from darkroom_poller.early_store import forget_early
from darkroom_poller.fetch_outputs import FetchOutputs
from darkroom_poller.file_predictions import FilePredictions
from darkroom_poller.http import media_routes, webhook_routes
from darkroom_poller.imaging_costs import memory_bytes
from darkroom_poller.imaging_frames import REPLACEMENT_BYTES_MAX
from darkroom_poller.imaging_workers import ImageLimits, ImagingWorkers
from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.name_accounts import NameAccounts
from darkroom_poller.output_limits import PlatformLimits
from darkroom_poller.poll_predictions import PollLimits, PollPredictions
from darkroom_poller.providers.replicate import PROVIDER, Replicate, read_prediction
from darkroom_poller.receive_webhook import ReceiveWebhook
from darkroom_poller.record_progress import Collectors, RecordProgress
from darkroom_poller.settings import PollerSettings
from darkroom_poller.store import forget_ended
from darkroom_poller.sweep_staged import sweep_staged
from darkroom_poller.watch_predictions import WatchPredictions
from darkroom_poller.webhook_signatures import WebhookSignatures

MIGRATIONS = migrations_of(Path(__file__).parent)
log = structlog.get_logger()

FORGET_EVERY_SECONDS = 600.0
SWEEP_EVERY_SECONDS = 3600.0


def build(settings: PollerSettings) -> FastAPI:
    """The poller as an app."""
    runtime = Runtime("poller", "Darkroom poller", settings, migrations=MIGRATIONS)
    metrics = PollerMetrics(runtime.metrics.registry)
    storage = ObjectStore(settings.storage_url)
    resolver = HostResolver(parse_servers(settings.dns_servers))
    fetcher = SafeFetcher(AddressGuard(parse_allow(settings.fetch_allow), resolve=resolver))
    replicate = Replicate(settings.replicate_base_url, settings.replicate_accounts(), seconds_max=settings.provider_seconds_max)
    imaging = ImagingWorkers(
        settings.image_workers,
        ImageLimits(
            settings.output_pixels_max,
            settings.thumbnail_pixels,
            settings.image_seconds_max,
            memory_bytes_max=memory_bytes(settings.output_pixels_max),
        ),
        metrics,
    )
    collect = CollectResults(
        runtime.unit_of_work,
        FetchOutputs(fetcher, storage, seconds_max=settings.fetch_seconds_max),
        imaging,
        storage,
        metrics,
        limits=collect_limits(settings),
        folder_of=folders(parse_secrets(settings.media_secret)[0]),
    )
    collectors = Collectors(
        settings.replica_name(),
        settings.collect_lease_seconds,
        settings.output_kept_seconds,
        collect.room,
        collect.take,
        collect.wake,
    )
    record = RecordProgress(runtime.unit_of_work, collectors, metrics, missing_seconds=settings.missing_seconds)
    poll = PollPredictions(
        runtime.unit_of_work,
        {PROVIDER: replicate},
        record,
        metrics,
        PollLimits(settings.polls_per_minute, settings.unreachable_seconds_max),
    )
    accounts = {PROVIDER: replicate.accounts}
    names = NameAccounts(runtime.unit_of_work, accounts)
    filing = FilePredictions(
        read_webhook=read_prediction,
        names=names,
        metrics=metrics,
        overdue_margin_seconds=settings.overdue_margin_seconds,
        kept_seconds=settings.output_kept_seconds,
        output_ready=collect.wake,
        filed=poll.wake,
    )
    signatures = WebhookSignatures(replicate, clock=time.monotonic)
    receive = ReceiveWebhook(PROVIDER, signatures, read_prediction, record, metrics)

    async def name_then_poll() -> None:
        await names.rename_rows()
        await poll.run()

    runtime.consume(Handlers().on(PredictionCreated, filing.on_predictions_created))
    PollerDoctor(runtime.unit_of_work, accounts, lambda: poll.wake(0.0), collect.wake).register(runtime.doctor)
    runtime.loop("collect", collect.run)
    runtime.loop("poll", name_then_poll)
    runtime.forget("early webhooks", partial(forget_early, runtime.unit_of_work), every_seconds=FORGET_EVERY_SECONDS)
    forget_old = partial(forget_ended, runtime.unit_of_work, keep_days=settings.keep_days)
    runtime.forget("predictions", forget_old, every_seconds=FORGET_EVERY_SECONDS)
    sweep = partial(sweep_staged, storage, keep_days=settings.staged_keep_days)
    runtime.forget("staged outputs", sweep, every_seconds=SWEEP_EVERY_SECONDS)
    sweep_unusable = partial(sweep_staged, storage, keep_days=settings.unusable_keep_days, folder=KEPT_FOLDER)
    runtime.forget("unusable outputs", sweep_unusable, every_seconds=SWEEP_EVERY_SECONDS)
    runtime.loop("watch", WatchPredictions(runtime.unit_of_work, metrics, accounts).run)
    runtime.health.add("storage", storage.check)
    for close in (replicate.aclose, fetcher.aclose, imaging.aclose, collect.release_when_possible):
        runtime.on_close(close)
    runtime.app.include_router(webhook_routes(receive))
    runtime.app.include_router(media_routes(storage))
    return runtime.app


def collect_limits(settings: PollerSettings) -> CollectLimits:
    """The part of the settings that collecting needs."""
    for usual, ceiling in (("fetch_bytes_max", "output_bytes_max"), ("pixels_max", "output_pixels_max")):
        if getattr(settings, usual) > getattr(settings, ceiling):
            log.warning("the ceiling is below the usual size, and holds", usual=usual, ceiling=ceiling)
    return CollectLimits(
        owner=settings.replica_name(),
        lease_seconds=settings.collect_lease_seconds,
        collectors=settings.collectors,
        outputs=PlatformLimits(
            bytes_default=settings.fetch_bytes_max,
            pixels_default=settings.pixels_max,
            bytes_ceiling=settings.output_bytes_max,
            pixels_ceiling=settings.output_pixels_max,
        ),
        # As many outputs of the default size as there are collectors never wait for one another.
        fetched_bytes_max=max(settings.collectors * settings.fetch_bytes_max, settings.output_bytes_max),
        # For each child, one that it makes and one that is being stored.
        replacement_bytes_max=2 * settings.image_workers * REPLACEMENT_BYTES_MAX,
    )
