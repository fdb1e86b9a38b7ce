"""Following a job live over the WebSocket, as a page does, with the REST API as the fallback."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from darkroom_cli.demo.shop import DemoFailed, Shop

ENDED = frozenset({"DONE", "FAILED", "CANCELED"})
CONNECT_SECONDS_MAX = 10.0
POLL_SECONDS = 1.0
JOB_SECONDS_MAX = 300.0


@dataclass
class Progress:
    """What is known of a job: the state of each item by its id, and whether the job has ended."""

    statuses: dict[int, str] = field(default_factory=dict)
    ended: bool = False
    live: bool = False

    def count(self, *statuses: str) -> int:
        return sum(status in statuses for status in self.statuses.values())


async def send_and_follow(
    shop: Shop, ws_url: str, token: str, *, send: Callable[[], dict[str, Any]], show: Callable[[Progress], None]
) -> dict[str, Any]:
    """Open the socket, send the job, follow it to its end; the job with its items. Raises DemoFailed."""
    progress = Progress()
    try:
        async with asyncio.timeout(JOB_SECONDS_MAX):
            return await _follow(shop, ws_url, token, send, show, progress)
    except TimeoutError as error:
        done = progress.count("DONE")
        late = f"the job has not ended after {JOB_SECONDS_MAX:.0f} s ({done} pictures done)"
        raise DemoFailed(f"{late}; see `darkroom status` and `darkroom logs`") from error


async def _follow(
    shop: Shop,
    ws_url: str,
    token: str,
    send: Callable[[], dict[str, Any]],
    show: Callable[[Progress], None],
    progress: Progress,
) -> dict[str, Any]:
    frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    connected = asyncio.Event()
    listener = asyncio.create_task(_listen(ws_url, token, frames, connected, progress))
    try:
        await asyncio.wait([asyncio.create_task(connected.wait()), listener], timeout=3, return_when="FIRST_COMPLETED")
        job_id = int((await asyncio.to_thread(send))["id"])
        while True:
            detail = await asyncio.to_thread(shop.job, job_id)
            for item in detail["items"]:
                progress.statuses[item["id"]] = item["status"]
            show(progress)
            if detail["job"]["status"] in ENDED:
                return detail
            await _take_frames(frames, job_id, progress, show)
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def _take_frames(
    frames: "asyncio.Queue[dict[str, Any]]", job_id: int, progress: Progress, show: Callable[[Progress], None]
) -> None:
    """Apply frames until the job ends; without a live socket, until it is time to ask again."""
    while True:
        try:
            async with asyncio.timeout(None if progress.live else POLL_SECONDS):
                frame = await frames.get()
        except TimeoutError:
            return
        data = frame.get("data", {})
        if frame.get("event") == "item.updated" and data.get("jobId") == job_id:
            if progress.statuses.get(data["itemId"]) not in ENDED:
                progress.statuses[data["itemId"]] = data["status"]
            show(progress)
        if frame.get("event") == "job.finished" and data.get("jobId") == job_id:
            return
        if frame.get("type") == "lost":
            return


async def _listen(
    ws_url: str, token: str, frames: "asyncio.Queue[dict[str, Any]]", connected: asyncio.Event, progress: Progress
) -> None:
    try:
        async with connect(ws_url, open_timeout=CONNECT_SECONDS_MAX, proxy=None) as socket:
            await socket.send(json.dumps({"type": "connect", "token": token}))
            async for message in socket:
                frame = json.loads(message)
                if frame.get("type") == "connected":
                    progress.live = True
                    connected.set()
                await frames.put(frame)
    except (OSError, WebSocketException):
        pass  # the page's fallback is ours: ask the REST API
    finally:
        progress.live = False
        await frames.put({"type": "lost"})
