"""The notifier's own settings; only `main` reads them."""

from darkroom_servicekit.settings import ServiceSettings
from pydantic import Field


class NotifierSettings(ServiceSettings):
    """Read from the environment as `DARKROOM_<NAME>`."""

    ws_origins: str = Field(
        default="", description="origins besides the public address that may open `/ws`: `https://a,https://b`"
    )
    ws_sockets_max: int = Field(default=50, ge=1, description="sockets a tenant may hold open, over all replicas")
    ws_history_frames: int = Field(default=1000, ge=1, description="frames kept for each tenant, to close a reader's gap")
    ws_history_seconds: int = Field(default=3600, ge=1, description="how long they are kept after the tenant's last one")
