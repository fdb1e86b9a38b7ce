"""The settings that every service shares; each service's own stand in its `settings.py`. Only `main` modules read them."""

import socket
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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

    wix_app_id: str | None = Field(default=None, description="the app's id at Wix")
    wix_app_secret: str | None = Field(default=None, description="signs instance tokens; none: they are refused")
    jwt_secret: str | None = Field(default=None, description="HS256 key of JWTs; none and no JWKS: they are refused")
    jwt_jwks_url: str | None = Field(default=None, description="key set of JWTs signed with RS256")
    jwt_algorithm: Literal["HS256", "RS256"] = Field(default="HS256", description="the one algorithm that is accepted")
    jwt_issuer: str = Field(default="darkroom", description="required `iss` of JWTs")
    jwt_audience: str = Field(default="darkroom", description="required `aud` of JWTs")

    requests_per_minute: int = Field(
        default=600, ge=1, description="what a principal may ask of all services together in a minute; also the burst"
    )

    def replica_name(self) -> str:
        """A name that no other replica of this service has, and that this one has again after a restart."""
        return self.replica or f"{socket.gethostname()}:{self.http_port}"

    def media_base(self) -> str:
        """The address in front of `/media/…`, without a trailing slash; empty when none is set (relative addresses)."""
        return (self.media_url or self.public_url or "").rstrip("/")
