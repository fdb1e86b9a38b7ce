"""Asks for the confirmation of a person's address, and takes it.

A confirmation goes to an address that nobody has vouched for, and an SMS costs money, so confirmations are counted per address
(over all tenants), per person and per tenant, in the transaction that queues them. A link works once, until it expires, and only
for the address that the person still has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget
from sqlalchemy import TextClause, text

from darkroom_notifier.people.preferences import suppression_key

CONFIRMATION_KIND = "address.confirm"
LINK_LIFE = timedelta(hours=48)
KEEP = timedelta(days=7)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

AddressChannel = Literal["email", "sms"]

# Locked one after the other in this order (addresses sorted, then the tenant), so that two requests never wait for each other.
LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
NEWEST_OF_ADDRESS = text(
    """
    SELECT created_at FROM confirmations WHERE channel = :channel AND lower(address) = :address
    ORDER BY created_at DESC OFFSET :offset LIMIT 1
    """
)
NEWEST_OF_PERSON = text(
    """
    SELECT created_at FROM confirmations WHERE instance_id = :instance AND channel = :channel AND subject = :subject
    ORDER BY created_at DESC OFFSET :offset LIMIT 1
    """
)
NEWEST_OF_TENANT = text(
    """
    SELECT created_at FROM confirmations WHERE instance_id = :instance AND channel = :channel
    ORDER BY created_at DESC OFFSET :offset LIMIT 1
    """
)
CREATE = text(
    """
    WITH confirmation AS (
        INSERT INTO confirmations (id, instance_id, subject, channel, address, created_at, expires_at)
        VALUES (:id, :instance, :subject, :channel, :address, :now, :expires_at)
    ), notification AS (
        INSERT INTO notifications (id, event_id, instance_id, subject, kind, data, created_at, listed)
        VALUES (:id, :id, :instance, :subject, :kind, '{}', :now, false)
    )
    INSERT INTO messages (notification_id, event_id, instance_id, recipient, channel, kind, address, locale, not_before)
    VALUES (:id, :id, :instance, :subject, :channel, :kind, :address, :locale, :now)
    """
)
FIND = text("SELECT instance_id, subject, channel, address, expires_at, used_at FROM confirmations WHERE id = :id FOR UPDATE")
CONFIRM_EMAIL = text(
    "UPDATE recipients SET confirmed_email = email WHERE instance_id = :instance AND subject = :subject AND email = :address"
)
CONFIRM_PHONE = text(
    "UPDATE recipients SET confirmed_phone = phone WHERE instance_id = :instance AND subject = :subject AND phone = :address"
)
USE = text("UPDATE confirmations SET used_at = :now WHERE id = :id")
FORGET = text(
    """
    DELETE FROM confirmations WHERE id IN (
        SELECT id FROM confirmations WHERE created_at < :before ORDER BY created_at LIMIT :limit
    )
    """
)


@dataclass(frozen=True, kw_only=True)
class ConfirmationLimits:
    """How many confirmations may be asked for, on each channel."""

    per_address_hour: int
    per_person_hour: int
    per_tenant_day: int


@dataclass(frozen=True)
class Owner:
    """The person whose address it is."""

    instance_id: str
    subject: str
    locale: str


@dataclass(frozen=True)
class Address:
    """Where a message goes."""

    channel: AddressChannel
    address: str


class TooManyConfirmations(Exception):
    """A limit is used up; the first of its confirmations leaves the window after `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__("too many confirmations")
        self.retry_after_seconds = retry_after_seconds


class ConfirmationExpired(Exception):
    """The link is older than it may be."""


class ConfirmationUsed(Exception):
    """The link was used before."""


class ConfirmationOutdated(Exception):
    """The person has another address by now."""


async def request_confirmations(
    transaction: Transaction, owner: Owner, addresses: Sequence[Address], *, limits: ConfirmationLimits
) -> None:
    """Queue a confirmation to each address. Raises TooManyConfirmations; nothing must be committed then."""
    names = sorted(f"confirm {one.channel} {suppression_key(one.address)}" for one in addresses)
    for name in (*names, f"confirm tenant {owner.instance_id}"):
        await transaction.execute(LOCK, {"name": name})
    for one in addresses:
        await _refuse_above_limits(transaction, owner, one, limits)
        about = {
            "id": uuid4(),
            "instance": owner.instance_id,
            "subject": owner.subject,
            "locale": owner.locale,
            "channel": one.channel,
            "address": one.address,
            "kind": CONFIRMATION_KIND,
            "now": transaction.now,
            "expires_at": transaction.now + LINK_LIFE,
        }
        await transaction.execute(CREATE, about)


async def confirm_address(transaction: Transaction, confirmation_id: UUID) -> Address:
    """The address is confirmed. Raises ConfirmationExpired, ConfirmationUsed, ConfirmationOutdated."""
    found = (await transaction.execute(FIND, {"id": confirmation_id})).one_or_none()
    if found is None:  # signed by us and forgotten since
        raise ConfirmationExpired
    if found.used_at is not None:
        raise ConfirmationUsed
    if found.expires_at <= transaction.now:
        raise ConfirmationExpired
    about = {"instance": found.instance_id, "subject": found.subject, "address": found.address}
    confirm = CONFIRM_EMAIL if found.channel == "email" else CONFIRM_PHONE
    if not (await transaction.execute(confirm, about)).rowcount:
        raise ConfirmationOutdated
    await transaction.execute(USE, {"id": confirmation_id, "now": transaction.now})
    return Address(found.channel, found.address)


async def forget_confirmations(unit_of_work: UnitOfWork) -> None:
    """Drop confirmations that no limit counts and no link needs any more, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(FORGET, {"before": transaction.now - KEEP, "limit": limit})).rowcount

    await forget(unit_of_work, "confirmations", forget_some)


async def _refuse_above_limits(transaction: Transaction, owner: Owner, one: Address, limits: ConfirmationLimits) -> None:
    about = {
        "instance": owner.instance_id,
        "subject": owner.subject,
        "channel": one.channel,
        "address": suppression_key(one.address),
    }
    windows: tuple[tuple[TextClause, int, timedelta], ...] = (
        (NEWEST_OF_ADDRESS, limits.per_address_hour, HOUR),
        (NEWEST_OF_PERSON, limits.per_person_hour, HOUR),
        (NEWEST_OF_TENANT, limits.per_tenant_day, DAY),
    )
    waits = [0.0]
    for newest, most, window in windows:
        row: datetime | None = (await transaction.execute(newest, about | {"offset": most - 1})).scalar_one_or_none()
        if row is not None:
            waits.append((row + window - transaction.now).total_seconds())
    if max(waits) > 0:
        raise TooManyConfirmations(max(waits))
