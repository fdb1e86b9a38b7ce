"""What a tenant may read of its own purchases."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_credits.payments.purchase import Purchase
from darkroom_credits.payments.store import PURCHASE

OF_SESSION = text(
    f"SELECT {PURCHASE} FROM purchases WHERE session_id = :session AND instance_id = :instance"  # noqa: S608 - a constant
)


async def purchase_of_session(connection: AsyncConnection, instance_id: str, session_id: str) -> Purchase | None:
    """The tenant's purchase that was offered in a session; another tenant's does not exist."""
    row = (await connection.execute(OF_SESSION, {"session": session_id, "instance": instance_id})).one_or_none()
    return Purchase(**row._mapping) if row else None
