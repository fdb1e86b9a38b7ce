"""The composition root of credits: everything is built here, and passed on."""

from pathlib import Path

from darkroom_servicekit.auth import bearer_principal
from darkroom_servicekit.runtime import Runtime
from fastapi import FastAPI

from darkroom_credits.events import build_handlers
from darkroom_credits.grant_credits import GrantCredits
from darkroom_credits.http import build_operator_routes, build_tenant_routes
from darkroom_credits.keep_books import KeepBooks
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.open_samples import OpenSamples
from darkroom_credits.settings import CreditsSettings

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def build(settings: CreditsSettings) -> FastAPI:
    """The service as an ASGI app."""
    runtime = Runtime("credits", "Darkroom credits", settings, migrations=MIGRATIONS)
    metrics = CreditsMetrics(runtime.metrics.registry)
    grants = GrantCredits(metrics)
    samples = OpenSamples(runtime.unit_of_work, grants, instance_ids=settings.sample_instance_ids(), plan=settings.sample_plan)
    principal_of = bearer_principal(runtime.authenticator)

    runtime.consume(build_handlers(KeepBooks(metrics)))
    runtime.loop("sample shops", samples.run)
    runtime.app.include_router(build_tenant_routes(runtime.unit_of_work, principal_of))
    runtime.app.include_router(build_operator_routes(runtime.unit_of_work, grants, principal_of))
    return runtime.app
