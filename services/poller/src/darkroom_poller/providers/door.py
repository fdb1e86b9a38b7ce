"""What the poller needs of a provider. One adapter per provider; the rest of the service knows only this."""

from collections.abc import Sequence
from typing import Protocol

from darkroom_poller.predictions import Progress


class ProviderUnavailable(Exception):
    """No answer that says anything about the prediction: ask again later."""


class ProviderThrottled(ProviderUnavailable):
    """Too many requests; nothing is to be asked for `pause_seconds`."""

    def __init__(self, pause_seconds: float) -> None:
        super().__init__(f"throttled, pause of {pause_seconds:g} s")
        self.pause_seconds = pause_seconds


class Provider(Protocol):
    """A provider's read side."""

    @property
    def accounts(self) -> Sequence[str]:
        """Our names of the accounts that this process has tokens of."""
        ...

    async def look_up(self, account: str, prediction_id: str) -> Progress:
        """How a prediction goes. Raises ProviderUnavailable (ProviderThrottled)."""
        ...

    async def cancel(self, account: str, prediction_id: str) -> Progress:
        """Ask that a prediction be stopped; how it stands then: one that has ended stays so. Raises ProviderUnavailable."""
        ...
