"""The predictor, wired: consumer → table → fair queue → dispatcher → provider, and look-ups for what stayed unanswered."""

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.health import NotReady
from darkroom_servicekit.migrations import migrations_of
from darkroom_servicekit.own_limits import OwnLimits
from darkroom_servicekit.runtime import Runtime
from fastapi import APIRouter, FastAPI
from redis.exceptions import RedisError

from darkroom_predictor.cancel_jobs import CancelJobs
from darkroom_predictor.doctor import PredictorDoctor
from darkroom_predictor.events import PredictorEvents
from darkroom_predictor.fail_attempts import FailAttempts
from darkroom_predictor.fair_queue import Figures, Hints, LimiterClosed
from darkroom_predictor.fault_store import ModelFault
from darkroom_predictor.forget_old_rows import forget_old_rows
from darkroom_predictor.give_up_models import GiveUpUnserved
from darkroom_predictor.hear_of_predictions import HearOfPredictions
from darkroom_predictor.http import predictor_routes
from darkroom_predictor.http_limits import limit_routes
from darkroom_predictor.http_tenants import tenant_routes
from darkroom_predictor.keep_limits import KeepLimits
from darkroom_predictor.keep_terms import KeepTerms
from darkroom_predictor.letters.collect import CollectLetters
from darkroom_predictor.letters.http import Letters, letter_routes
from darkroom_predictor.letters.redrive import RedriveLetters
from darkroom_predictor.letters.store import count_open
from darkroom_predictor.limiter_controls import ModelFigures
from darkroom_predictor.limits import AccountLimits
from darkroom_predictor.line import ProviderLine
from darkroom_predictor.measure_queue import MeasureQueue
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.providers.replicate import Replicate
from darkroom_predictor.settings import PredictorSettings
from darkroom_predictor.show_tenants import ShowTenants
from darkroom_predictor.terms_store import TermsTable
from darkroom_predictor.watch_tables import WatchTables

MIGRATIONS = migrations_of(Path(__file__).parent)

TENANTS_LOGGED_MAX = 20
"""Slowed tenants that a heartbeat names for each model."""

log = structlog.get_logger()


def build(settings: PredictorSettings) -> FastAPI:
    """Everything that one predictor replica is made of."""
    runtime = Runtime("predictor", "Darkroom predictor", settings, migrations=MIGRATIONS)
    metrics = PredictorMetrics(runtime.metrics.registry)
    lines: dict[str, ProviderLine] = {}

    def model_is_broken(provider: str, model: str) -> bool:
        return provider in lines and lines[provider].controls.is_open(model)

    fail_attempts = FailAttempts(random.random, model_is_broken=model_is_broken)

    def tell(hints: Mapping[str, Hints]) -> None:
        for provider, told in hints.items():
            if provider in lines:
                lines[provider].dispatcher.tell(told)
                if told.filed:
                    measure.wake()
            else:
                log.error("items wait for a provider that this predictor has no door to", provider=provider)

    def cancels_due(providers: Iterable[str]) -> None:
        for provider in lines.keys() & set(providers):
            lines[provider].cancel.wake()

    doors = [_replicate(settings)]
    for door, limits in doors:
        lines[door.name] = ProviderLine(
            runtime,
            settings,
            door,
            others=[other.name for other, _ in doors],
            limits=limits,
            fail_attempts=fail_attempts,
            metrics=metrics,
            tell=tell,
        )
        lines[door.name].start(runtime)

    async def read_figures() -> Figures:
        return await _read_figures(list(lines.values()))

    keep_terms, tenants = _tenants(runtime, settings, list(lines.values()))
    measure = MeasureQueue(
        runtime.redis,
        runtime.broker,
        runtime.unit_of_work,
        [(line.queue, line.door.accounts) for line in lines.values()],
        prefix=settings.kafka_prefix,
        replica=settings.replica_name(),
        window_seconds=settings.window_seconds + settings.grant_seconds_max,
    )
    runtime.after_kafka("measure queue", measure.run)
    redrive = RedriveLetters(runtime.unit_of_work)
    accounts = {line.door.name: line.door.accounts for line in lines.values()}
    watch = WatchTables(runtime.unit_of_work, metrics, accounts, every_seconds=settings.heartbeat_seconds)
    runtime.loop("watch", watch.run)
    runtime.loop("heartbeat", lambda: _heartbeat(list(lines.values()), metrics, watch, every_seconds=settings.heartbeat_seconds))
    give_up = GiveUpUnserved(
        runtime.unit_of_work,
        list(lines),
        wait_seconds_max=settings.model_wait_seconds_max,
        every_seconds=settings.repair_every_seconds,
    )
    runtime.loop("give up", give_up.run)
    runtime.loop("redrive", redrive.run)
    forget_old_rows(runtime, keep_items_days=settings.queue_keep_days, keep_letters_days=settings.dead_letters_keep_days)
    runtime.loop("dead letters", lambda: _count_letters(runtime.unit_of_work, metrics, settings.heartbeat_seconds))
    hear = HearOfPredictions({name: line.record_outcomes for name, line in lines.items()}, metrics)
    events = PredictorEvents(
        fail_attempts, CancelJobs(tell, cancels_due), hear, keep_terms, tell, keep=timedelta(days=settings.queue_keep_days)
    ).handlers()
    runtime.consume(CollectLetters(prefix=settings.kafka_prefix).register(events))
    runtime.needs_redis()
    runtime.health.add("limiter", lambda: _check_limiters(list(lines.values())))
    runtime.app.include_router(predictor_routes(read_figures, runtime.principal))
    runtime.app.include_router(tenants)
    keep_limits = KeepLimits(list(lines.values()), runtime.unit_of_work)
    runtime.app.include_router(limit_routes(keep_limits, runtime.principal))
    PredictorDoctor(runtime.unit_of_work, lines).register(runtime.doctor)
    letters = Letters(runtime.unit_of_work, redrive.wake, readers_remember=timedelta(days=settings.inbox_keep_days))
    runtime.app.include_router(letter_routes(letters, runtime.principal))
    return runtime.app


