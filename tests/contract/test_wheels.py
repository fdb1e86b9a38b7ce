"""A service's wheel holds its migrations: an installed service can be migrated and knows which schema it needs."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from darkroom_cli.settings import TREE
from darkroom_servicekit.migrations import migrations_of, newest_revision


@pytest.mark.parametrize("service", ["jobs-api", "credits", "predictor", "poller", "notifier"])
def test_a_wheel_holds_all_migrations_of_its_service(service: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=TREE / "services" / service, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    ZipFile(wheel).extractall(tmp_path / "site-packages")
    package = tmp_path / "site-packages" / f"darkroom_{service.replace('-', '_')}"
    source = TREE / "services" / service / "migrations"
    assert newest_revision(migrations_of(package)) == newest_revision(source)
    assert {path.name for path in (package / "migrations/versions").glob("*.py")} == {
        path.name for path in (source / "versions").glob("*.py")
    }
