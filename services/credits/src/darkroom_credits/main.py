"""The composition root of credits: everything is built here, and passed on."""

from pathlib import Path

from darkroom_servicekit.runtime import Runtime
from fastapi import FastAPI

from darkroom_credits.events import build_handlers
from darkroom_credits.keep_books import KeepBooks
from darkroom_credits.metrics import CreditsMetrics
from darkroom_credits.settings import CreditsSettings

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def build(settings: CreditsSettings) -> FastAPI:
    """The service as an ASGI app."""
    runtime = Runtime("credits", "Darkroom credits", settings, migrations=MIGRATIONS)
    metrics = CreditsMetrics(runtime.metrics.registry)
    runtime.consume(build_handlers(KeepBooks(metrics)))
    return runtime.app
