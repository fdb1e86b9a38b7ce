"""The one door behind which every provider stands: create a prediction, look up what was created.

An adapter sends a creation at most once, never repeats it by itself, and says truthfully what is known afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Creation:
    """One paid call to be made, at most once, and not after `send_before` (this process's monotonic clock)."""

    attempt_id: str
    account: str
    model: str
    input_json: str
    cancel_after_seconds: int
    callback_token: str
    send_before: float


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The provider has it. `output` is set where it answers at once; `places_left`: in its present minute, if it says.

    `output_key` stands for an output that was inside the answer and is in our storage now, `output_keys` for parts of one, by
    their JSON pointers.
    """

    prediction_id: str
    output: Any = None
    output_key: str | None = None
    output_keys: Mapping[str, str] = field(default_factory=dict)
    places_left: int | None = None


class Refusal(Enum):
    """Why a provider made no prediction of a call that reached it."""

    BAD_INPUT = "bad-input"
    THROTTLED = "throttled"
    LOW_CREDIT = "low-credit"
    ACCOUNT = "account"
    MODEL_GONE = "model-gone"
    MODEL_FORBIDDEN = "model-forbidden"
    OUR_FAULT = "our-fault"
    PROVIDER_ERROR = "provider-error"


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The provider answered that it made no prediction. `fields`: the paths that it names as the reason."""

    refusal: Refusal
    message: str
    fields: tuple[str, ...] = ()
    retry_after_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class NotSent:
    """Nothing left this process: too late for the grant, or no connection."""

    too_late: bool
    message: str


@dataclass(frozen=True, kw_only=True)
class Unanswered:
    """The call may have made a prediction: some of it may have left, and no answer proves the contrary.

    `ours`: code of ours failed, which says nothing of the model.
    """

    message: str
    ours: bool = False


Outcome = Accepted | Refused | NotSent | Unanswered


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A prediction as the provider lists it. `created_at` is None where the provider's time cannot be read.

    `attempt_id` and `callback_token` are from a webhook address of ours, `has_webhook` says whether any address is shown.
    """

    prediction_id: str
    created_at: datetime | None
    attempt_id: str | None
    callback_token: str | None
    has_webhook: bool
    input: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ListedPage:
    """A page of the list, newest first, and where the next one is."""

    listed: Sequence[Listed]
    following: str | None


class ProviderDoor(Protocol):
    """A provider, with all our accounts there."""

    @property
    def name(self) -> str:
        """As items name it."""

    @property
    def accounts(self) -> Sequence[str]:
        """Our names of the accounts that this process holds keys of."""

    @property
    def webhook_expected(self) -> bool:
        """Whether creations carry a webhook address."""

    async def create(self, creation: Creation) -> Outcome:
        """Make the call. Raises nothing but cancellation."""

    async def list_page(self, account: str, *, since: datetime, until: datetime, page: str | None) -> ListedPage:
        """The account's predictions created from `since` on and before `until`: the first page, or `page`. Raises LookUpFailed.

        A provider that does not know the filter lists older and newer ones, too. One request.
        """

    async def cancel(self, account: str, prediction_id: str) -> None:
        """Ask that a prediction be stopped; one that has ended, or is not known, stays as it is. Raises CancelFailed."""

    async def close(self) -> None:
        """Give back connections."""


class LookUpFailed(Exception):
    """The page could not be read now."""


class CancelFailed(Exception):
    """The provider did not take the request to stop a prediction; it may be asked again."""
