"""The service credits as its callers see it: over HTTP, with tokens, in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from darkroom_credits.main import build
from darkroom_credits.settings import CreditsSettings
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token, make_jwt
from support.kafka import Log
from support.service import eventually, running
from support.stack import StackAddresses

SAMPLES = ("sample-1", "sample-2")


class Credits:
    """The service as its callers see it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, *, instance_id: str = "shop") -> Any:
        answer = await self.client.get(path, headers=tenant(instance_id))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def grant(self, instance_id: str, **body: Any) -> httpx.Response:
        key = body.pop("key", None)
        headers = operator() | ({"Idempotency-Key": key} if key else {})
        return await self.client.post(f"/api/operator/credits/{instance_id}/grants", json=body, headers=headers)


TOKEN_LIFE = timedelta(hours=2)
"""Tokens made when tests are collected live for the whole suite."""


def tenant(instance_id: str) -> dict[str, str]:
    token = make_instance_token(instance_id, key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=TOKEN_LIFE)
    return {"Authorization": f"Bearer {token}"}


def operator(role: str = "operator") -> dict[str, str]:
    token = make_jwt("platform", key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=TOKEN_LIFE, subject="olga", roles=(role,))
    return {"Authorization": f"Bearer {token}"}


def settings_for(parts: StackAddresses, log: Log, database_url: str) -> CreditsSettings:
    return CreditsSettings(
        kafka_bootstrap_servers=parts.kafka,
        kafka_prefix=log.prefix,
        database_url=database_url,
        redis_url=parts.redis,
        wix_app_secret=DEVELOPMENT_KEY,
        jwt_secret=DEVELOPMENT_KEY,
        sample_instances=", ".join(SAMPLES),
    )


@asynccontextmanager
async def serving(settings: CreditsSettings) -> AsyncIterator[Credits]:
    async with running(build(settings)) as client:
        credits = Credits(client)

        async def samples_open() -> bool:
            return all([(await credits.get("/api/credits", instance_id=one))["plan"] == "starter" for one in SAMPLES])

        await eventually(samples_open)
        yield credits
