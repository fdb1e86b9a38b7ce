"""The command's settings: defaults, given parts, and words for what cannot be used."""

from pathlib import Path

import pytest
from darkroom_cli.settings import TREE, StackSettings, WrongSetting


def test_nothing_set_means_everything_is_started_in_the_tree() -> None:
    settings = StackSettings.from_environment({})
    assert settings.home == TREE / ".darkroom"
    assert (settings.kafka_bootstrap_servers, settings.database_url, settings.redis_url, settings.port) == (
        None,
        None,
        None,
        None,
    )
    assert settings.fsync


def test_an_empty_setting_is_none_at_all() -> None:
    assert StackSettings.from_environment({"DARKROOM_REDIS_URL": "", "DARKROOM_PORT": ""}).redis_url is None


def test_one_database_per_service_may_be_given() -> None:
    settings = StackSettings.from_environment({"DARKROOM_DATABASE_URL_JOBS_API": "postgresql://a/b"})
    assert settings.database_urls == {"jobs-api": "postgresql://a/b"}


def test_home_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert StackSettings.from_environment({"DARKROOM_HOME": "here"}).home == tmp_path / "here"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DARKROOM_PORT", "http"),
        ("DARKROOM_PORT", "70000"),
        ("DARKROOM_DATABASE_URL", "mysql://x"),
        ("DARKROOM_REDIS_URL", "localhost:6379"),
        ("DARKROOM_STORAGE_URL", "/var/pictures"),
        ("DARKROOM_STACK_FSYNC", "perhaps"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=name):
        StackSettings.from_environment({name: value})
