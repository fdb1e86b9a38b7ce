"""The settings of credits, beside those that every service has."""

from darkroom_servicekit.settings import ServiceSettings
from pydantic import Field


class CreditsSettings(ServiceSettings):
    """Read from the environment as `DARKROOM_<NAME>`."""

    sample_instances: str = Field(default="", description="`instance,…`: shops that start on the sample plan, for trying out")
    sample_plan: str = Field(default="starter", description="the plan of the sample shops")

    reservation_overdue_seconds: float = Field(
        default=6 * 3600, gt=0, description="how long a job may hold credits before it is reported as overdue"
    )

    def sample_instance_ids(self) -> list[str]:
        """The sample shops, without blanks."""
        return [one.strip() for one in self.sample_instances.split(",") if one.strip()]
