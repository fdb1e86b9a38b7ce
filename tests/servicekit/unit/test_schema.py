"""Which schemas a code works with."""

from pathlib import Path

import pytest
from darkroom_servicekit.migrations import NoMigrations, migrations_of, newest_revision
from darkroom_servicekit.schema import Schema, misfit


@pytest.mark.parametrize(
    "schema",
    [Schema("0008"), Schema("0009"), Schema("0012"), Schema("0012", "0008"), Schema("0012", "0003")],
    ids=["its own", "one newer", "much newer", "newer, serves it just yet", "newer, serves older code too"],
)
def test_code_works_with_its_own_schema_and_with_newer_ones_that_serve_it(schema: Schema) -> None:
    assert misfit(schema, "0008") is None


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (Schema(None), "schema is at revision None, this code needs 0008: run the migrations"),
        (Schema("0007"), "schema is at revision 0007, this code needs 0008: run the migrations"),
        (Schema("0007", "0003"), "schema is at revision 0007, this code needs 0008: run the migrations"),
        (Schema("0012", "0009"), "schema is at revision 0012 and serves code from 0009 on, this code is of 0008"),
    ],
    ids=["none yet", "older", "older, although it serves older code", "too new"],
)
def test_code_does_not_work_with_another_schema(schema: Schema, reason: str) -> None:
    assert (misfit(schema, "0008") or "").startswith(reason)


def test_migrations_are_found_beside_the_source_and_inside_a_wheel(tmp_path: Path) -> None:
    source, wheel = tmp_path / "service/src/package", tmp_path / "site-packages/package"
    for folder in (tmp_path / "service/migrations/versions", wheel / "migrations/versions", source):
        folder.mkdir(parents=True)
    assert migrations_of(source) == tmp_path / "service/migrations"
    assert migrations_of(wheel) == wheel / "migrations"


def test_a_service_without_migrations_is_told_so_instead_of_checking_nothing(tmp_path: Path) -> None:
    package = tmp_path / "service/src/package"
    package.mkdir(parents=True)
    with pytest.raises(NoMigrations):
        migrations_of(package)
    with pytest.raises(NoMigrations):
        newest_revision(tmp_path)
