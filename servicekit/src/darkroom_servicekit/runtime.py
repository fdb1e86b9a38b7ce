"""What a service is made of, built once and started in order: database, outbox, Kafka, consumer, HTTP.

`Runtime` only joins the kit's parts; a service's `main.build` makes one, adds its own loops and routes, and hands out the app.
A dependency that is away at the start is waited for: the process serves `/healthz`, says what is missing and is not ready.
"""

import asyncio
import gc
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from redis.asyncio import BlockingConnectionPool, Redis

from darkroom_servicekit.auth import Authenticator, TokenKeys, bearer_principal
from darkroom_servicekit.consumer import BATCHES_PER_SECOND, Bounds, EventConsumer, Handlers
from darkroom_servicekit.consumer_lag import look_for_unhandled, unhandled_messages
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.dead_letters import forget_letters
from darkroom_servicekit.doctor import Doctor, Thing, numbers
from darkroom_servicekit.header_names import accept_any_header_name
from darkroom_servicekit.health import Health, NotReady
from darkroom_servicekit.housekeeping import forget_now_and_then, forget_old_events, forget_sent
from darkroom_servicekit.http import build_app
from darkroom_servicekit.kafka import ask_kafka, build_broker, check_kafka
from darkroom_servicekit.key_sets import KeySet
from darkroom_servicekit.logs import configure_logging
from darkroom_servicekit.loops import Loops
from darkroom_servicekit.metrics import KitMetrics
from darkroom_servicekit.migrations import newest_revision
from darkroom_servicekit.operators import PrincipalOf
from darkroom_servicekit.outbox import SEND_AGAIN, OutboxRelay, set_aside_rows, unsent_rows
from darkroom_servicekit.rate_limit import RateLimiter, api_limit, limited
from darkroom_servicekit.revocation import Revocations
from darkroom_servicekit.schema import SchemaGate
from darkroom_servicekit.settings import ServiceSettings
from darkroom_servicekit.stalls import Stalls, Watched
from darkroom_servicekit.surplus_sessions import SurplusSessions
from darkroom_servicekit.tracing import build_tracer

FORGET_INBOX_SECONDS = 600.0
FORGET_OUTBOX_SECONDS = 60.0
FORGET_LETTERS_SECONDS = 600.0
LETTERS_MARGIN_DAYS = 1
"""A service keeps its dead letters for this much longer than the predictor keeps them open: what is listed can be redriven."""
REDIS_TIMEOUT_SECONDS = 5.0
REDIS_CONNECTIONS_MAX = 50
KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS_MAX = 15
DRAIN_SECONDS_MAX = 5
TICK_SECONDS = 0.5
"""How long the server may take to see that it was told to stop."""
WS_PING_SECONDS = 20.0
WS_MESSAGE_BYTES_MAX = 1_048_576
EXIT_NOT_STARTED = 3

log = structlog.get_logger()


def utc_now() -> datetime:
    """The wall clock; rules get its value as an argument."""
    return datetime.now(UTC)