async def _read_figures(lines: Sequence[ProviderLine]) -> Figures:
    return join_figures([await line.queue.figures(line.door.accounts) for line in lines])


async def _check_limiters(lines: Sequence[ProviderLine]) -> None:
    """Not ready while a limiter needs a person; one that is closed for a moment opens by itself."""
    for line in lines:
        if line.limiter.refusal:
            raise NotReady(line.limiter.refusal)


async def _heartbeat(
    lines: Sequence[ProviderLine], metrics: PredictorMetrics, watch: WatchTables, *, every_seconds: float
) -> None:
    while True:
        await asyncio.sleep(every_seconds)
        cycle = sum(line.dispatcher.rounds for line in lines)
        try:
            figures = await _read_figures(lines)
            models = [model for line in lines for model in await line.controls.models()]
        except (RedisError, LimiterClosed, OSError) as error:
            metrics.no_figures()
            reason = next((line.limiter.refusal for line in lines if line.limiter.refusal), str(error)[:200])
            log.warning("heartbeat: limiter closed, nothing is sent", cycle=cycle, reason=reason)
            continue
        metrics.figures(figures)
        metrics.models(models)
        metrics.clock_steps.set(sum(line.queue.clock_steps for line in lines))
        log.info("heartbeat", cycle=cycle, **heartbeat_figures(figures), **heartbeat_models(models, watch.last.faults))


async def _count_letters(unit_of_work: UnitOfWork, metrics: PredictorMetrics, every_seconds: float) -> None:
    while True:
        async with unit_of_work.read() as connection:
            metrics.open_letters(await count_open(connection))
        await asyncio.sleep(every_seconds)


def _tenants(runtime: Runtime, settings: PredictorSettings, lines: Sequence[ProviderLine]) -> tuple[KeepTerms, APIRouter]:
    """Tenants' terms: kept in step with the queues and the doors, shown and set by operators."""
    unit_of_work, queues = runtime.unit_of_work, [line.queue for line in lines]

    def wake() -> None:
        for line in lines:
            line.dispatcher.tell(Hints())

    table = TermsTable(unit_of_work)
    keep_terms = KeepTerms(unit_of_work, table, queues, OwnLimits(runtime.redis), wake=wake)
    show_tenants = ShowTenants(unit_of_work, table, queues, window_seconds=settings.window_seconds)
    runtime.loop("terms", keep_terms.run)
    return keep_terms, tenant_routes(keep_terms, show_tenants, runtime.principal)


def join_figures(found: Sequence[Figures]) -> Figures:
    """The figures of several providers as one."""
    return Figures(
        length=sum(one.length for one in found),
        unmoved_seconds=max(one.unmoved_seconds for one in found),
        accounts=[account for one in found for account in one.accounts],
    )


def heartbeat_figures(figures: Figures) -> dict[str, object]:
    """What the heartbeat line says beside its cycle."""
    requests, cap = sum(one.granted for one in figures.accounts), sum(one.cap for one in figures.accounts)
    return {
        "queue": figures.length,
        "unmoved_seconds": round(figures.unmoved_seconds),
        "requests_in_last_minute": f"{requests}/{cap}",
        "in_flight": sum(one.live for one in figures.accounts),
        "caps_cut": {one.account: one.in_force for one in figures.accounts if one.in_force < one.cap},
        "accounts_stopped": {one.account: one.stopped for one in figures.accounts if one.stopped},
        "accounts_paused": [one.account for one in figures.accounts if one.paused_seconds > 0],
    }


def heartbeat_models(models: Sequence[ModelFigures], faults: Sequence[ModelFault]) -> dict[str, object]:
    """What the heartbeat line says about failing models and tenants."""
    return {
        "models_closed_for_our_fault": {one.model: one.code for one in faults},
        "models_broken": [one.model for one in models if one.open_seconds is not None],
        "tenants_slowed": {one.model: _names(one) for one in models if one.slowed},
    }


def _names(model: ModelFigures) -> list[str]:
    return [one.tenant for one in model.slowed][:TENANTS_LOGGED_MAX]


def _replicate(settings: PredictorSettings) -> tuple[Replicate, Sequence[AccountLimits]]:
    accounts = settings.replicate_accounts()
    if not accounts:
        log.error("no provider account: set DARKROOM_REPLICATE_API_TOKENS; items will wait")
    door = Replicate(
        accounts,
        base_url=settings.replicate_base_url,
        webhook_base_url=settings.public_url,
        connect_seconds_max=settings.connect_seconds_max,
        create_seconds_max=settings.create_seconds_max,
    )
    limits = [
        AccountLimits(
            account=account,
            cap=settings.replicate_cap_per_minute,
            burst=settings.replicate_burst,
            slots=settings.replicate_concurrency,
        )
        for account in door.accounts
    ]
    return door, limits
