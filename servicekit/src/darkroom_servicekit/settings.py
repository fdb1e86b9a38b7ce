"""The settings that every service shares; each service's own stand in its `settings.py`. Only `main` modules read them."""

import socket
import sys
from typing import Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from darkroom_servicekit.development import WELL_KNOWN, why_not_development
from darkroom_servicekit.signing_keys import parse_secrets

EXIT_WRONG_SETTINGS = 2
SECRETS = (
    "wix_app_secret",
    "jwt_secret",
    "unsubscribe_secret",
    "media_secret",
    "stripe_webhook_secret",
    "sendgrid_webhook_key",
    "twilio_auth_token",
)
"""The settings that may hold several secrets (`new,old`), in whichever service they stand."""


class ServiceSettings(BaseSettings):
    """Read from the environment as `DARKROOM_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="DARKROOM_", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True)

    http_host: str = Field(default="127.0.0.1", description="address to listen on")
    http_port: int = Field(default=8000, ge=0, le=65535, description="port to listen on")

    replica: str | None = Field(
        default=None,
        description="this replica's name (default: host and port); started again under it, it takes its own leases back at once",
    )

    kafka_bootstrap_servers: str = Field(description="`host:port,…` of Kafka or Redpanda")
    kafka_prefix: str = Field(default="", description="before every topic and group: several platforms on one Kafka")
    database_url: str = Field(description="`postgresql://…` of this service's own database")
    redis_url: str = Field(description="`redis://…`")

    database_pool_size: int = Field(default=10, ge=2, description="connections a process may hold; idle ones are closed")
    consumer_batch_max: int = Field(default=500, ge=1, description="messages handled in one transaction at most")
    consumer_stall_seconds: float = Field(default=60.0, gt=0, description="work undone without progress, after which it restarts")
    outbox_batch_max: int = Field(default=500, ge=1, description="outbox rows relayed at once at most")
    outbox_keep_seconds: float = Field(default=3600.0, gt=0, description="how long relayed outbox rows are kept")
    inbox_keep_days: int = Field(default=30, ge=1, description="how long handled event ids are remembered")

    dead_letters_keep_days: int = Field(
        default=90, ge=1, description="how long messages that could not be handled are kept while nobody decides on them"
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="the least that is logged")
    otlp_endpoint: str | None = Field(default=None, description="OTLP/HTTP address of a trace collector; none: no export")

    public_url: str | None = Field(default=None, description="where browsers and webhooks reach the platform")
    media_url: str | None = Field(default=None, description="where stored pictures are served; default: the public address")

    wix_app_id: str | None = Field(
        default=None, description="the app's id at Wix; instance tokens that name another app are refused"
    )
    wix_app_secret: str | None = Field(
        default=None, description="`new,old`: signs instance tokens; several while one replaces another; none: they are refused"
    )
    jwt_secret: str | None = Field(
        default=None, description="`new,old`: HS256 keys of JWTs, of 16 characters or more; none and no JWKS: they are refused"
    )
    jwt_jwks_url: str | None = Field(
        default=None, description="`https://…`: the key set of JWTs signed with RS256, fetched in the background"
    )
    jwt_algorithm: Literal["HS256", "RS256"] = Field(default="HS256", description="the one algorithm that is accepted")
    jwt_issuer: str = Field(default="darkroom", description="required `iss` of JWTs")
    jwt_audience: str = Field(default="darkroom", description="required `aud` of JWTs")

    requests_per_minute: int = Field(
        default=600, ge=1, description="what a principal may ask of all services together in a minute; also the burst"
    )

    @field_validator(*SECRETS, check_fields=False)
    @classmethod
    def _secrets_are_usable(cls, value: str | None) -> str | None:
        if value is not None and not parse_secrets(value):
            raise ValueError("must hold a secret")
        return value

    @field_validator("jwt_jwks_url")
    @classmethod
    def _key_set_is_reached_by_http(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
                raise ValueError("must be an https:// or http:// address without a user name")
        return value

    @model_validator(mode="after")
    def _well_known_keys_stay_in_development(self) -> Self:
        given = {name: value for name, value in self if isinstance(value, str)}
        known = [name for name, value in given.items() if WELL_KNOWN & {one.strip() for one in value.split(",")}]
        why = why_not_development(given) if known else None
        if why:
            names = ", ".join(f"DARKROOM_{name.upper()}" for name in known)
            raise ValueError(f"{names}: the development key is known to everyone and is refused, because {why}; set a random key")
        return self

    def replica_name(self) -> str:
        """A name that no other replica of this service has, and that this one has again after a restart."""
        return self.replica or f"{socket.gethostname()}:{self.http_port}"

    def media_base(self) -> str:
        """The address in front of `/media/…`, without a trailing slash; empty when none is set (relative addresses)."""
        return (self.media_url or self.public_url or "").rstrip("/")


Settings = TypeVar("Settings", bound=ServiceSettings)


def read_settings(kind: type[Settings]) -> Settings:
    """The settings of this process. Wrong ones end it, each named in a line on stderr; no value is printed."""
    try:
        return kind()
    except ValidationError as error:
        for one in error.errors():
            name = "".join(f"DARKROOM_{part}: ".upper() for part in one["loc"][:1])
            print(f"{name}{one['msg'].removeprefix('Value error, ')}", file=sys.stderr)  # noqa: T201 - nothing logs yet
        sys.exit(EXIT_WRONG_SETTINGS)
