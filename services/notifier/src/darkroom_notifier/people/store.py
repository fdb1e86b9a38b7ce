"""The SQL of people and their wishes."""

from collections.abc import Mapping

from darkroom_servicekit.database import Transaction
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_notifier.inbox.kinds import KINDS, Kind
from darkroom_notifier.people.preferences import Channel, Person, suppression_key

FIND = text(
    """
    SELECT email, phone, locale, email IS NOT NULL AND email IS NOT DISTINCT FROM confirmed_email AS email_confirmed,
        phone IS NOT NULL AND phone IS NOT DISTINCT FROM confirmed_phone AS phone_confirmed
    FROM recipients WHERE instance_id = :instance AND subject = :subject
    """
)
CHOSEN = text("SELECT channel, kind, enabled FROM preferences WHERE instance_id = :instance AND subject = :subject")
SAVE = text(
    """
    INSERT INTO recipients (instance_id, subject, email, phone, locale, updated_at)
    VALUES (:instance, :subject, :email, :phone, :locale, :now)
    ON CONFLICT (instance_id, subject) DO UPDATE
    SET email = excluded.email, phone = excluded.phone, locale = excluded.locale, updated_at = excluded.updated_at,
        confirmed_email = CASE WHEN recipients.email = excluded.email THEN recipients.confirmed_email END,
        confirmed_phone = CASE WHEN recipients.phone = excluded.phone THEN recipients.confirmed_phone END
    """
)
CHOOSE = text(
    """
    INSERT INTO preferences (instance_id, subject, channel, kind, enabled)
    SELECT :instance, :subject, channel, kind, enabled
    FROM unnest(CAST(:channels AS text[]), CAST(:kinds AS text[]), CAST(:enabled AS boolean[])) AS new (channel, kind, enabled)
    ON CONFLICT (instance_id, subject, channel, kind) DO UPDATE SET enabled = excluded.enabled
    """
)
SUPPRESSED = text(
    """
    SELECT channel, reason FROM suppressions
    WHERE (channel, address) IN (('email', :email), ('sms', :phone)) AND scope IN (:instance, '*')
    ORDER BY channel, scope DESC
    """
)
SUPPRESS = text(
    """
    INSERT INTO suppressions (channel, address, scope, reason)
    SELECT * FROM unnest(CAST(:channels AS text[]), CAST(:addresses AS text[]), CAST(:scopes AS text[]), CAST(:reasons AS text[]))
    ON CONFLICT DO NOTHING
    """
)
LIFT = text(
    """
    DELETE FROM suppressions
    WHERE reason = 'unsubscribed' AND (channel, address) IN (('email', :email), ('sms', :phone))
      AND (scope = :instance OR scope = '*' AND channel = ANY(CAST(:confirmed AS text[])))
    """
)

LIFT_OPT_OUT = text(
    "DELETE FROM suppressions WHERE channel = 'sms' AND address = :number AND scope = '*' AND reason = 'unsubscribed'"
)

EVERY_TENANT = "*"
"""The scope of an address that nobody may write to."""

Suppression = tuple[str, str, str, str]
"""Channel, address, scope, reason."""


async def find_person(connection: AsyncConnection, instance_id: str, subject: str) -> Person:
    """A person as they are known; one with the defaults when they are not."""
    who = {"instance": instance_id, "subject": subject}
    row = (await connection.execute(FIND, who)).one_or_none()
    found: dict[tuple[Channel, Kind], bool] = {
        (channel, kind): enabled for channel, kind, enabled in await connection.execute(CHOSEN, who) if kind in KINDS
    }
    return Person(**row._mapping, chosen=found) if row else Person(chosen=found)


async def save_person(transaction: Transaction, instance_id: str, subject: str, person: Person) -> None:
    """Write a person as they are now; choices not named stay. An address that differs is no longer confirmed."""
    who = {"instance": instance_id, "subject": subject}
    about = {"email": person.email, "phone": person.phone, "locale": person.locale, "now": transaction.now}
    await transaction.execute(SAVE, who | about)
    if person.chosen:
        await transaction.execute(CHOOSE, who | _arrays(person.chosen))


async def suppressions_of(connection: AsyncConnection, instance_id: str, person: Person) -> dict[str, str]:
    """Why a person's addresses are not written to, by channel."""
    rows = await connection.execute(SUPPRESSED, _addresses(instance_id, person))
    return {row.channel: row.reason for row in rows}


async def suppress(transaction: Transaction, found: set[Suppression]) -> None:
    """Write to these addresses no more."""
    rows = sorted((channel, suppression_key(address), scope, reason) for channel, address, scope, reason in found)
    if rows:
        channels, addresses, scopes, reasons = zip(*rows, strict=True)
        arrays = {"channels": list(channels), "addresses": list(addresses), "scopes": list(scopes), "reasons": list(reasons)}
        await transaction.execute(SUPPRESS, arrays)


async def lift_unsubscription(transaction: Transaction, instance_id: str, person: Person) -> None:
    """Lift a person's unsubscription from this tenant, and from every tenant where the address is confirmed as theirs.

    Bounces and complaints stay. The vendor keeps an opt-out of its own, so a number that never sent START is refused and
    suppressed again.
    """
    states = {"email": person.email_confirmed, "sms": person.phone_confirmed}
    confirmed = [channel for channel, is_confirmed in states.items() if is_confirmed]
    await transaction.execute(LIFT, {**_addresses(instance_id, person), "confirmed": confirmed})


async def lift_opt_out(transaction: Transaction, number: str) -> None:
    """The owner of a number has sent START to ours."""
    await transaction.execute(LIFT_OPT_OUT, {"number": suppression_key(number)})


def _addresses(instance_id: str, person: Person) -> dict[str, str]:
    email, phone = person.email or "", person.phone or ""
    return {"instance": instance_id, "email": suppression_key(email), "phone": suppression_key(phone)}


def _arrays(chosen: Mapping[tuple[Channel, Kind], bool]) -> dict[str, list[object]]:
    return {
        "channels": [channel for channel, _ in chosen],
        "kinds": [kind for _, kind in chosen],
        "enabled": list(chosen.values()),
    }
