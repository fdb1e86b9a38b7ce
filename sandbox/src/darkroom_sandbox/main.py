"""Composition root: builds the whole sandbox from its settings; nothing here is done at import."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import Router
from starlette.types import ASGIApp

from darkroom_sandbox.apart import HeadApart
from darkroom_sandbox.arrival import ArrivalClock
from darkroom_sandbox.authority import server_context
from darkroom_sandbox.call_log import CallLog
from darkroom_sandbox.control.routes import build_control_router
from darkroom_sandbox.front import Front
from darkroom_sandbox.http_post import HttpPoster
from darkroom_sandbox.messages.routes import Messages
from darkroom_sandbox.pictures.instant import InstantPictures
from darkroom_sandbox.pictures.source import PictureSource, build_client
from darkroom_sandbox.pictures.worker_pool import PicturePool
from darkroom_sandbox.replicate.board import Board
from darkroom_sandbox.replicate.door import Door
from darkroom_sandbox.replicate.files_api import FilesApi
from darkroom_sandbox.replicate.lifecycle import Predictions
from darkroom_sandbox.replicate.limits import RollingLimits
from darkroom_sandbox.replicate.options import CurrentOptions
from darkroom_sandbox.replicate.predictions_api import PredictionsApi
from darkroom_sandbox.replicate.routes import OutputDelivery, replicate_routes
from darkroom_sandbox.replicate.uploaded_files import UploadedFiles
from darkroom_sandbox.replicate.webhooks import WebhookSender
from darkroom_sandbox.settings import Settings
from darkroom_sandbox.store import store_routes
from darkroom_sandbox.stripe.routes import build_stripe
from darkroom_sandbox.wire.control import build_wire_router
from darkroom_sandbox.wire.wires import Wires


def build_wires(settings: Settings) -> Wires:
    """The wires in front of the vendors; the files of TLS are made here."""
    home = settings.home.absolute()
    tls = server_context(folder=home / "tls", ca_file=settings.ca_file or home / "ca.pem") if settings.tls else None
    return Wires(host=settings.host, ports=settings.wires, tls=tls)


def build(settings: Settings, wires: Wires) -> ASGIApp:
    """The ASGI application: control and documentation by FastAPI, the vendors' busy paths by plain routes."""
    log, options, limits, board = CallLog(), CurrentOptions(), RollingLimits(), Board()
    replicate_url = f"{wires.addresses().get('replicate', settings.base_url)}/replicate"
    api_url = f"{replicate_url}/v1"
    outputs, uploads = settings.home.absolute() / "outputs", settings.home.absolute() / "uploads"
    files_api = FilesApi(UploadedFiles(uploads), api_url)
    client, pool = build_client(), PicturePool()
    webhooks = WebhookSender(options, HttpPoster())
    predictions = Predictions(
        board=board,
        options=options,
        webhooks=webhooks,
        pool=pool,
        source=PictureSource(client, files_api.own_file),
        instant=InstantPictures(pool, outputs),
        outputs=outputs,
        replicate_url=replicate_url,
    )

    stripe = build_stripe(
        log=log,
        base_url=settings.base_url,
        platform_url=settings.platform_url,
        webhook_secret=settings.stripe_webhook_secret,
    )

    messages = Messages(log=log, platform_url=settings.platform_url, host=settings.host, smtp_port=settings.smtp_port)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _make_empty(outputs, uploads)
        await messages.start()
        sweeper = asyncio.create_task(predictions.sweep_forever())
        yield
        sweeper.cancel()
        predictions.close()
        webhooks.close()
        stripe.sender.close()
        await messages.close()
        await pool.close()
        await client.aclose()

    def reset() -> None:
        log.clear()
        options.reset()
        stripe.options.reset()
        messages.reset()
        limits.clear()
        wires.reset()

    app = FastAPI(title="Darkroom sandbox", summary="The outside world over real HTTP", lifespan=lifespan)
    app.include_router(build_control_router(log=log, options=options, finish=predictions.finish, reset=reset))
    app.include_router(build_wire_router(wires))
    app.router.routes.extend(store_routes(settings.home, settings.base_url))
    app.include_router(stripe.control)
    app.router.routes.extend(stripe.routes)
    app.include_router(messages.control)
    app.router.routes.extend(messages.routes)

    @app.get("/healthz", tags=["health"])
    @app.get("/readyz", tags=["health"])
    async def health() -> dict[str, str]:
        """The sandbox depends on nothing: alive is ready."""
        return {"status": "ok"}

    busy = replicate_routes(
        door=Door(log=log, options=options, limits=limits),
        predictions_api=PredictionsApi(board=board, options=options, predictions=predictions, api_url=api_url),
        files_api=files_api,
        delivery=OutputDelivery(board, predictions, options),
    )
    replicate = HeadApart(Router(busy, redirect_slashes=False), wanted=lambda: options.now.answers_in_two)
    return ArrivalClock(Front(busy_prefix="/replicate/", busy=replicate, rest=app))


def _make_empty(*folders: Path) -> None:
    """Predictions and files live no longer than the process, so what an earlier one left is of no use."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
