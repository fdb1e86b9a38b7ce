"""The predictor's own settings, beside the kit's."""

from darkroom_servicekit.provider_accounts import parse_accounts
from darkroom_servicekit.settings import ServiceSettings
from pydantic import Field, field_validator


class PredictorSettings(ServiceSettings):
    """Read from the environment as `DARKROOM_<NAME>`."""

    replicate_api_tokens: str = Field(
        default="",
        description="`name=token,…`: the accounts; a bare token is named by its digest (`replicate-` and 8 hex digits)",
    )
    replicate_base_url: str = Field(default="https://api.replicate.com", description="in front of `/v1/…`")
    replicate_cap_per_minute: int = Field(default=450, ge=1, description="creations in any 60 s, for each account")
    replicate_burst: int = Field(default=10, ge=1, description="calls of an account that may start at once after a pause")
    replicate_concurrency: int = Field(default=600, ge=1, description="predictions of an account in flight at most")

    window_seconds: float = Field(default=60.0, gt=0, description="W: the provider counts calls over this long")
    grant_seconds_max: float = Field(
        default=1.0, gt=0, description="D: from a grant to its call's arrival; a later one is burned"
    )
    turns_max: int = Field(default=50, ge=1, description="turns taken, and claimed in one transaction, at most")
    calls_max: int = Field(default=256, ge=1, description="creations of this replica that may be under way at once")

    connect_seconds_max: float = Field(default=2.0, gt=0, description="to connect to a provider")
    create_seconds_max: float = Field(default=8.0, gt=0, description="for a provider's answer; later it is settled by look-up")
    call_lease_seconds: float = Field(default=12.0, gt=0, description="how long a call may be its replica's own affair")
    unknown_settle_seconds: float = Field(
        default=60.0, gt=0, description="a call without an answer that no look-up finds for this long did not happen"
    )
    look_up_every_seconds: float = Field(default=5.0, gt=0, description="between look-ups of calls without an answer")
    account_stop_seconds: float = Field(
        default=60.0,
        gt=0,
        description="an account that is refused or low in credit gets one call each so long, to find out",
    )
    breaker_failures: int = Field(
        default=8, ge=1, description="failures of a model in a row after which its items wait, and single trials find out"
    )
    breaker_tenants: int = Field(
        default=3,
        ge=1,
        description="tenants whose predictions must be among these failures; those of fewer slow only these tenants",
    )
    breaker_pause_seconds: float = Field(default=5.0, gt=0, description="before such a model's first trial; doubled each time")
    breaker_pause_seconds_max: float = Field(default=30.0, gt=0, description="between its trials at most")
    model_wait_seconds_max: float = Field(
        default=3600.0,
        gt=0,
        description="how long items wait for a model that always fails, or has no adapter, until they fail",
    )
    throttle_seconds: float = Field(default=5.0, gt=0, description="the pause after a 429 that does not say how long")

    provider_requests_per_minute: int = Field(
        default=900,
        ge=1,
        description="lists and cancels that all replicas together may send for one account; Replicate allows 3,000 requests a "
        "minute beside creations, of which the poller takes DARKROOM_POLLS_PER_MINUTE",
    )
    storage_url: str | None = Field(
        default=None,
        description="`file:///folder` or `s3://bucket/prefix`, the poller's: for outputs inside a creation's answer; without it "
        "the poller asks the provider for them",
    )
    retell_margin_seconds: float = Field(
        default=60.0,
        gt=0,
        description="after Cancel-After has passed, how long until the poller is asked again for an attempt that has no end",
    )

    attempt_abandon_seconds: float = Field(
        default=7200.0,
        gt=0,
        description="after Cancel-After has passed, how long until an attempt that nobody ends counts as failed; the provider "
        "keeps an output for an hour",
    )
    queue_keep_days: int = Field(
        default=30, ge=1, description="how long ended items and their attempts are remembered; an older request is not taken"
    )

    repair_every_seconds: float = Field(
        default=15.0, gt=0, description="between comparisons of the queue in Redis with the table"
    )
    heartbeat_seconds: float = Field(default=30.0, gt=0, description="between heartbeat lines in the log")

    @field_validator("replicate_api_tokens")
    @classmethod
    def _accounts_are_usable(cls, value: str) -> str:
        parse_accounts("replicate", value)
        return value

    def replicate_accounts(self) -> dict[str, str]:
        """Return each Replicate account's token by the account's name."""
        return parse_accounts("replicate", self.replicate_api_tokens)
