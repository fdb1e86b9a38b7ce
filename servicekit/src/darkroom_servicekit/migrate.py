"""`python -m darkroom_servicekit.migrate SERVICE=URL …`: bring the databases of services to their newest schema.

Alembic per service, run as a job before the services start; two runs at once wait for one another.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

SCRIPTS = Path(__file__).parent / "alembic"
SERVICES = Path(__file__).parents[3] / "services"
WRONG_USE = 2


def migrate(migrations: Path, database_url: str) -> None:
    """Bring a database to the newest revision. Waits for a concurrent run; locks nothing longer than the template allows."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("version_locations", str(migrations / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")


def main(arguments: list[str]) -> int:
    """Migrate each `SERVICE=URL`; 2 for wrong use."""
    pairs = [argument.partition("=") for argument in arguments]
    if not pairs or any(not url or not (SERVICES / service).is_dir() for service, _, url in pairs):
        sys.stderr.write("usage: python -m darkroom_servicekit.migrate SERVICE=postgresql://… …\n")
        return WRONG_USE
    for service, _, url in pairs:
        migrate(SERVICES / service / "migrations", url)
        sys.stdout.write(f"{service}: schema is up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
