"""The whole stack, once for the folder; `make chaos` alone runs these."""

from collections.abc import Iterator

import pytest
from support.platform import Platform, running_platform


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """All five services, the sandbox and the gateway over real parts."""
    with running_platform() as running:
        yield running
