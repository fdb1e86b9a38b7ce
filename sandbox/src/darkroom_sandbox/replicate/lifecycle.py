"""The life of predictions: starting, processing, an end; with picture work, deadlines, cancellation and webhooks.

A prediction ends at the later of its simulated time and the end of its picture work. Timers, not tasks, wait for it.
"""

import asyncio
import logging
import random
import time
from collections import deque
from pathlib import Path

from darkroom_sandbox.call_log import Call
from darkroom_sandbox.pictures.formats import MEDIA_TYPES, SUFFIXES, OutputFormat
from darkroom_sandbox.pictures.instant import InstantPictures
from darkroom_sandbox.pictures.source import PictureSource
from darkroom_sandbox.pictures.worker_pool import PictureFault, PictureOrder, PicturePool, PictureWorkBroke
from darkroom_sandbox.replicate import faults
from darkroom_sandbox.replicate.board import Board
from darkroom_sandbox.replicate.create_request import CreateRequest
from darkroom_sandbox.replicate.options import CurrentOptions
from darkroom_sandbox.replicate.output import Output
from darkroom_sandbox.replicate.prediction import Prediction
from darkroom_sandbox.replicate.webhooks import WebhookSender

STARTING_SHARE = 0.25
"""Part of the simulated time spent in `starting`; so a deadline can pass before the start (`aborted`)."""
SWEEP_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Predictions:
    """Makes, ends and forgets predictions."""

    def __init__(
        self,
        *,
        board: Board,
        options: CurrentOptions,
        webhooks: WebhookSender,
        pool: PicturePool,
        source: PictureSource,
        instant: InstantPictures,
        outputs: Path,
        replicate_url: str,
    ) -> None:
        self._board = board
        self._options = options
        self._webhooks = webhooks
        self._pool = pool
        self._source = source
        self._instant = instant
        self._outputs = outputs
        self._delivery_url = f"{replicate_url}/delivery"
        self._api_url = f"{replicate_url}/v1"
        self._ended: deque[Prediction] = deque()
        self._closed = False

    def create(self, request: CreateRequest, *, account: str, record: Call) -> Prediction:
        """A new prediction, under way. Its time counts from now; nothing of it has happened yet when this returns."""
        # Whole microseconds, as it is written: a list from `created_after` on includes its own prediction.
        options, now, loop = self._options.now, round(time.time(), 6), asyncio.get_running_loop()
        prediction = Prediction(
            account=account, model=request.model.ref, input_json=request.input_json, created_at=now, record=record
        )
        prediction.webhook = request.webhook
        prediction.events_given = request.events
        if request.events:
            prediction.events = frozenset(request.events)
        doomed = bool(options.transient_prompt) and options.transient_prompt in str(request.input.get("prompt"))
        prediction.fate = faults.drawn_fault(fail_rate=options.fail_rate, transient_rate=options.transient_rate, doomed=doomed)
        self._board.add(prediction)
        record.id, record.state = prediction.id, prediction.status
        record.webhook, record.input_json = request.webhook, request.input_json

        if prediction.fate is None and options.output_url is None:
            self._start_picture(prediction, request)
        seconds = random.uniform(options.seconds.min, options.seconds.max)
        if seconds > 0:
            loop.call_later(seconds * STARTING_SHARE, self._begin, prediction)
            loop.call_later(seconds, self._come_due, prediction)
        else:
            loop.call_soon(self._come_due, prediction)
        if request.cancel_after_seconds is not None:
            prediction.deadline = now + request.cancel_after_seconds
            loop.call_later(request.cancel_after_seconds, self._pass_deadline, prediction)
        return prediction

    def cancel(self, prediction: Prediction) -> None:
        """Ends it as `canceled`; one that has ended stays as it is."""
        if not prediction.ended:
            self._end(prediction, "canceled")

    def finish(self) -> int:
        """Everybody's time is over: all that are under way end now, or as soon as their picture is there; how many."""
        under_way = self._board.under_way()
        for prediction in under_way:
            self._come_due(prediction)
        return len(under_way)

    async def wait_for_end(self, prediction: Prediction, seconds: float) -> None:
        """Returns when the prediction has ended or the time is up."""
        if prediction.ended:
            return
        waiter = asyncio.get_running_loop().create_future()
        waiters = prediction.waiters = prediction.waiters or []
        waiters.append(waiter)
        await asyncio.wait((waiter,), timeout=seconds)

    def to_json(self, prediction: Prediction, *, webhook_shown: bool = True) -> bytes:
        """The prediction as it looks now."""
        kept = self._options.now.output_kept_seconds
        return prediction.to_json(api_url=self._api_url, now=time.time(), kept_seconds=kept, webhook_shown=webhook_shown)

    def output_gone(self, prediction: Prediction) -> bool:
        """Whether there is no output to be had (any more)."""
        kept = self._options.now.output_kept_seconds
        return prediction.status != "succeeded" or prediction.is_removed(now=time.time(), kept_seconds=kept)

    async def sweep_forever(self) -> None:
        """Frees what retention has ended: inputs in memory, pictures on disk."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now, kept = time.time(), self._options.now.output_kept_seconds
            while self._ended and self._ended[0].is_removed(now=now, kept_seconds=kept):
                self._free(self._ended.popleft())

    def close(self) -> None:
        """Nothing more happens to any prediction."""
        self._closed = True

    def _start_picture(self, prediction: Prediction, request: CreateRequest) -> None:
        options = self._options.now
        asked: OutputFormat = "png" if request.input.get("output_format") == "png" else "jpg"
        work = None
        if options.image == "real" and options.output_format != "heic":
            prediction.picture = self._outputs / f"{prediction.id}{SUFFIXES[options.output_format or asked]}"
            work = self._paint(prediction, request, options.output_format)
        elif options.output_format is not None:
            work = self._take_instant(prediction, options.output_format)
        if work is not None:
            prediction.work = asyncio.get_running_loop().create_task(work)

    async def _paint(self, prediction: Prediction, request: CreateRequest, output_format: OutputFormat | None) -> None:
        """Does the picture work; what goes wrong becomes the prediction's fate."""
        assert prediction.picture is not None
        given = {name: value for name, value in request.input.items() if name != request.model.picture_field}
        order = PictureOrder(request.model.ref, given, prediction.picture, output_format)
        address = request.model.picture_address(request.input)
        try:
            async with self._pool.place():
                if prediction.ended:
                    return
                picture = await self._source.read(address) if address is not None else b""
                await self._pool.paint(order, picture)
        except PictureFault as fault:
            prediction.fate = faults.bad_picture(str(fault))
        except PictureWorkBroke as broke:
            logger.warning("picture work for %s broke: %s", prediction.id, broke)
            prediction.fate = faults.broken_worker()

    async def _take_instant(self, prediction: Prediction, output_format: OutputFormat) -> None:
        """Waits for the ready-made picture in this format, which all predictions share."""
        try:
            prediction.shared_picture = await self._instant.file(output_format)
        except PictureWorkBroke as broke:
            logger.warning("the ready-made picture as %s broke: %s", output_format, broke)
            prediction.fate = faults.broken_worker()

    def _begin(self, prediction: Prediction) -> None:
        if prediction.ended or prediction.started_at is not None:
            return
        prediction.started_at = time.time()
        prediction.set_status("processing")
        if "start" in prediction.events:
            self._tell(prediction, terminal=False)

    def _come_due(self, prediction: Prediction) -> None:
        """The simulated time is over: ends now, or as soon as the picture is there."""
        if self._closed or prediction.ended:
            return
        if prediction.work is not None and not prediction.work.done():
            prediction.work.add_done_callback(lambda _: self._come_due(prediction))
            return
        self._begin(prediction)
        if prediction.fate is not None:
            prediction.error = prediction.fate
            self._end(prediction, "failed")
            return
        prediction.output = self._output_of(prediction)
        prediction.logs = f"Generated image in {time.time() - prediction.created_at:.1f}sec"
        if not prediction.events.isdisjoint(("output", "logs")):
            self._tell(prediction, terminal=False)
        self._end(prediction, "succeeded")

    def _output_of(self, prediction: Prediction) -> Output:
        options = self._options.now
        if options.output_url is not None:
            return Output(options.output_url, options.output, "", None, options.list_length)
        picture = prediction.picture or prediction.shared_picture
        suffix = picture.suffix if picture is not None else ".jpg"
        address = f"{self._delivery_url}/{prediction.id}/output{suffix}"
        content = picture if picture is not None else self._instant.jpeg
        return Output(address, options.output, MEDIA_TYPES[suffix], content, options.list_length)

    def _pass_deadline(self, prediction: Prediction) -> None:
        """The `Cancel-After` time is over: `aborted` when it never started, else `canceled`."""
        if not prediction.ended:
            self._end(prediction, "aborted" if prediction.status == "starting" else "canceled")

    def _end(self, prediction: Prediction, status: str) -> None:
        prediction.completed_at = time.time()
        prediction.set_status(status)
        prediction.work = None
        self._ended.append(prediction)
        # The vendor's documents name no webhook for `aborted`: there is none, and pollers have to find it.
        if "completed" in prediction.events and status != "aborted":
            self._tell(prediction, terminal=True)
        for waiter in prediction.waiters or ():
            if not waiter.done():
                waiter.set_result(None)
        prediction.waiters = None

    def _tell(self, prediction: Prediction, *, terminal: bool) -> None:
        if prediction.webhook is not None:
            body = self.to_json(prediction)
            self._webhooks.send(account=prediction.account, url=prediction.webhook, body=body, terminal=terminal)

    @staticmethod
    def _free(prediction: Prediction) -> None:
        prediction.input_json = b"{}"
        prediction.output = None
        prediction.logs = ""
        if prediction.picture is not None:
            prediction.picture.unlink(missing_ok=True)
