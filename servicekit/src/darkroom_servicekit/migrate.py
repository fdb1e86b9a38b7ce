"""`python -m darkroom_servicekit.migrate SERVICE=URL …`: bring the databases of services to their newest schema."""

import sys
from pathlib import Path

from darkroom_servicekit.migrations import migrate

SERVICES = Path(__file__).parents[3] / "services"
WRONG_USE = 2


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
