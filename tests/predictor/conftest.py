"""Fixtures of the predictor's tests: a provider that counts, and the service's settings against parts of one's own."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from darkroom_predictor.settings import PredictorSettings
from predictor.provider_double import ProviderDouble, provider_double
from support.kafka import Log
from support.service import migrated

MakeSettings = Callable[..., PredictorSettings]
PATIENT = {"grant_seconds_max": 10.0, "connect_seconds_max": 20.0, "create_seconds_max": 30.0, "call_lease_seconds": 60.0}
"""How long a step may take on a busy machine before the service takes it for a fault, and burns the turn or looks up the call."""


@pytest.fixture
async def provider() -> AsyncIterator[ProviderDouble]:
    """A provider over HTTP."""
    async with provider_double() as double:
        yield double


@pytest.fixture
async def predictor_database(database_url: str) -> str:
    """A database with the predictor's schema."""
    return await migrated("predictor", database_url)


@pytest.fixture
def make_settings(log: Log, predictor_database: str, redis_url: str, provider: ProviderDouble) -> MakeSettings:
    """Settings of one replica; anything may be given otherwise."""

    def make(**changes: Any) -> PredictorSettings:
        return PredictorSettings(
            **{
                "kafka_bootstrap_servers": log.bootstrap,
                "kafka_prefix": log.prefix,
                "database_url": predictor_database,
                "redis_url": redis_url,
                "replicate_base_url": provider.address,
                "replicate_api_tokens": "replicate-1=r8_first",
                "public_url": "https://shop.example",
                "replica": "one",
                "look_up_every_seconds": 0.2,
                "breaker_failures": 1000,
                **PATIENT,
                "jwt_secret": "a-secret-of-this-test-that-is-long-enough",
                **changes,
            }
        )

    return make
