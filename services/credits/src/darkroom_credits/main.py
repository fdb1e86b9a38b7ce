"""The composition root of credits: everything is built here, and passed on."""

from pathlib import Path

from darkroom_servicekit.auth import bearer_principal
from darkroom_servicekit.runtime import Runtime, utc_now
from fastapi import FastAPI

from darkroom_credits.change_plan import ChangePlan
from darkroom_credits.events import build_handlers
from darkroom_credits.grant_credits import GrantCredits
from darkroom_credits.http_operator import build_operator_routes
from darkroom_credits.http_statement import build_statement_routes
from darkroom_credits.http_tenant import build_tenant_routes
from darkroom_credits.keep_books import KeepBooks
from darkroom_credits.keep_time import KeepTime
from darkroom_credits.look_at_account import LookAtAccount
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.open_samples import OpenSamples
from darkroom_credits.settings import CreditsSettings

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def build(settings: CreditsSettings) -> FastAPI:
    """The service as an ASGI app."""
    runtime = Runtime("credits", "Darkroom credits", settings, migrations=MIGRATIONS)
    unit_of_work = runtime.unit_of_work
    metrics = CreditsMetrics(runtime.metrics.registry)
    time = KeepTime(unit_of_work, metrics, clock=utc_now, overdue_seconds=settings.reservation_overdue_seconds)
    accounts = LookAtAccount(unit_of_work, utc_now)
    grants = GrantCredits(metrics, time.look_again)
    plans = ChangePlan(time.look_again)
    samples = OpenSamples(unit_of_work, plans, instance_ids=settings.sample_instance_ids(), plan=settings.sample_plan)
    principal_of = bearer_principal(runtime.authenticator)

    runtime.consume(build_handlers(KeepBooks(metrics)))
    runtime.loop("time", time.run)
    runtime.loop("sample shops", samples.run)
    runtime.app.include_router(build_tenant_routes(unit_of_work, accounts, principal_of))
    runtime.app.include_router(build_statement_routes(unit_of_work, accounts, principal_of))
    runtime.app.include_router(
        build_operator_routes(unit_of_work, accounts=accounts, grants=grants, plans=plans, principal_of=principal_of)
    )
    return runtime.app
