"""The notifier's wiring, whole."""

import time
from pathlib import Path

from darkroom_servicekit.migrations import migrations_of
from darkroom_servicekit.queue_view import QueueView
from darkroom_servicekit.runtime import Runtime
from fastapi import FastAPI

from darkroom_notifier.connection import Parts
from darkroom_notifier.history import History
from darkroom_notifier.http import socket_routes
from darkroom_notifier.hub import Hub
from darkroom_notifier.measures import Measures
from darkroom_notifier.origins import allowed_origins
from darkroom_notifier.places import Places
from darkroom_notifier.publish_frames import FramePublisher
from darkroom_notifier.settings import NotifierSettings
from darkroom_notifier.sockets import Sockets
from darkroom_notifier.take_events import handlers_of
from darkroom_notifier.tell_people import tell_people
from darkroom_notifier.tell_places import TellPlaces

BATCHES_PER_SECOND = 65.0
"""People are told within 50 ms of an event also under load, so batches cannot gather for as long as elsewhere."""
MIGRATIONS = migrations_of(Path(__file__).parent)


def build(settings: NotifierSettings) -> FastAPI:
    """The service, ready to be served."""
    runtime = Runtime("notifier", "Darkroom notifier", settings, migrations=MIGRATIONS)
    runtime.needs_redis()
    measures = Measures(runtime.metrics.registry)
    history = History(runtime.redis, frames_kept=settings.ws_history_frames, seconds_kept=settings.ws_history_seconds)
    hub = Hub(settings.redis_url)
    places = Places(runtime.redis, places_max=settings.ws_sockets_max)
    parts = Parts(authenticator=runtime.authenticator, hub=hub, history=history, places=places, measures=measures)
    sockets = Sockets(parts)
    publisher = FramePublisher(history, measures, media_base=settings.media_base(), clock=time.monotonic)
    recorder = tell_people(runtime, settings, measures)
    runtime.consume(handlers_of(publisher.on_events, recorder.on_events), batches_per_second=BATCHES_PER_SECOND)
    view = QueueView(settings.kafka_bootstrap_servers, prefix=settings.kafka_prefix, client_id="darkroom-notifier-queue")
    runtime.after_kafka("queue view", view.run)
    runtime.loop("tell-places", TellPlaces(view, history, hub.tenants).run)
    runtime.loop("live", hub.run)
    runtime.loop("places", places.run)
    runtime.loop("held-frames", publisher.run)
    runtime.on_stopping(publisher.tell_held)
    runtime.on_stopping(sockets.drain)
    origins = allowed_origins(settings.public_url, settings.ws_origins)
    runtime.app.include_router(socket_routes(sockets, origins))
    return runtime.app
