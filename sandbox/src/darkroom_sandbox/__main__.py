"""`python -m darkroom_sandbox`: the outside world in one process."""

import logging

from darkroom_sandbox.main import build, build_wires
from darkroom_sandbox.server import build_server
from darkroom_sandbox.settings import Settings


def main() -> None:
    """Serves until told to stop (SIGINT, SIGTERM)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = Settings()
    wires = build_wires(settings)
    server = build_server(build(settings, wires), settings.host, settings.port, wires)
    server.run()


if __name__ == "__main__":
    main()
