"""The shops' side of a run: a caller that repeats its request under its key until it is answered, and a page that resumes."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from chaos.evidence import Asked, ClientView
from support.platform import ENDED, Tenant
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

FINAL = frozenset({201, 202, 402})
AGAIN = frozenset({409, 429, 502, 503, 504, 500})
"""A 500 is the gateway's or ours in the middle of dying; a caller with a key may always repeat."""
AGAIN_SECONDS = 0.5
REQUEST_SECONDS_MAX = 20.0
CONNECT_SECONDS_MAX = 20.0
SILENCE_SECONDS_MAX = 15.0
"""A page whose socket says nothing for so long connects anew: the other side may have been frozen or cut off."""

JOBS = "/api/image-optimization/jobs?limit=100"

Body = Mapping[str, Any]


async def ask(shop: Tenant, key: str, images: Sequence[Mapping[str, str]]) -> Asked:
    """Ask for a job until it is answered for good, then once more: the same answer comes."""
    body = {"productId": key, "productName": "Chaos", "images": list(images)}
    return await _ask(shop, key, "/api/image-optimization", body, None)


async def retry(shop: Tenant, key: str, job_id: int) -> Asked | None:
    """Ask for a job's failed items again, in the same way; None when an operator had all of them tried again before."""
    path = f"/api/image-optimization/jobs/{job_id}/retry"
    if _has_another_job(await repeated(shop.http, "POST", path, key=key)):
        return None
    return await _ask(shop, key, path, None, job_id)


async def _ask(shop: Tenant, key: str, path: str, body: Body | None, retry_of: int | None) -> Asked:
    statuses, job_ids = [], set()
    for _ in range(2):
        answer = await repeated(shop.http, "POST", path, body=body, key=key)
        found = answer.json()
        assert answer.status_code in FINAL, f"key {key}: {answer.status_code} {answer.text[:300]}"
        statuses.append(answer.status_code)
        job_ids.add(int(found["jobId"] if answer.status_code == 402 else found["job"]["id"]))
    return Asked(instance_id=shop.instance_id, key=key, statuses=tuple(statuses), job_ids=frozenset(job_ids), retry_of=retry_of)


async def job_of(shop: Tenant, job_id: int) -> dict[str, Any]:
    """A job as it stands."""
    answer = await repeated(shop.http, "GET", f"/api/image-optimization/jobs/{job_id}")
    found: dict[str, Any] = answer.json()["job"]
    return found


async def repeated(
    http: httpx.AsyncClient, method: str, path: str, *, body: Body | None = None, key: str | None = None
) -> httpx.Response:
    """The first answer that is not a passing fault. The caller bounds the time."""
    headers = {"Idempotency-Key": key} if key else {}
    while True:
        try:
            answer = await http.request(method, path, json=body, headers=headers, timeout=REQUEST_SECONDS_MAX)
        except httpx.TransportError:
            answer = None
        if answer is not None and (answer.status_code not in AGAIN or _has_another_job(answer)):
            return answer
        await asyncio.sleep(AGAIN_SECONDS)


def _has_another_job(answer: httpx.Response) -> bool:
    """Whether a retry was refused because a later job has the pictures: no passing fault."""
    return answer.status_code == 409 and answer.json()["type"] == "/problems/retried-already"


async def cancel(shop: Tenant, job_id: int) -> int:
    """Ask that a job be stopped; the answer's status (409: it had ended)."""
    path = f"/api/image-optimization/jobs/{job_id}/cancel"
    while True:
        try:
            answer = await shop.http.post(path, timeout=REQUEST_SECONDS_MAX)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code not in AGAIN - {409}:
            return answer.status_code
        await asyncio.sleep(AGAIN_SECONDS)


@dataclass
class Page:
    """A shop's open page. `run` for ever; what it shows stands in `items` and `jobs`."""

    shop: Tenant
    items: dict[int, str] = field(default_factory=dict)
    jobs: dict[int, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    connects: int = 0
    reloads: int = 0
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    _position: dict[str, Any] | None = None

    async def run(self) -> None:
        """Stay connected, whatever happens on the other side."""
        while True:
            try:
                async with connect(self.shop.ws_url, proxy=None, open_timeout=CONNECT_SECONDS_MAX) as socket:
                    asking = {"type": "connect", "token": self.shop.token}
                    await socket.send(json.dumps(asking | ({"position": self._position} if self._position else {})))
                    await self._take_up(json.loads(await asyncio.wait_for(socket.recv(), CONNECT_SECONDS_MAX)))
                    while True:
                        self._show(json.loads(await asyncio.wait_for(socket.recv(), SILENCE_SECONDS_MAX)))
            except (OSError, TimeoutError, WebSocketException):
                await asyncio.sleep(AGAIN_SECONDS)

    def view(self) -> ClientView:
        """What it shows now."""
        return ClientView(
            instance_id=self.shop.instance_id, items=dict(self.items), jobs=dict(self.jobs), complaints=list(self.complaints)
        )

    async def _take_up(self, told: Mapping[str, Any]) -> None:
        if told["type"] != "connected":
            self.complaints.append(f"connect was answered by {told}")
            return
        self.connects += 1
        here = {"epoch": told["epoch"], "offset": told["offset"]}
        if told["recovered"] and self._position is not None:
            if self._position["epoch"] != here["epoch"]:
                self.complaints.append(f"recovered in another epoch: {self._position} became {here}")
            if self._position["offset"] > here["offset"]:
                self.complaints.append(f"recovered, but from {self._position} back to {here}")
            self._position = {"epoch": here["epoch"], "offset": self._position["offset"]}
            return
        # The position is read before the state: what comes after it may be in the state already, never the other way round.
        await self._reload()
        self._position = here
        self.connected.set()

    async def _reload(self) -> None:
        """All jobs of the shop by REST."""
        self.reloads += 1
        path: str | None = JOBS
        while path is not None:
            page = (await repeated(self.shop.http, "GET", path)).json()
            for job in page["jobs"]:
                if self.jobs.get(job["id"]) not in ENDED:
                    await self._reload_job(job["id"])
            path = f"{JOBS}&cursor={page['nextCursor']}" if page["nextCursor"] else None

    async def _reload_job(self, job_id: int) -> None:
        detail = (await repeated(self.shop.http, "GET", f"/api/image-optimization/jobs/{job_id}")).json()
        self._set(self.jobs, job_id, detail["job"]["status"], f"job {job_id}")
        for item in detail["items"]:
            self._set(self.items, item["id"], item["status"], f"item {item['id']}")

    def _show(self, frame: Mapping[str, Any]) -> None:
        assert self._position is not None
        if frame["offset"] != self._position["offset"] + 1:
            self.complaints.append(f"after frame {self._position['offset']} came {frame['offset']}")
        self._position["offset"] = frame["offset"]
        data = frame["data"]
        match frame["event"]:
            case "item.updated":
                self._set(self.items, data["itemId"], data["status"], f"item {data['itemId']}")
            case "job.accepted" | "job.updated" | "job.finished":
                self._set(self.jobs, data["jobId"], data.get("status", "RUNNING"), f"job {data['jobId']}")

    def _set(self, shown: dict[int, str], number: int, status: str, what: str) -> None:
        """A page never leaves an end for what came late; two different ends are a fault of the platform."""
        before = shown.get(number)
        if before in ENDED:
            if status in ENDED and status != before:
                self.complaints.append(f"{what} was {before} and became {status}")
            return
        shown[number] = status
