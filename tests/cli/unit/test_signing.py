"""Which keys a stack signs with, and who may sign with them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from darkroom_cli.settings import StackSettings
from darkroom_cli.stack.addresses import Addresses
from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.home import Home, write_json
from darkroom_cli.stack.plan import Plan
from darkroom_cli.stack.services import SAMPLE_INSTANCES, Surroundings
from darkroom_cli.stack.signing import DEVELOPMENT_KEYS, about_keys, keys_of_stack, own_keys_in_words, why_own_keys
from darkroom_cli.stack.status import NOTHING
from darkroom_servicekit.auth import Authenticator, TokenKeys
from darkroom_servicekit.development import DEVELOPMENT_KEY
from support.home import OwnHome

PUBLIC = {"DARKROOM_PUBLIC_URL": "https://tunnel.example"}
REAL = {"DARKROOM_REPLICATE_API_TOKENS": "main=r8_real"}
OWN = "a-key-of-our-own-0123456789"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.make()
    return home


def settings(home: Home, **environ: str) -> StackSettings:
    return StackSettings.from_environment({"DARKROOM_HOME": str(home.path), **environ})


def plan_of(chosen: StackSettings, *, services: bool = True) -> Plan:
    """A plan as `up` writes it."""
    found = {"jobs-api": "http://127.0.0.1:1"} if services else {}
    addresses = Addresses(**{**NOTHING.document(), "services": found, "web": "http://127.0.0.1:8400"})
    about: dict[str, Any] = {"addresses": addresses.document(), "replicas": {}, "parts": [], "ownKeys": about_keys(chosen)}
    return Plan(serial=1, tasks=(), about=about)


@pytest.mark.parametrize(
    "environ",
    [{}, {"DARKROOM_PUBLIC_URL": "https://localhost:8400"}, REAL | {"DARKROOM_REPLICATE_BASE_URL": "http://127.0.0.1:7"}],
)
def test_in_development_the_keys_are_the_well_known_ones(home: Home, environ: dict[str, str]) -> None:
    assert keys_of_stack(settings(home, **environ), home) == DEVELOPMENT_KEYS
    assert not (home.path / "keys.json").exists()


@pytest.mark.parametrize("environ", [PUBLIC, REAL, PUBLIC | REAL, {"DARKROOM_STRIPE_API_KEY": "sk_live_x"}])
def test_in_bad_company_random_keys_are_made_once_and_kept_for_their_owner_alone(home: Home, environ: dict[str, str]) -> None:
    keys = keys_of_stack(settings(home, **environ), home)
    assert len(set(keys.values())) == len(DEVELOPMENT_KEYS)
    assert not set(keys.values()) & set(DEVELOPMENT_KEYS.values())
    assert all(len(key) >= 32 and "," not in key for key in keys.values())
    assert keys_of_stack(settings(home, **environ), home) == keys
    assert (home.path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_given_key_wins_and_the_development_key_is_refused_in_words(home: Home) -> None:
    assert keys_of_stack(settings(home, **PUBLIC, DARKROOM_JWT_SECRET=OWN), home)["DARKROOM_JWT_SECRET"] == OWN
    with pytest.raises(StackError, match=r"DARKROOM_JWT_SECRET is the development key.*DARKROOM_PUBLIC_URL"):
        keys_of_stack(settings(home, **PUBLIC, DARKROOM_JWT_SECRET=f"{OWN},{DEVELOPMENT_KEY}"), home)


def test_the_sample_shops_go_with_the_development_keys(home: Home) -> None:
    def common(chosen: StackSettings) -> dict[str, str]:
        around = Surroundings(
            kafka="k:1", redis="redis://r", databases={}, storage="file:///s", web="http://127.0.0.1:8400", sandbox=None,
            environ=chosen.environ, keys=keys_of_stack(chosen, home),
        )  # fmt: skip
        return around.common()

    assert common(settings(home))["DARKROOM_SAMPLE_INSTANCES"] == SAMPLE_INSTANCES
    public = common(settings(home, **PUBLIC))
    assert "DARKROOM_SAMPLE_INSTANCES" not in public
    assert not set(DEVELOPMENT_KEYS.values()) & set(public.values())


def test_what_runs_keeps_its_keys_and_development_is_not_made_public_while_it_runs(home: Home) -> None:
    development, public = settings(home), settings(home, **PUBLIC)
    with pytest.raises(StackError, match="`darkroom down` first"):
        why_own_keys(public, plan_of(development))
    assert why_own_keys(public, plan_of(development, services=False)) == public.why_own_keys
    assert why_own_keys(development, plan_of(public)) == public.why_own_keys
    assert why_own_keys(development, None) is None


def test_a_person_is_told_how_to_sign_in(home: Home) -> None:
    words = own_keys_in_words(plan_of(settings(home, **PUBLIC)), settings(home, **PUBLIC))
    assert words is not None
    assert "https://tunnel.example/?instance=TOKEN" in words
    assert "darkroom sign-in" in words
    assert own_keys_in_words(plan_of(settings(home)), settings(home)) is None


def test_the_holder_of_the_home_signs_in_with_its_keys_and_token_refuses(home: Home) -> None:
    chosen = settings(home, **PUBLIC)
    keys = keys_of_stack(chosen, home)
    write_json(home.plan, plan_of(chosen).document())
    own = OwnHome(home.path)
    refused, operator, owner = own.run("token", "shop-a"), own.run("sign-in"), own.run("sign-in", "shop-a")
    authenticator = Authenticator(
        TokenKeys(wix_app_secret=keys["DARKROOM_WIX_APP_SECRET"], jwt_secret=keys["DARKROOM_JWT_SECRET"])
    )

    assert (refused.returncode, refused.stdout, "darkroom sign-in" in refused.stderr) == (1, "", True)
    assert authenticator.authenticate(operator.stdout.strip(), datetime.now(UTC)).roles == {"operator"}
    assert authenticator.authenticate(owner.stdout.strip(), datetime.now(UTC)).instance_id == "shop-a"


def test_nobody_signs_in_with_a_key_that_settings_gave_or_in_development(home: Home) -> None:
    own = OwnHome(home.path)
    development = own.run("sign-in")
    write_json(home.plan, plan_of(settings(home, **PUBLIC, DARKROOM_JWT_SECRET=OWN)).document())
    given = own.run("sign-in")

    assert (development.returncode, "darkroom token" in development.stderr) == (1, True)
    assert (given.returncode, given.stdout, "DARKROOM_JWT_SECRET" in given.stderr) == (1, "", True)
