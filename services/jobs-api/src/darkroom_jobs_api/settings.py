"""The settings of jobs-api."""

from darkroom_servicekit.auth import DEVELOPMENT_KEY
from darkroom_servicekit.settings import ServiceSettings
from pydantic import Field


class JobsApiSettings(ServiceSettings):
    """Read from the environment as `DARKROOM_<NAME>`."""

    store_base_url: str | None = Field(default=None, description="where the shop's catalogue is served (`GET …/products`)")
    storage_url: str = Field(description="`file:///folder` or `s3://bucket/prefix`")
    fetch_allow: str = Field(default="", description="`host:port,…` that picture addresses may name although private")
    dns_servers: str | None = Field(
        default=None, description="`address:port,…` of the name servers for picture addresses, in place of /etc/resolv.conf's"
    )
    models: dict[str, str] = Field(default_factory=dict, description="provider model by product, over the catalogue's own")
    optimize_model: str | None = Field(default=None, description="the same for `optimize` alone")
    sample_instances: str = Field(default="", description="`instance,…`: shops that a page offers; with development keys only")
    sandbox_url: str | None = Field(
        default=None, description="the sandbox whose faults operators may switch; with development keys only"
    )
    idempotency_keep_hours: int = Field(default=24, ge=1, description="how long an idempotency key answers the same")

    def model_overrides(self) -> dict[str, str]:
        """The provider's model id by product, where it differs from the catalogue row."""
        return self.models | ({"optimize": self.optimize_model} if self.optimize_model else {})

    def sample_shops(self) -> list[str] | None:
        """The shops that a page offers, in the order given; None where instance tokens have a key of their own."""
        if not self._on_development_keys():
            return None
        return [name.strip() for name in self.sample_instances.split(",") if name.strip()]

    def offers_operator(self) -> bool:
        """Whether anyone may sign in as an operator: where JWTs too are signed with the development key."""
        return self._on_development_keys() and self.jwt_secret == DEVELOPMENT_KEY and self.jwt_algorithm == "HS256"

    def sandbox(self) -> str | None:
        """The sandbox' address; None where keys of one's own are in use, whatever is set."""
        return self.sandbox_url if self._on_development_keys() else None

    def _on_development_keys(self) -> bool:
        return self.wix_app_secret == DEVELOPMENT_KEY
