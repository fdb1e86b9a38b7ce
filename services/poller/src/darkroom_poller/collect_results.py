"""From a known output to a stored result: fetch, decode in a child, store under its own digest, then tell, once.

Work is leased in Postgres and handed over in memory; a replica that dies loses nothing but the time of its lease. Keys are
content-addressed, so doing it twice changes nothing, and only the transaction that leaves OUTPUT_READY publishes ItemCompleted.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256

import structlog
from darkroom_contracts.items import StoredPicture
from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.fetch import FetchFailed, NotFound, RefusedAddress, TooLarge
from darkroom_servicekit.group_commit import GroupCommit
from darkroom_servicekit.logs import log_context
from darkroom_servicekit.loops import set_within
from darkroom_servicekit.operator_detail import operator_detail
from darkroom_servicekit.storage import ObjectStore, StorageUnavailable, content_type_of
from sqlalchemy.exc import SQLAlchemyError

from darkroom_poller import store
from darkroom_poller.budget import Budget
from darkroom_poller.end_events import completed_event
from darkroom_poller.fetch_outputs import STORE_SECONDS_MAX, FetchOutputs
from darkroom_poller.imaging_frames import REPLACEMENT_BYTES_MAX, Answer
from darkroom_poller.imaging_workers import ImagingFailed, ImagingWorkers, UnusablePicture
from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.output_limits import PlatformLimits
from darkroom_poller.output_shapes import STORED
from darkroom_poller.output_verdicts import Output, is_final
from darkroom_poller.predictions import OUTPUT_LOST, UNUSABLE_OUTPUT, Failed, Prediction, fetch_retry_seconds
from darkroom_poller.record_progress import publish_failure
from darkroom_poller.result_keys import result_key, tenant_folder, thumbnail_key
from darkroom_poller.storage_rest import Alarm, StorageRest

LOOK_AGAIN_SECONDS = 5.0
LEASE_RESERVE_SECONDS = 2.0
"""Work ends this long before its lease, so that no two replicas finish the same output."""
OWN_REST_SECONDS_MAX = 10.0
RELEASE_SECONDS_MAX = 2.0
WAKE_MARGIN_SECONDS = 0.05
SPACING_SECONDS = 0.03
"""Between transactions under load: a result is told this much later at most, and one transaction serves many."""
KEPT_FOLDER = "unusable"
"""In the storage: outputs that were paid for and cannot be used, for operators."""
GONE_ATTEMPTS_MAX = 4
"""A 404 right after the end may be the provider's own lag; after this many such answers, other failures apart, it is final."""
log = structlog.get_logger()


@dataclass(frozen=True)
class CollectLimits:
    """Whose leases, how long, and what one output may cost."""

    owner: str
    lease_seconds: float
    collectors: int
    outputs: PlatformLimits
    fetched_bytes_max: int
    """Of all outputs that are held in memory as they came; an output counts as its bound until it is there."""
    replacement_bytes_max: int
    """Of all pictures that decoding made anew, until they are stored."""


@dataclass(frozen=True)
class Stored:
    """Pictures that stand in the storage: all of the output, or those up to the one of this turn."""

    prediction: Prediction
    pictures: Sequence[StoredPicture]

    @property
    def is_whole(self) -> bool:
        """Whether no picture is left to be collected."""
        return len(self.pictures) == len(self.prediction.addresses)


@dataclass(frozen=True)
class GivenUp:
    """An output that is none, or is gone."""

    prediction: Prediction
    failure: Failed


@dataclass(frozen=True)
class PutOff:
    """An output to be fetched again later."""

    prediction: Prediction
    delay_seconds: float
    reason: str
    refused_sha256: str | None = None


Ending = Stored | GivenUp | PutOff


