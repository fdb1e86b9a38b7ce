"""Which keys a stack signs with: the development keys, or random keys of its own where the development keys are refused.

Random keys are made once per home and kept in `keys.json`, readable by its owner only. A key given by settings always wins.
"""

from collections.abc import Mapping
from typing import Any

from darkroom_servicekit.development import DEVELOPMENT_KEY, DEVELOPMENT_WEBHOOK_SECRET, WELL_KNOWN

from darkroom_cli.settings import StackSettings
from darkroom_cli.stack.errors import StackError
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.plan import Plan, read_plan

WIX_KEY, JWT_KEY = "DARKROOM_WIX_APP_SECRET", "DARKROOM_JWT_SECRET"
DEVELOPMENT_KEYS: Mapping[str, str] = {
    WIX_KEY: DEVELOPMENT_KEY,
    JWT_KEY: DEVELOPMENT_KEY,
    "DARKROOM_MEDIA_SECRET": DEVELOPMENT_KEY,
    "DARKROOM_UNSUBSCRIBE_SECRET": DEVELOPMENT_KEY,
    "DARKROOM_STRIPE_WEBHOOK_SECRET": DEVELOPMENT_WEBHOOK_SECRET,
}


def keys_of_stack(settings: StackSettings, home: Home) -> dict[str, str]:
    """The local defaults of all signing keys. Raises StackError for a development key where it is refused."""
    if settings.why_own_keys is None:
        return dict(DEVELOPMENT_KEYS)
    for name in DEVELOPMENT_KEYS:
        if WELL_KNOWN & {one.strip() for one in settings.environ.get(name, "").split(",")}:
            raise StackError(f"{name} is the development key, which everyone knows; refused, because {settings.why_own_keys}")
    return {name: settings.environ.get(name) or home.signing_key(name) for name in DEVELOPMENT_KEYS}


def about_keys(settings: StackSettings) -> dict[str, Any] | None:
    """What the plan notes of own keys: why, and which of them come from the home. None with the development keys."""
    if settings.why_own_keys is None:
        return None
    return {"why": settings.why_own_keys, "fromHome": [name for name in DEVELOPMENT_KEYS if name not in settings.environ]}


def why_own_keys(settings: StackSettings, running: Plan | None) -> str | None:
    """Why the stack needs keys of its own; what runs goes on with the keys it has. Raises StackError when it must not."""
    if running is None or not running.about["addresses"]["services"]:
        return settings.why_own_keys
    noted = running.about.get("ownKeys")
    if noted is None and settings.why_own_keys is not None:
        raise StackError(
            f"the stack runs with the development keys, which are refused because {settings.why_own_keys}; `darkroom down` first"
        )
    return settings.why_own_keys or (noted["why"] if noted else None)


def key_from_home(home: Home, name: str) -> str | None:
    """The random key with which this home's stack signs; None where it uses the development key or one given by settings."""
    noted = _noted(home)
    return home.signing_key(name) if noted and name in noted["fromHome"] else None


def has_own_keys(home: Home) -> bool:
    """Whether this home's stack was last started with keys other than the development keys."""
    return _noted(home) is not None


def own_keys_in_words(plan: Plan, settings: StackSettings) -> str | None:
    """What a person must know who has just started a stack with keys of its own; None with the development keys."""
    noted = plan.about.get("ownKeys")
    if not noted:
        return None
    web = settings.environ.get("DARKROOM_PUBLIC_URL") or plan.about["addresses"]["web"] or ""
    return (
        f"This stack does not use the development keys, because {noted['why']}. It signs with random keys, which were made once "
        f"and are kept in {settings.home / 'keys.json'} (readable by you only). The sample shops and the sign-in without a token "
        f"are off. To sign in as the operator, open {web.rstrip('/')}/?instance=TOKEN with the token that `darkroom sign-in` "
        "prints; `darkroom sign-in INSTANCE_ID` prints one for the owner of a shop."
    )


def _noted(home: Home) -> dict[str, Any] | None:
    try:
        noted: dict[str, Any] | None = read_plan(home.plan).about.get("ownKeys")
    except FileNotFoundError:
        return None
    return noted
