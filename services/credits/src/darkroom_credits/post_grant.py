"""Credits are added to a locked account: the grant, its ledger transaction, its event."""

from darkroom_contracts.credits import CreditsGranted
from darkroom_servicekit.database import Transaction

from darkroom_credits.grants import NewGrant
from darkroom_credits.ledger import Account
from darkroom_credits.store_grants import GrantRow, insert_grant
from darkroom_credits.store_ledger import write_account


async def post_grant(transaction: Transaction, account: Account, new: NewGrant) -> GrantRow:
    """Make a grant. Its `once_key`, if it has one, is known not to be used; the database refuses it otherwise."""
    row = await insert_grant(transaction, new, available_after=account.available + new.amount)
    account.move("grant", new.amount, grant_id=row.id, reason=new.reason)
    await write_account(transaction, account, created_by=new.created_by)
    event = CreditsGranted(
        instance_id=new.instance_id,
        grant_id=row.id,
        kind=new.kind,
        amount=new.amount,
        reason=new.reason,
        created_by=new.created_by,
        expires_at=new.expires_at,
        balances=account.balances(),
    )
    transaction.publish(event)
    return row
