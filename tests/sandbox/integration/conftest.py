"""One sandbox process for all tests; each test begins with its options at their defaults."""

from collections.abc import Iterator

import httpx
import pytest
from support.running_sandbox import RunningSandbox, WebhookReceiver, running_sandbox, webhook_receiver


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(sandbox_process: RunningSandbox) -> RunningSandbox:
    httpx.post(f"{sandbox_process.url}/sandbox/reset").raise_for_status()
    return sandbox_process


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as running:
        yield running


@pytest.fixture
def api(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    headers = {"authorization": "Bearer r8_test_aaaa"}
    with httpx.Client(base_url=f"{sandbox.replicate}/v1", headers=headers, timeout=60) as client:
        yield client
