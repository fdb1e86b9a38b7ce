"""Claims due messages round robin between tenants, as many as the vendor account admits, each under a lease.

The walk over tenants is a loose index scan: one index probe per tenant that has waiting messages, however many they are. A tenant
with 10,000 messages delays another tenant's first message by one message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_notifier.messages.accounts import lock_account, save_account
from darkroom_notifier.messages.breaker import AccountState, admitted, with_trial
from darkroom_notifier.messages.store import Message

TENANTS_WALKED_MAX = 1000
WALK = text(
    """
    WITH RECURSIVE tenants AS (
        SELECT first.instance_id, 1 AS place, CASE WHEN first.not_before <= :now THEN 1 ELSE 0 END AS due_tenants
        FROM (
            SELECT instance_id, not_before FROM messages
            WHERE channel = :channel AND state IN ('pending', 'sending') AND instance_id > :after
            ORDER BY instance_id, not_before LIMIT 1
        ) AS first
        UNION ALL
        SELECT following.instance_id, tenants.place + 1,
               tenants.due_tenants + CASE WHEN following.not_before <= :now THEN 1 ELSE 0 END
        FROM tenants CROSS JOIN LATERAL (
            SELECT instance_id, not_before FROM messages
            WHERE channel = :channel AND state IN ('pending', 'sending') AND instance_id > tenants.instance_id
            ORDER BY instance_id, not_before LIMIT 1
        ) AS following
        WHERE tenants.place < :tenants_max AND tenants.due_tenants < :limit
    )
    SELECT tenants.instance_id, tenants.place, due.id, due.nth
    FROM tenants LEFT JOIN LATERAL (
        SELECT id, row_number() OVER (ORDER BY not_before, id) AS nth
        FROM (
            SELECT id, not_before FROM messages
            WHERE channel = :channel AND state IN ('pending', 'sending') AND instance_id = tenants.instance_id
              AND not_before <= :now
            ORDER BY not_before LIMIT :limit
        ) AS oldest
    ) AS due ON true
    ORDER BY tenants.place, due.nth
    """
)
CLAIM = text(
    """
    WITH chosen AS (
        SELECT id FROM messages
        WHERE id = ANY(CAST(:ids AS uuid[])) AND state IN ('pending', 'sending') AND not_before <= :now
        FOR UPDATE SKIP LOCKED
    )
    UPDATE messages m SET state = 'sending', attempts = m.attempts + 1, not_before = :leased_until, vendor = :vendor
    FROM chosen, notifications n WHERE m.id = chosen.id AND n.id = m.notification_id
    RETURNING m.id, m.event_id, m.notification_id, m.instance_id, m.recipient, m.channel, m.kind, m.address, m.locale,
        m.attempts, n.job_id, n.data, (
            SELECT s.reason FROM suppressions s
            WHERE s.channel = m.channel AND s.address = lower(m.address) AND s.scope IN (m.instance_id, '*') LIMIT 1
        ) AS suppressed
    """
)
EXTEND = text(
    """
    UPDATE messages SET not_before = :leased_until
    WHERE id = :id AND state = 'sending' AND attempts = :attempts RETURNING id
    """
)
NEXT_DUE = text(
    """
    SELECT greatest(
        (SELECT min(not_before) FROM messages WHERE channel = :channel AND state IN ('pending', 'sending')),
        (SELECT next_trial_at FROM vendor_accounts WHERE account = :account)
    ) AS due, (SELECT paused_at IS NOT NULL FROM vendor_accounts WHERE account = :account) AS paused,
    EXISTS (SELECT 1 FROM messages WHERE channel = :channel AND state IN ('pending', 'sending')) AS waiting
    """
)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Whose messages are claimed: a channel's, for one account of a vendor."""

    channel: Literal["email", "sms"]
    vendor: str
    account: str


async def claim_due(transaction: Transaction, queue: Queue, *, limit: int, lease_seconds: float) -> list[Message]:
    """Take up to `limit` messages that are due, round robin between tenants, each for the length of a lease."""
    account = await lock_account(transaction, queue.account, queue.channel)
    limit = admitted(account.state, transaction.now, limit)
    if limit == 0:
        return []
    chosen, last_instance = await _choose(transaction, queue.channel, account.last_instance, limit)
    leased_until = transaction.now + timedelta(seconds=lease_seconds)
    about = {"ids": chosen, "vendor": queue.vendor, "now": transaction.now, "leased_until": leased_until}
    claimed = [Message(**row) for row in (await transaction.execute(CLAIM, about)).mappings()] if chosen else []
    state = _on_trial(account.state, claimed, leased_until)
    if (last_instance, state) != (account.last_instance, account.state):
        await save_account(transaction, replace(account, last_instance=last_instance, state=state))
    return claimed


async def extend_lease(transaction: Transaction, message: Message, *, lease_seconds: float) -> bool:
    """Begin the lease anew; False when the message is another sender's by now."""
    leased_until = transaction.now + timedelta(seconds=lease_seconds)
    about = {"id": message.id, "attempts": message.attempts, "leased_until": leased_until}
    return (await transaction.execute(EXTEND, about)).scalar_one_or_none() is not None


async def next_due(connection: AsyncConnection, queue: Queue) -> tuple[datetime | None, bool]:
    """When a message may be claimed next, None when none waits; and whether the account is paused."""
    row = (await connection.execute(NEXT_DUE, {"channel": queue.channel, "account": queue.account})).one()
    return (row.due if row.waiting else None), bool(row.paused)


def _on_trial(state: AccountState, claimed: Sequence[Message], leased_until: datetime) -> AccountState:
    if state.paused_at is None or not claimed:
        return state
    return with_trial(state, claimed[0].id, leased_until)


async def _choose(transaction: Transaction, channel: str, after: str, limit: int) -> tuple[list[Any], str]:
    """The messages whose turn it is, and the tenant after which the next claim begins."""
    about = {"channel": channel, "now": transaction.now, "limit": limit, "tenants_max": TENANTS_WALKED_MAX}
    walked = await _walk(transaction, about, after)
    if after:  # from the first tenant on; who was seen already is not seen twice
        seen = {row.instance_id for row in walked}
        walked += [row for row in await _walk(transaction, about, "") if row.instance_id not in seen]
    due = [(row.nth, place, row) for place, row in enumerate(walked) if row.id is not None]
    turns = [row for _, _, row in sorted(due, key=lambda one: one[:2])[:limit]]
    last = turns[-1] if turns else (walked[TENANTS_WALKED_MAX - 1] if len(walked) >= TENANTS_WALKED_MAX else None)
    return [row.id for row in turns], (last.instance_id if last else after)


async def _walk(transaction: Transaction, about: Mapping[str, object], after: str) -> list[Any]:  # Any: rows of SQLAlchemy
    return list(await transaction.execute(WALK, {**about, "after": after}))
