"""Tells everyone how the fair queue stands: at most once a second, of what has changed, by one replica at a time.

Measurements go to Kafka straight away and not through the outbox: they are no facts, and a lost one is followed by the next.
Two replicas that both believe themselves to be the one only say the same twice. Nothing is told while nothing changes.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from darkroom_contracts.envelope import wrap
from darkroom_contracts.event import Event
from darkroom_contracts.queue import ProviderQueue, QueueMeasured, TenantPlace, TenantQueueMeasured
from darkroom_contracts.queue_place import UNIT
from darkroom_contracts.topics import PLATFORM_KEY
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.loops import set_within
from faststream.kafka import KafkaBroker
from redis.asyncio import Redis
from redis.exceptions import RedisError

from darkroom_predictor.fair_queue import FairQueue, LimiterClosed
from darkroom_predictor.figures_store import usual_seconds
from darkroom_predictor.measures import Pace, pace_of, provider_queue, tenant_place
from darkroom_predictor.queue_look import QueueLooker, TenantLook

LEADER = "darkroom:predictor:queue-measurer"
LEAD_SECONDS = 10.0
FOLLOW_SECONDS = 5.0
BUSY_SECONDS = 1.0
IDLE_SECONDS = 3.0
PAGES_MAX = 20
"""Of changed tenants in one round; what is more is told in the next."""
USUAL_EVERY_SECONDS = 10.0
SEND_SECONDS_MAX = 10.0

KEEP_LEAD = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

log = structlog.get_logger()


@dataclass
class Mirror:
    """One provider's queue as it was last seen."""

    queue: FairQueue
    looker: QueueLooker
    accounts: Sequence[str]
    epoch: int = 0
    seen: int = 0
    virtual: int = 0
    usual_seconds: float = 10.0
    is_usual_known: bool = False
    usual_at: float = float("-inf")
    tenants: dict[str, TenantLook] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)

    def start_over(self, epoch: int) -> None:
        """Another life of the queue: nothing that was seen holds."""
        self.epoch, self.seen, self.virtual = epoch, 0, 0
        self.tenants, self.told = {}, {}


