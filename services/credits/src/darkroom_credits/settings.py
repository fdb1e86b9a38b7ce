"""The settings of credits, beside those that every service has."""

from darkroom_servicekit.settings import ServiceSettings
from pydantic import Field


class CreditsSettings(ServiceSettings):
    """Read from the environment as `DARKROOM_<NAME>`."""

    sample_instances: str = Field(default="", description="`instance,…`: shops that start on the sample plan, for trying out")
    sample_plan: str = Field(default="starter", description="the plan of the sample shops")

    reservation_overdue_seconds: float = Field(
        default=6 * 3600,
        gt=0,
        description="how long a job may hold credits without news before it is looked up in the log; held longer, it is overdue",
    )

    close_after_seconds: float = Field(
        default=300.0, ge=60, le=43200, description="how long after midnight UTC the day before is closed"
    )

    stripe_api_key: str | None = Field(default=None, description="key of Stripe; none: no credits are sold by card")
    stripe_base_url: str = Field(default="https://api.stripe.com", description="address of Stripe, without `/v1`")
    stripe_webhook_secret: str | None = Field(
        default=None,
        description="`new,old`: signing secrets of Stripe's webhooks (`whsec_…`), each checks; none: all are refused",
    )
    stripe_reconcile_seconds: float = Field(
        default=60.0,
        gt=0,
        description="after this long without a webhook Stripe is asked about a checkout, then less and less often",
    )

    stripe_events_seconds: float = Field(
        default=900.0, gt=0, description="how often Stripe is asked for events whose webhooks were lost"
    )

    def sample_instance_ids(self) -> list[str]:
        """The sample shops, without blanks."""
        return [one.strip() for one in self.sample_instances.split(",") if one.strip()]
