"""The operator's side of a run: plans, pauses of a tenant, redrives of what was given up, and the provider's bad minute."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from chaos.clients import repeated
from chaos.evidence import Pause
from chaos.plan import PausePlan, Storm
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_jwt
from support.platform import Platform, Tenant

IN_FORCE_SECONDS = 2.0
"""After a pause was answered, until the last call that had its turn before has arrived: the predictor's D, and a margin."""
LATER_IN_FORCE_SECONDS = 25.0
"""The same while things break: Redis may hear of it only from the next comparison with the table, by a process that lives."""


class Operator:
    """One operator of a running stack, at its one address, who repeats what was not answered."""

    def __init__(self, platform: Platform, http: httpx.AsyncClient) -> None:
        self._platform = platform
        self._http = http
        self.pauses: list[Pause] = []
        self.redriven = 0

    @classmethod
    def client(cls, platform: Platform) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """An HTTP client with an operator's token."""
        token = make_jwt("operators", key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=timedelta(hours=1), roles=("operator",))
        return httpx.AsyncClient(
            base_url=platform.status["web"], headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=20
        )

    async def put_on(self, shop: Tenant, plan: str) -> None:
        """A plan for a tenant."""
        await self._ask("PUT", f"/api/operator/tenants/{shop.instance_id}/plan", {"plan": plan})

    async def bound(self, model: str, slots: int) -> None:
        """How many predictions of a model may be in flight."""
        await self._ask("PUT", f"/api/operator/limits/models/replicate/{model}", {"concurrency": slots})

    async def pause(self, shop: Tenant, *, paused: bool) -> None:
        """Nothing of the tenant's is started from now on; or it is again."""
        await self._ask("PUT", f"/api/operator/tenants/{shop.instance_id}", {"paused": paused})

    async def pause_for(self, shop: Tenant, plan: PausePlan, *, begun: float, paused_at: float | None = None) -> None:
        """A pause from `at_seconds` after `begun` (by the loop's clock), unless it began before anything broke."""
        clock = asyncio.get_running_loop().time
        if paused_at is None:
            await asyncio.sleep(max(0.0, begun + plan.at_seconds - clock()))
            await self.pause(shop, paused=True)
            in_force_at = time.time() + LATER_IN_FORCE_SECONDS
        else:
            in_force_at = paused_at + IN_FORCE_SECONDS
        await asyncio.sleep(max(0.0, begun + plan.at_seconds + plan.seconds - clock()))
        ended_at = time.time()
        await self.pause(shop, paused=False)
        self.pauses.append(Pause(instance_id=shop.instance_id, in_force_at=in_force_at, ended_at=ended_at))

    async def redrive(self, shop: Tenant, *, key: str) -> None:
        """Have tried again what was given up of a tenant."""
        body = {"filter": {"instanceId": shop.instance_id}}
        told = await self._ask("POST", "/api/operator/dead-letters/redrive", body, key=key)
        self.redriven += int(told["matched"])

    async def storm(self, weather: Mapping[str, Any], storm: Storm, *, begun: float) -> None:
        """Let the provider fail most of what it is given, for a while."""
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, begun + storm.at_seconds - clock()))
        await self._platform.sandbox("PUT", "replicate", json={**weather, "transientRate": storm.rate})
        await asyncio.sleep(storm.seconds)
        await self._platform.sandbox("PUT", "replicate", json=weather)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any], *, key: str | None = None) -> Any:
        answer = await repeated(self._http, method, path, body=body, key=key)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()
