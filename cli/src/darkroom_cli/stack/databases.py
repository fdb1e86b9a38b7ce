"""A job of the plan: each service's own database, owned by a role that reaches no other. Doing it again changes nothing.

    python -m darkroom_cli.stack.databases

The addresses come by DARKROOM_STACK_DATABASES ({"admin": URL, "databases": [URL, …]}): no password stands in a command line.
"""

import asyncio
import json
import os
import re
import sys
from urllib.parse import unquote, urlsplit

import asyncpg

CONNECT_SECONDS = 10.0
PLAIN_NAME = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")


async def make_database(admin: asyncpg.Connection, url: str) -> None:
    """The database of the address, and the role when it is not the administrator himself."""
    parts = urlsplit(url)
    database, role, password = parts.path.lstrip("/"), unquote(parts.username or ""), unquote(parts.password or "")
    for name in (database, role):
        if not PLAIN_NAME.match(name):
            raise SystemExit(f"{name!r} is no plain database or role name")
    current = await admin.fetchval("select current_user")
    if role != current:
        verb = "alter" if await admin.fetchval("select 1 from pg_roles where rolname = $1", role) else "create"
        quoted = await admin.fetchval("select quote_literal($1::text)", password)
        await admin.execute(f"{verb} role {role} login password {quoted}")
    if not await admin.fetchval("select 1 from pg_database where datname = $1", database):
        await admin.execute(f"create database {database} owner {role}")
    await admin.execute(f"revoke connect, temporary on database {database} from public")


async def make_all(admin_url: str, urls: list[str]) -> None:
    admin = await asyncpg.connect(admin_url, timeout=CONNECT_SECONDS)
    try:
        for url in urls:
            await make_database(admin, url)
    finally:
        await admin.close()


def main() -> None:
    wanted = json.loads(os.environ["DARKROOM_STACK_DATABASES"])
    try:
        asyncio.run(make_all(wanted["admin"], wanted["databases"]))
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        sys.exit(f"the services' databases could not be made: {error}")


if __name__ == "__main__":
    main()
