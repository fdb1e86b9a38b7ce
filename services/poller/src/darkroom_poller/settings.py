"""The poller's own settings, beside the kit's."""

from darkroom_servicekit.provider_accounts import parse_accounts
from darkroom_servicekit.settings import ServiceSettings
from pydantic import Field, field_validator


class PollerSettings(ServiceSettings):
    """Read from the environment as `DARKROOM_<NAME>`."""

    replicate_api_tokens: str = Field(
        default="",
        description="`name=token,…`: the accounts; a bare token is named by its digest (`replicate-` and 8 hex digits)",
    )
    replicate_base_url: str = Field(default="https://api.replicate.com", description="in front of `/v1/…`")
    provider_seconds_max: float = Field(default=10.0, gt=0, description="for a provider's answer to a look-up")

    polls_per_minute: int = Field(
        default=1500, ge=1, description="look-ups of all replicas together; Replicate allows 3,000 a minute beside creations"
    )
    overdue_margin_seconds: float = Field(
        default=30.0, ge=0, description="after Cancel-After has passed, how long until a prediction is cancelled and closed"
    )
    unreachable_seconds_max: float = Field(
        default=600.0, ge=0, description="how long an overdue prediction waits for a provider that does not answer"
    )

    missing_seconds: float = Field(
        default=60.0,
        ge=0,
        description="how long look-ups must miss a prediction, three of them in a row at least, before it counts as lost",
    )

    storage_url: str = Field(description="`file:///folder` or `s3://bucket/prefix`")
    media_secret: str = Field(
        min_length=16,
        description="keys the folder names of tenants, so that they cannot be guessed; of several (`new,old`) the first",
    )
    fetch_allow: str | None = Field(default=None, description="`host:port,…` that may be fetched from although private")
    dns_servers: str | None = Field(
        default=None, description="`address:port,…` of the name servers for outputs' addresses, in place of /etc/resolv.conf's"
    )
    fetch_bytes_max: int = Field(
        default=25_000_000, ge=1, description="largest output taken for products whose row sets no size of its own"
    )
    output_bytes_max: int = Field(
        default=100_000_000,
        ge=1,
        le=1_000_000_000,
        description="largest output taken for any product, whatever its row and `DARKROOM_FETCH_BYTES_MAX` allow",
    )
    fetch_seconds_max: float = Field(default=15.0, gt=0, description="for fetching one output, redirects included")
    output_kept_seconds: float = Field(
        default=3300.0,
        gt=0,
        description="from a prediction's end on, how long fetching its output is tried; Replicate deletes it after an hour",
    )
    pixels_max: int = Field(
        default=50_000_000,
        ge=1,
        description="largest picture decoded (width times height) for products whose row sets no size of its own",
    )
    output_pixels_max: int = Field(
        default=100_000_000,
        ge=1,
        le=1_000_000_000,
        description="largest picture decoded for any product, whatever its row and `DARKROOM_PIXELS_MAX` allow; "
        "a decoding child may use 1.2 GB of memory, beyond 50 megapixels 24 bytes a pixel",
    )
    thumbnail_pixels: int = Field(
        default=512, ge=16, description="longer side of thumbnails; half of what models usually return costs least to make"
    )
    image_workers: int = Field(default=2, ge=1, description="limited child processes that decode pictures, started when needed")
    image_seconds_max: float = Field(
        default=8.0,
        gt=0,
        description="for decoding up to 50 megapixels, a larger picture has more in proportion; then the child is killed",
    )

    collectors: int = Field(default=16, ge=1, description="outputs fetched and stored at the same time by one replica")
    collect_lease_seconds: float = Field(
        default=30.0,
        gt=1,
        description="how long a replica may work on an output (fetch, decode, store) before another may take it over",
    )
    keep_days: int = Field(default=30, ge=1, description="how long ended predictions are remembered, for late webhooks")

    staged_keep_days: int = Field(
        default=7, ge=1, description="how long outputs wait under `staged/` in the storage before uncollected ones are deleted"
    )

    unusable_keep_days: int = Field(
        default=30,
        ge=1,
        description="how long outputs that cannot be used are kept for operators, under `unusable/` in the storage",
    )

    @field_validator("replicate_api_tokens")
    @classmethod
    def _accounts_are_usable(cls, value: str) -> str:
        parse_accounts("replicate", value)
        return value

    def replicate_accounts(self) -> dict[str, str]:
        """Return each Replicate account's token by the account's name."""
        return parse_accounts("replicate", self.replicate_api_tokens)
