"""A job of the plan: each service's own database, for a role that reaches no other. Doing it again changes nothing.

    python -m darkroom_cli.stack.databases

The addresses come by DARKROOM_STACK_DATABASES ({"admin": URL, "databases": [URL, …], "owners": {URL: URL}}): no password stands
in a command line. A database is its service's own, unless a second role owns it: then also what the service owned there before.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

CONNECT_SECONDS = 10.0
PLAIN_NAME = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")


async def make_database(admin: asyncpg.Connection, url: str, *, owner_url: str | None, admin_url: str) -> None:
    """The database of the address, and its roles when they are not the administrator himself."""
    database = _plain(urlsplit(url).path.lstrip("/"))
    role = await _make_role(admin, url)
    owner = await _make_role(admin, owner_url) if owner_url else role
    if not await admin.fetchval("select 1 from pg_database where datname = $1", database):
        await admin.execute(f"create database {database} owner {owner}")
    await admin.execute(f"revoke connect, temporary on database {database} from public")
    if owner != role:
        await _hand_over(admin_url, database, role, owner)
        await admin.execute(f"grant connect on database {database} to {role}")


async def _make_role(admin: asyncpg.Connection, url: str) -> str:
    """The role of the address; its name."""
    parts = urlsplit(url)
    role, password = _plain(unquote(parts.username or "")), unquote(parts.password or "")
    if role != await admin.fetchval("select current_user"):
        verb = "alter" if await admin.fetchval("select 1 from pg_roles where rolname = $1", role) else "create"
        quoted = await admin.fetchval("select quote_literal($1::text)", password)
        await admin.execute(f"{verb} role {role} login password {quoted}")
    return role


async def _hand_over(admin_url: str, database: str, role: str, owner: str) -> None:
    """What `role` owns in the database, and the database, becomes the owner's: of a stack from before there was one."""
    parts = urlsplit(admin_url)
    inside = await asyncpg.connect(
        urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, "")), timeout=CONNECT_SECONDS
    )
    try:
        if await inside.fetchval("select 1 from pg_class where relowner = $1::regrole limit 1", role):
            await inside.execute(f"reassign owned by {role} to {owner}")
        await inside.execute(f"alter database {database} owner to {owner}")
    finally:
        await inside.close()


def _plain(name: str) -> str:
    if not PLAIN_NAME.match(name):
        raise SystemExit(f"{name!r} is no plain database or role name")
    return name


async def make_all(admin_url: str, urls: list[str], owners: Mapping[str, str]) -> None:
    admin = await asyncpg.connect(admin_url, timeout=CONNECT_SECONDS)
    try:
        for url in urls:
            await make_database(admin, url, owner_url=owners.get(url), admin_url=admin_url)
    finally:
        await admin.close()


def main() -> None:
    wanted = json.loads(os.environ["DARKROOM_STACK_DATABASES"])
    try:
        asyncio.run(make_all(wanted["admin"], wanted["databases"], wanted["owners"]))
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        sys.exit(f"the services' databases could not be made: {error}")


if __name__ == "__main__":
    main()
