"""What a service's own role may do in a schema that another role owns: work with rows, and change no table.

A table with a trigger named `append_only` takes new rows from it and nothing else: no UPDATE, no DELETE. TRUNCATE is granted on
none. Granted anew after each migration, so a new table needs no thought; doing it again changes nothing.
"""

import re

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_servicekit.schema import MARKER_TABLE

PLAIN_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
APPEND_ONLY_TRIGGER = "append_only"
SCHEMA_TABLES = frozenset({"alembic_version", MARKER_TABLE})
"""Written by migrations alone."""

TABLES = text(
    """
    SELECT relname, EXISTS (
        SELECT 1 FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgname = :trigger AND NOT tgisinternal
    ) AS append_only
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname
    """
)
MAY_EDIT = text(
    """
    SELECT pg_class.relname FROM pg_class JOIN pg_trigger ON tgrelid = pg_class.oid
    WHERE relnamespace = 'public'::regnamespace AND tgname = :trigger AND NOT tgisinternal
        AND (has_table_privilege(pg_class.oid, 'UPDATE, DELETE, TRUNCATE') OR pg_has_role(relowner, 'MEMBER'))
    ORDER BY relname
    """
)


def grant_to_service(connection: Connection, role: str) -> None:
    """Let `role` do what a service does. The connection is the owner's, in a transaction of the caller's."""
    if not PLAIN_ROLE.fullmatch(role):
        raise ValueError(f"{role!r} is no plain role name")
    tables = connection.execute(TABLES, {"trigger": APPEND_ONLY_TRIGGER}).all()
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"))
    for table, append_only in tables:
        rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
        if table in SCHEMA_TABLES:
            rights = "SELECT"
        connection.execute(text(f"REVOKE ALL ON {table} FROM {role}"))
        connection.execute(text(f"GRANT {rights} ON {table} TO {role}"))


async def editable_tables(connection: AsyncConnection) -> list[str]:
    """The append-only tables that the connection's own role could edit all the same: as their owner, or by a grant."""
    return list((await connection.execute(MAY_EDIT, {"trigger": APPEND_ONLY_TRIGGER})).scalars())