class MeasureQueue:
    """`run` for ever, once there is a connection to Kafka. `wake`: something was filed."""

    def __init__(
        self,
        redis: Redis,
        broker: KafkaBroker,
        unit_of_work: UnitOfWork,
        lines: Sequence[tuple[FairQueue, Sequence[str]]],
        *,
        prefix: str,
        replica: str,
        window_seconds: float,
    ) -> None:
        self._redis = redis
        self._broker = broker
        self._unit_of_work = unit_of_work
        self._prefix = prefix
        self._replica = replica
        self._window_seconds = window_seconds
        self._mirrors = [Mirror(queue, QueueLooker(redis, queue), accounts) for queue, accounts in lines]
        self._last: tuple[ProviderQueue, ...] = ()
        self._leading = False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There may be something to tell."""
        self._woken.set()

    async def run(self) -> None:
        """Tell until cancelled; raises when a dependency is away, to be started again by its loop."""
        while True:
            self._woken.clear()
            if not await self._leads():
                for mirror in self._mirrors:
                    mirror.start_over(0)
                await asyncio.sleep(FOLLOW_SECONDS)
                continue
            if await self._measure():
                await asyncio.sleep(BUSY_SECONDS)
            else:
                await set_within(self._woken, IDLE_SECONDS)

    async def _measure(self) -> bool:
        """Look, and tell what changed; whether anything did."""
        now = datetime.now(UTC)
        events: list[Event] = []
        changed: dict[str, None] = {}
        queues = []
        for mirror in self._mirrors:
            try:
                for name in await self._look(mirror):
                    changed[name] = None
                queues.append(await self._queue(mirror, now))
            except (LimiterClosed, RedisError, OSError) as error:
                log.info("queue not measured", provider=mirror.queue.provider, reason=str(error)[:200])
                queues.append(_closed(mirror))
        if tuple(queues) != self._last:
            events.append(QueueMeasured(instance_id=PLATFORM_KEY, measured_at=now, queues=tuple(queues)))
        await self._send([*events, *(self._tenant(name, now) for name in changed)], now)
        self._last = tuple(queues)
        for mirror in self._mirrors:
            _forget(mirror, changed)
        return bool(events or changed)

    async def _look(self, mirror: Mirror) -> list[str]:
        """Bring the mirror up to now; the tenants that changed."""
        if mirror.queue.epoch is None:
            raise LimiterClosed("not open here")
        if mirror.queue.epoch != mirror.epoch:
            mirror.start_over(mirror.queue.epoch)
        changed = []
        for _ in range(PAGES_MAX):
            told, mirror.told = mirror.told, {}
            look = await mirror.looker.look(mirror.epoch, after=mirror.seen, told=told)
            mirror.virtual = look.virtual
            for tenant in look.tenants:
                mirror.tenants[tenant.name] = tenant
                mirror.seen = max(mirror.seen, tenant.change)
                changed.append(tenant.name)
            if not look.more:
                break
        return changed

    async def _queue(self, mirror: Mirror, now: datetime) -> ProviderQueue:
        accounts = (await mirror.queue.figures(mirror.accounts)).accounts
        in_flight = sum(one.live for one in accounts)
        clock = asyncio.get_running_loop().time()
        # Before the first item nothing is known; as soon as there is one its end should not be foreseen by a guess.
        wanted = not mirror.is_usual_known and (in_flight or mirror.tenants)
        if wanted or clock - mirror.usual_at > USUAL_EVERY_SECONDS:
            mirror.usual_at = clock
            usual = await usual_seconds(self._unit_of_work, mirror.queue.provider)
            if usual is not None:
                mirror.usual_seconds, mirror.is_usual_known = usual, True
        pace = pace_of(accounts, usual_seconds=mirror.usual_seconds, window_seconds=self._window_seconds)
        return provider_queue(
            mirror.queue.provider,
            mirror.epoch,
            virtual=mirror.virtual,
            tenants=mirror.tenants,
            pace=pace,
            # In whole seconds, so that the same pause seen twice is the same.
            opens_at=None if pace.opens_in is None else (now + timedelta(seconds=pace.opens_in + 0.5)).replace(microsecond=0),
            usual_seconds=mirror.usual_seconds,
            in_flight=in_flight,
        )

    def _tenant(self, name: str, now: datetime) -> TenantQueueMeasured:
        places = [
            tenant_place(mirror.queue.provider, mirror.epoch, mirror.tenants[name])
            for mirror in self._mirrors
            if name in mirror.tenants
        ]
        return TenantQueueMeasured(instance_id=name, measured_at=now, places=tuple(places))

    async def _send(self, events: Sequence[Event], now: datetime) -> None:
        async with asyncio.timeout(SEND_SECONDS_MAX):
            pending = []
            for event in events:
                # A tenant that waits nowhere, on the usual terms, needs no record: the topic then forgets it.
                gone = isinstance(event, TenantQueueMeasured) and all(_is_usual(place) for place in event.places)
                pending.append(
                    await self._broker.publish(
                        None if gone else event.to_json(),
                        self._prefix + event.topic,
                        key=event.instance_id.encode(),
                        headers=wrap(event, source="/services/predictor", now=now).headers(),
                        no_confirm=True,
                    )
                )
            await asyncio.gather(*pending)

    async def _leads(self) -> bool:
        """Whether this replica is the one. With Redis away it is whoever was: someone must tell that the queue is closed."""
        try:
            self._leading = bool(await self._redis.eval(KEEP_LEAD, 1, LEADER, self._replica, int(LEAD_SECONDS * 1000)))
        except (RedisError, OSError):
            return self._leading
        return self._leading


def _forget(mirror: Mirror, changed: Iterable[str]) -> None:
    """Who waits nowhere and has been told is looked for no more."""
    for name in changed:
        tenant = mirror.tenants.get(name)
        if tenant is not None and not tenant.waiting:
            mirror.told[name] = tenant.change
            del mirror.tenants[name]


def _closed(mirror: Mirror) -> ProviderQueue:
    """A queue that takes no turns, as it was seen last."""
    closed = Pace(starts_per_minute=0.0, opens_in=None)
    return provider_queue(
        mirror.queue.provider,
        mirror.epoch,
        virtual=mirror.virtual,
        tenants=mirror.tenants,
        pace=closed,
        opens_at=None,
        usual_seconds=mirror.usual_seconds,
        in_flight=0,
    )


def _is_usual(place: TenantPlace) -> bool:
    return not (place.waiting or place.paused or place.cap_per_minute) and place.step == UNIT
