"""`darkroom token`: sign in on a local stack. Refused as soon as a signing key other than the development key is set."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token, make_jwt

from darkroom_cli.console import fail, settings
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.signing import has_own_keys

app = typer.Typer(add_completion=False)
TTL_SECONDS_MAX = 30 * 86_400


@app.command()
def token(
    instance_id: Annotated[str, typer.Argument(help="the tenant")],
    subject: Annotated[str, typer.Option(help="who acts")] = "",
    role: Annotated[str, typer.Option(help="e.g. operator: a JWT with this role instead of an instance token")] = "",
    ttl: Annotated[int, typer.Option(min=1, max=TTL_SECONDS_MAX, help="seconds until it expires")] = 3600,
) -> None:
    """Print a bearer token signed with the development key."""
    name = "DARKROOM_JWT_SECRET" if role else "DARKROOM_WIX_APP_SECRET"
    environ = settings().environ
    if environ.get(name, DEVELOPMENT_KEY) != DEVELOPMENT_KEY or (role and "DARKROOM_JWT_JWKS_URL" in environ):
        fail(f"{name} is not the development key: this command signs for local stacks only")
    if has_own_keys(Home(settings().home)):
        fail("this stack has keys of its own, not the development key: `darkroom sign-in` signs with them")
    now, life = datetime.now(UTC), timedelta(seconds=ttl)
    if role:
        print(make_jwt(instance_id, key=DEVELOPMENT_KEY, now=now, ttl=life, subject=subject or "user", roles=(role,)))
    else:
        print(make_instance_token(instance_id, key=DEVELOPMENT_KEY, now=now, ttl=life, subject=subject or "owner"))
