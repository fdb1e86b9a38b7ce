"""`python -m darkroom_servicekit.migrate SERVICE …`: bring the databases of services to their newest schema.

The address stands in `DARKROOM_DATABASE_URL_<SERVICE>` or, for one service alone, in `DARKROOM_DATABASE_URL`: an argument would
show its password to everyone on the machine. With `DARKROOM_DATABASE_URL_<SERVICE>_OWNER` that role owns the schema and makes it,
and the service's own role is granted what `service_role.py` says.
Alembic per service, run as a job; two runs at once wait for one another, and services wait for the schema that they need
(`schema.py`), so the order in which a release's parts start does not matter.
"""

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from alembic import command
from alembic.config import Config

from darkroom_servicekit.migrations import migrations_of

SCRIPTS = Path(__file__).parent / "alembic"
WRONG_USE = 2


def migrate(migrations: Path, database_url: str, *, service_role: str | None = None) -> None:
    """Bring a database to the newest revision, and let `service_role` work with it, if the owner is another. Waits for a
    concurrent run; locks nothing longer than the template allows."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("version_locations", str(migrations / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["database_url"] = database_url
    config.attributes["service_role"] = service_role
    command.upgrade(config, "head")


def main(services: list[str], environ: Mapping[str, str]) -> int:
    """Migrate each service; 2 for wrong use."""
    urls = {service: _url(service, environ, alone=len(services) == 1) for service in services}
    packages = {service: folder for service in services if (folder := _package(service))}
    if not services or not all(urls.values()) or len(packages) < len(urls):
        sys.stderr.write(
            "usage: DARKROOM_DATABASE_URL_<SERVICE>=postgresql://… python -m darkroom_servicekit.migrate SERVICE …\n"
        )
        return WRONG_USE
    for service, url in urls.items():
        owner = environ.get(f"{_name(service)}_OWNER")
        role = unquote(urlsplit(url).username or "") if owner else None
        migrate(migrations_of(packages[service]), owner or url, service_role=role)
        sys.stdout.write(f"{service}: schema is up to date\n")
    return 0


def _package(service: str) -> Path | None:
    """Where the package of a service is installed, found without importing it; None for a service that is not installed."""
    found = find_spec(f"darkroom_{service.replace('-', '_')}")
    return Path(found.origin).parent if found and found.origin else None


def _url(service: str, environ: Mapping[str, str], *, alone: bool) -> str:
    return environ.get(_name(service)) or (environ.get("DARKROOM_DATABASE_URL", "") if alone else "")


def _name(service: str) -> str:
    return f"DARKROOM_DATABASE_URL_{service.replace('-', '_').upper()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
