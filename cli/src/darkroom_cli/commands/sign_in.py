"""`darkroom sign-in`: a token for the person who runs a stack with keys of its own. It needs the keys in `DARKROOM_HOME`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from darkroom_servicekit.auth import make_instance_token, make_jwt

from darkroom_cli.console import fail, settings
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.signing import JWT_KEY, WIX_KEY, has_own_keys, key_from_home

app = typer.Typer(add_completion=False)
TTL_SECONDS_MAX = 86_400


@app.command()
def sign_in(
    instance_id: Annotated[str, typer.Argument(help="a shop, to act as its owner; without it: the operator")] = "",
    ttl: Annotated[int, typer.Option(min=1, max=TTL_SECONDS_MAX, help="seconds until it expires")] = 3600,
) -> None:
    """Print a bearer token signed with the random keys that `darkroom up` made in this home."""
    home = Home(settings().home)
    if not has_own_keys(home):
        fail("this home's stack uses the development keys: `darkroom token` signs with them")
    name = WIX_KEY if instance_id else JWT_KEY
    key = key_from_home(home, name)
    if key is None:
        fail(f"{name} was given by settings, so its holder signs the tokens; this home has no such key")
    now, life = datetime.now(UTC), timedelta(seconds=ttl)
    if instance_id:
        print(make_instance_token(instance_id, key=key, now=now, ttl=life))
    else:
        print(make_jwt("operators", key=key, now=now, ttl=life, subject="operator", roles=("operator",)))