class CollectResults:
    """`run` for ever. `take` hands over leased work at once; `wake` says that there is some to be claimed."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        fetch: FetchOutputs,
        imaging: ImagingWorkers,
        storage: ObjectStore,
        metrics: PollerMetrics,
        *,
        limits: CollectLimits,
        folder_of: Callable[[str], str],
    ) -> None:
        self._uow = unit_of_work
        self._fetch = fetch
        self._imaging = imaging
        self._storage = storage
        self._metrics = metrics
        self._limits = limits
        self._folder_of = folder_of
        self._queue: asyncio.Queue[tuple[Prediction, float]] = asyncio.Queue()
        self._busy = 0
        self._fetched = Budget(limits.fetched_bytes_max)
        self._replaced = Budget(limits.replacement_bytes_max)
        self._woken = asyncio.Event()
        self._more = False
        self._rest = StorageRest()
        self._look_at = Alarm(self._woken)
        self._endings: GroupCommit[Ending, None] = GroupCommit(self._record, spacing_seconds=SPACING_SECONDS)

    def room(self) -> int:
        """How many more outputs this replica takes: a queue that empties well within a lease.

        While the storage is away none, and then one to try it with: what is kept elsewhere need not be fetched in vain.
        """
        room = max(0, 4 * self._limits.collectors - self._queue.qsize())
        return min(room, self._rest.room(self._busy + self._queue.qsize(), now=asyncio.get_running_loop().time()))

    def take(self, leased: Sequence[Prediction]) -> None:
        """Work on outputs whose leases were just taken for us."""
        now = asyncio.get_running_loop().time()
        for prediction in leased:
            self._queue.put_nowait((prediction, now))
        self._metrics.collecting.set(self._queue.qsize())

    def wake(self) -> None:
        """There may be outputs that nobody works on."""
        self._more = True
        self._woken.set()

    async def run(self) -> None:
        """Take back what a former run of this replica held, then collect until cancelled."""
        while not self._queue.empty():
            self._queue.get_nowait()
        await self.release()
        async with asyncio.TaskGroup() as group:
            for _ in range(self._limits.collectors):
                group.create_task(self._collect_from_queue())
            while True:
                await self._claim()
                await set_within(self._woken, LOOK_AGAIN_SECONDS)

    async def release(self) -> None:
        """Give back all leases of this replica, so that others need not wait for their end."""
        async with self._uow.begin() as transaction:
            await store.release_leases(transaction, owner=self._limits.owner)

    async def release_when_possible(self) -> None:
        """The same at the end of the process, when the database may be away already."""
        with suppress(OSError, SQLAlchemyError, TimeoutError):
            async with asyncio.timeout(RELEASE_SECONDS_MAX):
                await self.release()

    async def _claim(self) -> None:
        self._woken.clear()
        room = self.room()
        if not room:
            return
        async with self._uow.begin() as transaction:
            claimed = await store.claim_ready(
                transaction, owner=self._limits.owner, lease_seconds=self._limits.lease_seconds, limit=room
            )
            transaction.after_commit(lambda: self.take(claimed))
        self._more = len(claimed) == room

    async def _collect_from_queue(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            prediction, taken_at = await self._queue.get()
            self._metrics.collecting.set(self._queue.qsize())
            until = taken_at + self._limits.lease_seconds - LEASE_RESERVE_SECONDS
            if clock() < until:
                with log_context(job_id=prediction.job_id, item_id=prediction.item_id, attempt_id=prediction.attempt_id):
                    self._busy += 1
                    try:
                        ending = await self._collect(prediction, until)
                    finally:
                        self._busy -= 1
                    await self._end(ending)
                self._metrics.collect_seconds.observe((prediction.ready_for_seconds or 0.0) + clock() - taken_at)
            if self._more and self._queue.empty():
                self._woken.set()

    async def _collect(self, prediction: Prediction, until: float) -> Ending:
        """Collect the next picture of an output. Each has a turn of its own: a lease, tries, and others' outputs in between."""
        addresses, done = prediction.addresses, prediction.pictures
        outcome = await self._collect_one(replace(prediction, output_address=addresses[len(done)]), until)
        if not isinstance(outcome, StoredPicture):
            return outcome
        return Stored(prediction, (*done, outcome))

    async def _collect_one(self, prediction: Prediction, until: float) -> StoredPicture | GivenUp | PutOff:
        """Collect the picture at the prediction's address; what goes wrong becomes an ending."""
        try:
            async with asyncio.timeout_at(until):
                return await self._fetch_and_store(prediction)
        except TimeoutError:
            return self._again(prediction, "fetch", "took longer than its lease")
        except RefusedAddress as error:
            log.error("the provider's output is at an address that we refuse", reason=error.reason)
            return _unusable(prediction, f"its address {error.reason}: {prediction.output_address}")
        except TooLarge as error:
            return _unusable(prediction, f"{error.reason}: {prediction.output_address}")
        except NotFound as error:
            if prediction.gone_attempts + 1 >= GONE_ATTEMPTS_MAX:
                return GivenUp(prediction, OUTPUT_LOST)
            return self._again(prediction, "gone", error.reason)
        except FetchFailed as error:
            return self._again(prediction, "fetch", error.reason) if error.retryable else _unusable(prediction, error.reason)
        except StorageUnavailable as error:
            log.error("storage is away, keeping the output for later", error=str(error))
            self._metrics.storage_away.set(1)
            rest = self._rest.begin(random.random(), now=asyncio.get_running_loop().time())
            # Longer than the rest: the next try is another output, should the fault lie with this one.
            later = min(OWN_REST_SECONDS_MAX, fetch_retry_seconds(prediction.fetch_attempts + 1, random.random()))
            self._look_at.within(rest + WAKE_MARGIN_SECONDS)
            return PutOff(prediction, rest + later, "storage")
        except Exception as error:  # one strange output must not stop the collectors of all others
            log.error("collecting failed unexpectedly", exc_info=error)
            return self._again(prediction, "unexpected", type(error).__name__)

    def _again(self, prediction: Prediction, reason: str, detail: str) -> GivenUp | PutOff:
        log.warning("output not collected", reason=detail, attempts=prediction.fetch_attempts + 1)
        if (prediction.expires_in_seconds or 0.0) < 0:
            return GivenUp(prediction, OUTPUT_LOST)
        return PutOff(prediction, fetch_retry_seconds(prediction.fetch_attempts + 1, random.random()), reason)

    async def _fetch_and_store(self, prediction: Prediction) -> StoredPicture | GivenUp | PutOff:
        allowed = self._limits.outputs.of(prediction.output_terms)
        address = prediction.output_address or ""
        async with self._fetched.hold(allowed.bytes_max) as fetched:
            output = await self._fetch(address, bytes_max=allowed.bytes_max, asker=prediction.instance_id)
            fetched.shrink(len(output.data))
            async with self._replaced.hold(REPLACEMENT_BYTES_MAX) as replaced:
                try:
                    answer = await self._imaging.examine(output.data, pixels_max=allowed.pixels_max, kinds=allowed.kinds)
                except (UnusablePicture, ImagingFailed) as error:
                    replaced.shrink(0)
                    return await self._refuse(prediction, output, error)
                replaced.shrink(len(answer.replacement))
                if answer.replacement:
                    del output
                    fetched.shrink(0)
                return await self._keep(prediction, answer.replacement or output.data, answer)

    async def _keep(self, prediction: Prediction, kept: bytes, answer: Answer) -> StoredPicture:
        digest = sha256(kept).hexdigest()
        folder = self._folder_of(prediction.instance_id)
        key, small_key = result_key(folder, digest, answer.extension), thumbnail_key(folder, digest)
        await self._store({key: kept, small_key: answer.thumbnail})
        return StoredPicture(
            key=key,
            thumbnail_key=small_key,
            width=answer.width,
            height=answer.height,
            size_bytes=len(kept),
            format=answer.extension,
            sha256=digest,
        )

    async def _refuse(self, prediction: Prediction, output: Output, error: UnusablePicture | ImagingFailed) -> GivenUp | PutOff:
        """What came cannot be used: fetched again while the way may be at fault; else kept for operators, and given up."""
        if not is_final(prediction, output, killed=isinstance(error, ImagingFailed)):
            log.warning("output is not a usable picture, fetching it again", reason=str(error))
            delay = fetch_retry_seconds(prediction.fetch_attempts + 1, random.random())
            return PutOff(prediction, delay, "picture", output.sha256)
        key = f"{KEPT_FOLDER}/{prediction.attempt_id}"
        await self._store({key: output.data})
        return _unusable(prediction, f"{error}; {len(output.data)} bytes are kept in the storage at {key}")

    async def _store(self, objects: dict[str, bytes]) -> None:
        try:
            async with asyncio.timeout(STORE_SECONDS_MAX):
                for key, data in objects.items():
                    await self._storage.put(key, data, content_type_of(key))
        except TimeoutError as error:
            raise StorageUnavailable(f"took longer than {STORE_SECONDS_MAX:g} s") from error

    async def _forget_staged(self, prediction: Prediction) -> None:
        """The results have places of their own now; what stays behind after a crash is only space."""
        with suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(STORE_SECONDS_MAX):
                for address in prediction.addresses:
                    if address.startswith(STORED):
                        await self._storage.delete(address.removeprefix(STORED))

    async def _end(self, ending: Ending) -> None:
        await self._endings.submit(ending)
        if isinstance(ending, Stored) and ending.is_whole:
            await self._forget_staged(ending.prediction)
        if isinstance(ending, PutOff):
            self._metrics.collect_retries.labels(ending.reason).inc()
            # Only a hint, like every wake-up here: without it the next look finds the work.
            self._look_at.within(ending.delay_seconds + WAKE_MARGIN_SECONDS)
        if isinstance(ending, Stored):
            is_back = self._rest.over()
            if is_back:
                self._metrics.storage_away.set(0)
                log.info("storage takes results again")
            if is_back or not ending.is_whole:
                self.wake()

    async def _record(self, endings: list[Ending]) -> Sequence[None]:
        """One transaction for all that ended while the last one ran."""
        stored = {one.prediction.attempt_id: one for one in endings if isinstance(one, Stored) and one.is_whole}
        parts = [
            store.Kept(one.prediction.attempt_id, one.pictures) for one in endings if isinstance(one, Stored) and not one.is_whole
        ]
        failed = {one.prediction.attempt_id: one.failure for one in endings if isinstance(one, GivenUp)}
        later = [
            store.Later(one.prediction.attempt_id, one.delay_seconds, one.reason == "gone", one.refused_sha256)
            for one in endings
            if isinstance(one, PutOff)
        ]
        kept = [store.Kept(name, one.pictures) for name, one in stored.items()]
        async with self._uow.begin() as transaction:
            for attempt_id in await store.mark_stored(transaction, kept):
                prediction = stored[attempt_id].prediction
                transaction.publish(completed_event(prediction, stored[attempt_id].pictures), cause=prediction.cause())
                self._metrics.ends.labels("stored").inc()
            for ended in await store.mark_failed(transaction, failed, from_ready=True):
                publish_failure(transaction, ended, failed[ended.attempt_id], self._metrics)
            await store.postpone(transaction, later, owner=self._limits.owner)
            await store.await_next_picture(transaction, parts, owner=self._limits.owner)
        return [None] * len(endings)


def _unusable(prediction: Prediction, why: str) -> GivenUp:
    detail = operator_detail(why)
    log.error("an output that was paid for cannot be used", reason=detail)
    return GivenUp(prediction, replace(UNUSABLE_OUTPUT, detail=detail))


def folders(media_secret: str) -> Callable[[str], str]:
    """The folder of each tenant."""
    return lambda instance_id: tenant_folder(instance_id, media_secret=media_secret)
