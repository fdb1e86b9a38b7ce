"""The `darkroom` command itself: quick, exit codes, words that help."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from darkroom_servicekit.auth import DEVELOPMENT_KEY, Authenticator, TokenKeys
from support.home import OwnHome

KEYS = TokenKeys(wix_app_secret=DEVELOPMENT_KEY, jwt_secret=DEVELOPMENT_KEY)


@pytest.fixture
def own(tmp_path: Path) -> OwnHome:
    return OwnHome(tmp_path / "home")


def test_help_lists_the_commands_without_loading_them(own: OwnHome) -> None:
    answer = own.run("--help", PYTHONPROFILEIMPORTTIME="1")
    assert answer.returncode == 0
    for name in ("up", "down", "status", "logs", "token", "topics"):
        assert f"│ {name} " in answer.stdout
    # A third of a second on a quiet machine, since it loads next to nothing; how long that takes is the machine's business.
    loaded = {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}
    assert "darkroom_cli.main" in loaded
    assert not [
        name for name in loaded if name.startswith(("darkroom_cli.commands", "darkroom_servicekit", "darkroom_contracts"))
    ]
    assert not loaded & {"aiokafka", "asyncpg", "asyncio", "httpx", "psutil", "pydantic", "sqlalchemy"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("down",), 0, "nothing runs"),
        (("topics", "list"), 1, "darkroom up"),
        (("logs", "credits"), 1, "darkroom up"),
        (("up", "--only", "oracle"), 2, "there are: postgres"),
        (("up", "--replicas", "predictor=0"), 2, "1 to 16"),
        (("up", "--only", "credits"), 1, "need postgres, redis and kafka"),
        (("frobnicate",), 2, "No such command"),
        (("token",), 2, "Missing argument"),
        (("token", "shop", "--ttl", "0"), 2, "greater than or equal to"),
    ],
)
def test_exit_codes_and_words(own: OwnHome, arguments: tuple[str, ...], code: int, words: str) -> None:
    answer = own.run(*arguments)
    assert (answer.returncode, words in answer.stderr) == (code, True), answer.stderr


def test_status_of_a_stack_that_does_not_run(own: OwnHome) -> None:
    answer = own.run("status")
    assert (answer.returncode, "stopped" in answer.stdout, "darkroom up" in answer.stdout) == (1, True, True)


def test_a_wrong_setting_is_wrong_use(own: OwnHome) -> None:
    answer = own.run("status", DARKROOM_PORT="http")
    assert (answer.returncode, "DARKROOM_PORT" in answer.stderr) == (2, True)


def test_an_instance_token_signs_in_as_the_tenant(own: OwnHome) -> None:
    token = own.run("token", "shop-1", "--subject", "anna").stdout.strip()
    principal = Authenticator(KEYS).authenticate(token, datetime.now(UTC))
    assert (principal.instance_id, principal.subject) == ("shop-1", "anna")
    assert "operator" not in principal.roles


def test_a_role_makes_it_a_jwt(own: OwnHome) -> None:
    token = own.run("token", "shop-1", "--role", "operator", "--ttl", "600").stdout.strip()
    principal = Authenticator(KEYS).authenticate(token, datetime.now(UTC))
    assert principal.instance_id == "shop-1"
    assert principal.roles == {"operator"}
    assert principal.expires_at is not None
    assert 0 < (principal.expires_at - datetime.now(UTC)).total_seconds() <= 600


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((), "DARKROOM_WIX_APP_SECRET"), (("--role", "operator"), "DARKROOM_JWT_SECRET")],
)
def test_no_token_once_a_real_key_is_set(own: OwnHome, arguments: tuple[str, ...], name: str) -> None:
    answer = own.run("token", "shop-1", *arguments, **{name: "a-real-key"})
    assert (answer.returncode, answer.stdout, name in answer.stderr) == (1, "", True)