class Runtime:
    """One service's parts. Construct it in `build`, register handlers and loops, then take `app`."""

    def __init__(self, service: str, title: str, settings: ServiceSettings, *, migrations: Path) -> None:
        configure_logging(service, settings.log_level)
        accept_any_header_name()
        self.service = service
        self.settings = settings
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self.metrics = KitMetrics(registry)
        self.health = Health()
        self.tracer, self._tracer_provider = build_tracer(service, settings.otlp_endpoint)
        self.engine = build_engine(settings.database_url, pool_size=settings.database_pool_size)
        surplus = SurplusSessions(self.engine)
        self.broker = build_broker(settings.kafka_bootstrap_servers, client_id=f"darkroom-{service}")
        self.redis: Redis = build_redis(settings.redis_url)
        self.relay = OutboxRelay(
            self.engine,
            self.broker,
            self.metrics,
            prefix=settings.kafka_prefix,
            batch_max=settings.outbox_batch_max,
        )
        self.schema = SchemaGate(self.engine, newest_revision(migrations))
        self.unit_of_work = UnitOfWork(
            self.engine, service=service, clock=utc_now, wake_relay=self.relay.wake, schema=self.schema
        )
        self.revocations = Revocations(self.redis)
        key_set = KeySet(settings.jwt_jwks_url) if settings.jwt_jwks_url and settings.jwt_algorithm == "RS256" else None
        self.authenticator = Authenticator(
            token_keys(settings), public_url=settings.public_url, revocations=self.revocations, key_set=key_set
        )
        limiter = RateLimiter(self.redis, api_limit(settings.requests_per_minute))
        self.principal: PrincipalOf = limited(bearer_principal(self.authenticator), limiter)
        """Who asks, within the request limit: the dependency of every route that is not open to all or signed by a vendor."""
        self._loops = Loops(self.metrics)
        self._to_start: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._to_drain: list[Callable[[], Awaitable[None]]] = []
        self._to_close: list[Callable[[], Awaitable[None]]] = []
        self._broker_started = asyncio.Event()
        self.health.add("database", self.schema.check)
        self.health.add("kafka", self._check_kafka)
        self.app: FastAPI = build_app(
            service=service,
            title=title,
            health=self.health,
            metrics=self.metrics,
            tracer=self.tracer,
            lifespan=self._lifespan,
        )
        self.app.state.stopping = self._to_drain
        self.doctor = Doctor(service)
        meaning = "events written, but not sent to Kafka"
        self.doctor.finds("outbox", meaning, self._unsent, repair=("let the relay look now", self._relay_now))
        meaning = "events that Kafka refuses, set aside"
        self.doctor.finds("outbox-set-aside", meaning, self._set_aside, repair=("send them again", self._send_again))
        self.app.include_router(self.doctor.routes(self.principal))
        self._to_start.append(("kafka", self._keep_broker))
        if key_set is not None:
            self._to_start.append(("key set", key_set.run))
            self.on_close(key_set.aclose)
        self.after_kafka("outbox", self.relay.run)
        self.loop("outbox report", self.relay.report)
        self.loop("surplus sessions", surplus.run)
        forget_inbox = partial(forget_old_events, self.unit_of_work, keep_days=settings.inbox_keep_days)
        self.forget("inbox", forget_inbox, every_seconds=FORGET_INBOX_SECONDS)
        forget_outbox = partial(forget_sent, self.unit_of_work, keep_seconds=settings.outbox_keep_seconds)
        self.forget("outbox", forget_outbox, every_seconds=FORGET_OUTBOX_SECONDS)
        self.stalls = Stalls(stall_seconds=settings.consumer_stall_seconds)
        self._watch("outbox", self.relay.unmoved_seconds, self._unsent_for_no_reason)
        self.loop("stalls", self.stalls.run)

    def loop(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run `run` for as long as the service serves, again when it fails; never before the schema fits."""

        async def when_the_schema_fits() -> None:
            await self.schema.wait()
            await run()

        self._to_start.append((name, when_the_schema_fits))

    def forget(self, what: str, forget_all: Callable[[], Awaitable[None]], *, every_seconds: float) -> None:
        """Forget old rows at the start and every so often; `forget_all` is done when none is left (see `housekeeping.py`)."""
        self.loop(f"forget {what}", lambda: forget_now_and_then(forget_all, every_seconds=every_seconds))

    def after_kafka(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """A loop that begins once the connection to Kafka has been made."""

        async def when_started() -> None:
            await self._broker_started.wait()
            await run()

        self.loop(name, when_started)

    def consume(self, handlers: Handlers, *, batches_per_second: float = BATCHES_PER_SECOND) -> EventConsumer:
        """Take events from Kafka with these handlers; readiness then depends on it. Under load, so many batches a second."""
        consumer = EventConsumer(
            self.broker,
            self.unit_of_work,
            handlers,
            self.metrics,
            service=self.service,
            prefix=self.settings.kafka_prefix,
            bounds=Bounds(
                batch_max=self.settings.consumer_batch_max,
                batches_per_second=batches_per_second,
            ),
        )
        self.health.add("consumer", consumer.check)
        servers, group, topics = self.settings.kafka_bootstrap_servers, consumer.group, consumer.topics
        unhandled = partial(unhandled_messages, servers, group, topics)
        self.doctor.finds("consumer", "messages in Kafka that the service has not handled", unhandled)
        looked_for = partial(look_for_unhandled, servers, group, topics)
        self._watch("consumer", consumer.unmoved_seconds, looked_for)
        self.after_kafka("consumer", consumer.run)
        self.after_kafka("redriven", consumer.handle_redriven)
        keep_days = self.settings.dead_letters_keep_days + LETTERS_MARGIN_DAYS
        forget_old = partial(forget_letters, self.unit_of_work, keep_days=keep_days)
        self.forget("own dead letters", forget_old, every_seconds=FORGET_LETTERS_SECONDS)
        return consumer

    def _watch(
        self, name: str, unmoved_seconds: Callable[[], float], left_undone: Callable[[float], Awaitable[list[Thing]]]
    ) -> None:
        """End the process when `name` stalls. What waits for its schema does not stall."""

        async def left_undone_by_us(older_seconds: float) -> list[Thing]:
            return [] if await self.schema.misfit() else await left_undone(older_seconds)

        self.stalls.watch(Watched(name, unmoved_seconds, left_undone_by_us))

    def needs_redis(self) -> None:
        """Make readiness depend on Redis."""

        async def check() -> None:
            await self.redis.ping()

        self.health.add("redis", check)

    def on_stopping(self, drain: Callable[[], Awaitable[None]]) -> None:
        """Call `drain` when the service is about to stop, while its connections are still open."""
        self._to_drain.append(drain)

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Call `close` when the service stops, after its loops, the last registered first."""
        self._to_close.append(close)

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        for name, run in self._to_start:
            self._loops.start(name, run)
        log.info("started", port=self.settings.http_port)
        try:
            yield
        finally:
            await self._loops.stop()
            for close in reversed(self._to_close):
                await close()
            await self.broker.stop()
            await self.redis.aclose()
            await self.engine.dispose()
            self._tracer_provider.shutdown()
            log.info("stopped")

    async def _keep_broker(self) -> None:
        """Connect to Kafka, then keep the connection: aiokafka heals it by itself once it has been made."""
        try:
            await self.broker.start()
        except BaseException:
            await self.broker.stop()
            raise
        self._broker_started.set()
        await asyncio.Event().wait()

    async def _check_kafka(self) -> None:
        if not self._broker_started.is_set():
            raise NotReady("not connected yet")
        await check_kafka(self.broker)

    async def _unsent(self, older_seconds: float) -> list[Thing]:
        async with self.unit_of_work.read() as connection:
            return await unsent_rows(connection, older_seconds)

    async def _unsent_for_no_reason(self, older_seconds: float) -> list[Thing]:
        unsent = await self._unsent(older_seconds)
        if unsent:
            await ask_kafka(self.settings.kafka_bootstrap_servers)
        return unsent

    async def _set_aside(self, older_seconds: float) -> list[Thing]:
        async with self.unit_of_work.read() as connection:
            return await set_aside_rows(connection, older_seconds)

    async def _send_again(self, ids: Sequence[str]) -> int:
        async with self.unit_of_work.begin() as transaction:
            again = (await transaction.execute(SEND_AGAIN, {"sequences": numbers(ids)})).rowcount
        self.relay.wake()
        return again

    async def _relay_now(self, ids: Sequence[str]) -> int:
        self.relay.wake()
        return len(ids)


def build_redis(url: str) -> Redis:
    """A Redis client with bounded waits and connections; who finds all of them in use waits for one."""
    pool = BlockingConnectionPool.from_url(
        url,
        timeout=REDIS_TIMEOUT_SECONDS,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        max_connections=REDIS_CONNECTIONS_MAX,
        health_check_interval=30,
    )
    return Redis.from_pool(pool)


def token_keys(settings: ServiceSettings) -> TokenKeys:
    """The keys for tokens, from the settings."""
    return TokenKeys(
        wix_app_id=settings.wix_app_id,
        wix_app_secret=settings.wix_app_secret,
        jwt_secret=settings.jwt_secret,
        jwt_algorithm=settings.jwt_algorithm,
        jwt_issuer=settings.jwt_issuer,
        jwt_audience=settings.jwt_audience,
    )


class DrainingServer(uvicorn.Server):
    """Tells the app that it is about to stop while its connections are still open; uvicorn would close them first."""

    def __init__(self, config: uvicorn.Config, stopping: Sequence[Callable[[], Awaitable[None]]]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def main_loop(self) -> None:
        """uvicorn's own, ten times a second, costs an idle process more than everything else."""
        while not await self.on_tick(0):  # noqa: ASYNC110 - a signal sets a flag, there is no event to wait for
            await asyncio.sleep(TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS_MAX):
                for call in self._stopping:
                    await call()
        except Exception as error:  # it stops all the same
            log.warning("connections not drained", error=repr(error), seconds_max=DRAIN_SECONDS_MAX)
        await super().shutdown(sockets)


def serve(app: FastAPI, settings: ServiceSettings, *, websockets: type[asyncio.Protocol] | None = None) -> None:
    """Serve `app` until told to stop; with `websockets`, a uvicorn protocol class, WebSockets as well."""
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http="httptools",
        ws=websockets or "none",
        ws_max_size=WS_MESSAGE_BYTES_MAX,
        ws_ping_interval=WS_PING_SECONDS,
        ws_ping_timeout=WS_PING_SECONDS,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
    )
    server = DrainingServer(config, app.state.stopping)
    # What was built lives as long as the process: no later collection need walk it, which stops everything for some 70 ms.
    gc.collect()
    gc.freeze()
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(EXIT_NOT_STARTED)
