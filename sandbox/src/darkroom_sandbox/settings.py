"""The sandbox' own settings, read once from the environment (`DARKROOM_SANDBOX_*`) and passed on by `build`."""

from pathlib import Path

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the sandbox listens, what address it gives out, and the folder it may write to."""

    model_config = SettingsConfigDict(env_prefix="DARKROOM_SANDBOX_")

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8090, ge=0, le=65_535, description="port to listen on")
    public_url: str = Field(default="", description="its own address in what it answers; default: host and port")
    home: Path = Field(default=Path(".darkroom/sandbox"), description="folder for pictures and uploads")

    platform_url: str = Field(default="", description="the platform's public address, where the vendors' events are sent to")
    stripe_webhook_secret: str = Field(default="", description="`whsec_…` that the platform's events of Stripe are signed with")

    smtp_port: int = Field(default=0, ge=0, le=65_535, description="port of an SMTP server beside the rest; 0: none")

    wires: dict[str, int] = Field(
        default={},
        description='ports on which vendors are reached over a wire that can be tampered with, as JSON: `{"replicate": 8091}`',
    )
    tls: bool = Field(default=False, description="speak TLS behind the wires; needs `DARKROOM_SANDBOX_WIRES`")
    ca_file: Path | None = Field(
        default=None,
        description="where the certificate of the sandbox' own authority is written; default: `ca.pem` in its folder",
    )

    @model_validator(mode="after")
    def _tls_has_wires(self) -> "Settings":
        if self.tls and not self.wires:
            raise ValueError('TLS is spoken behind wires: set DARKROOM_SANDBOX_WIRES, as {"replicate": 8091}')
        return self

    @property
    def base_url(self) -> str:
        """The address others reach the sandbox under, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
