"""The settings of jobs-api."""

from darkroom_servicekit.auth import DEVELOPMENT_KEY
from darkroom_servicekit.settings import ServiceSettings
from pydantic import Field


class JobsApiSettings(ServiceSettings):
    """Read from the environment as `DARKROOM_<NAME>`."""

    store_base_url: str | None = Field(default=None, description="where the shop's catalogue is served (`GET …/products`)")
    fetch_allow: str = Field(default="", description="`host:port,…` that picture addresses may name although private")
    models: dict[str, str] = Field(default_factory=dict, description="provider model by product, over the catalogue's own")
    optimize_model: str | None = Field(default=None, description="the same for `optimize` alone")
    requests_per_minute: int = Field(default=600, ge=1, description="what a principal may ask in a minute; also the burst")
    sample_instances: str = Field(default="", description="`instance,…`: shops that a page offers; with development keys only")
    idempotency_keep_hours: int = Field(default=24, ge=1, description="how long an idempotency key answers the same")

    def model_overrides(self) -> dict[str, str]:
        """The provider's model id by product, where it differs from the catalogue row."""
        return self.models | ({"optimize": self.optimize_model} if self.optimize_model else {})

    def sample_shops(self) -> list[str] | None:
        """The shops that a page offers, in the order given; None where instance tokens have a key of their own."""
        if self.wix_app_secret != DEVELOPMENT_KEY:
            return None
        return [name.strip() for name in self.sample_instances.split(",") if name.strip()]
