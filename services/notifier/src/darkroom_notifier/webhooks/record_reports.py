"""Keeps what vendors report: once each, the message's latest status, and the addresses that are not written to any more."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from darkroom_servicekit.database import Transaction, UnitOfWork
from darkroom_servicekit.housekeeping import forget
from sqlalchemy import text

from darkroom_notifier.messages.publish import publish_sent, publish_undelivered
from darkroom_notifier.messages.store import Message, record_sent
from darkroom_notifier.people.store import EVERY_TENANT, Suppression, suppress
from darkroom_notifier.webhooks.reports import NOT_DELIVERED, SUPPRESSING, Report, latest

FIND = text(
    """
    SELECT m.id, m.event_id, m.notification_id, m.instance_id, m.recipient, m.channel, m.kind, m.address, m.locale, m.attempts,
        n.job_id, n.data, NULL AS suppressed, m.delivery, m.provider_message_id
    FROM messages m JOIN notifications n ON n.id = m.notification_id
    WHERE m.channel = :channel
      AND (m.id = ANY(CAST(:ids AS uuid[])) OR m.vendor = :vendor AND m.provider_message_id = ANY(CAST(:provider_ids AS text[])))
    ORDER BY m.id FOR UPDATE OF m
    """
)
KEEP = text(
    """
    INSERT INTO deliveries (vendor, vendor_event_id, message_id, status, detail, happened_at)
    SELECT :vendor, event_id, message_id, status, detail, at FROM unnest(
        CAST(:event_ids AS text[]), CAST(:message_ids AS uuid[]), CAST(:statuses AS text[]), CAST(:details AS text[]),
        CAST(:times AS timestamptz[])
    ) AS new (event_id, message_id, status, detail, at)
    ON CONFLICT DO NOTHING RETURNING vendor_event_id
    """
)
SET_DELIVERY = text(
    """
    UPDATE messages m SET delivery = new.status
    FROM unnest(CAST(:ids AS uuid[]), CAST(:statuses AS text[])) AS new (id, status) WHERE m.id = new.id
    """
)


FORGET_UNMATCHED = text(
    """
    DELETE FROM deliveries WHERE (vendor, vendor_event_id) IN (
        SELECT vendor, vendor_event_id FROM deliveries
        WHERE message_id IS NULL AND received_at < clock_timestamp() - make_interval(days => :days) LIMIT :limit
    )
    """
)
UNMATCHED_KEPT_DAYS = 7
"""Reports on messages that are not ours, or were forgotten: kept for as long as a vendor may repeat them."""


class Matching:
    """The messages that some reports are about."""

    def __init__(self) -> None:
        self.by_id: dict[UUID, Message] = {}
        self.delivery: dict[UUID, str | None] = {}
        self._by_provider_id: dict[str, UUID] = {}

    def add(self, message: Message, delivery: str | None, provider_id: str | None) -> None:
        self.by_id[message.id] = message
        self.delivery[message.id] = delivery
        if provider_id:
            self._by_provider_id[provider_id] = message.id

    def of(self, report: Report) -> Message | None:
        """By our own id that the vendor carried, else by the vendor's."""
        found = report.message_id if report.message_id in self.by_id else None
        for provider_id in report.provider_ids:
            found = found or self._by_provider_id.get(provider_id)
        return self.by_id[found] if found else None


async def record_reports(transaction: Transaction, channel: str, vendor: str, reports: Sequence[Report]) -> list[Report]:
    """Keep reports of one vendor; those that are new."""
    matching = await _find(transaction, channel, vendor, reports)
    unique = {report.event_id: report for report in sorted(reports, key=lambda one: one.event_id)}
    kept = await _keep(transaction, vendor, list(unique.values()), matching)
    fresh = [report for report in unique.values() if report.event_id in kept]
    by_message: defaultdict[UUID, list[Report]] = defaultdict(list)
    for report in fresh:
        message = matching.of(report)
        if message:
            by_message[message.id].append(report)
    # What is reported on was sent, whether its sender lived to say so or not.
    provider_ids = {message_id: _provider_id(found) for message_id, found in by_message.items()}
    for message_id in await record_sent(transaction, provider_ids):
        publish_sent(transaction, matching.by_id[message_id], vendor, provider_ids[message_id])
    await _set_deliveries(transaction, vendor, matching, by_message)
    await suppress(transaction, {one for report in fresh if (one := _suppression(report, channel, matching.of(report)))})
    return fresh


async def forget_unmatched_reports(unit_of_work: UnitOfWork) -> None:
    """Drop old reports on messages that are not ours, in bounded batches."""

    async def forget_some(transaction: Transaction, limit: int) -> int:
        return (await transaction.execute(FORGET_UNMATCHED, {"days": UNMATCHED_KEPT_DAYS, "limit": limit})).rowcount

    await forget(unit_of_work, "deliveries", forget_some)


async def _find(transaction: Transaction, channel: str, vendor: str, reports: Sequence[Report]) -> Matching:
    matching = Matching()
    about = {
        "channel": channel,
        "vendor": vendor,
        "ids": sorted({report.message_id for report in reports if report.message_id}),
        "provider_ids": sorted({provider_id for report in reports for provider_id in report.provider_ids}),
    }
    for row in (await transaction.execute(FIND, about)).mappings():
        fields = dict(row)
        delivery, provider_id = fields.pop("delivery"), fields.pop("provider_message_id")
        matching.add(Message(**fields), delivery, provider_id)
    return matching


async def _keep(transaction: Transaction, vendor: str, reports: Sequence[Report], matching: Matching) -> set[str]:
    if not reports:
        return set()
    messages = [matching.of(report) for report in reports]
    arrays = {
        "vendor": vendor,
        "event_ids": [report.event_id for report in reports],
        "message_ids": [message.id if message else None for message in messages],
        "statuses": [report.status for report in reports],
        "details": [report.detail for report in reports],
        "times": [report.happened_at for report in reports],
    }
    return set((await transaction.execute(KEEP, arrays)).scalars())


async def _set_deliveries(
    transaction: Transaction, vendor: str, matching: Matching, by_message: dict[UUID, list[Report]]
) -> None:
    changed: dict[UUID, str] = {}
    for message_id, reports in by_message.items():
        before = status = matching.delivery[message_id]
        for report in sorted(reports, key=lambda one: one.happened_at):
            status = latest(status, report.status)
        if status is not None and status != before:
            changed[message_id] = status
            if status in NOT_DELIVERED and before not in NOT_DELIVERED:
                publish_undelivered(transaction, matching.by_id[message_id], vendor, status)
    if changed:
        await transaction.execute(SET_DELIVERY, {"ids": list(changed), "statuses": list(changed.values())})


def _provider_id(reports: Sequence[Report]) -> str | None:
    return next((report.provider_ids[0] for report in reports if report.provider_ids), None)


def _suppression(report: Report, channel: str, message: Message | None) -> Suppression | None:
    """A bounce counts for everyone; an unsubscription or complaint for the tenant that wrote.

    A report on a message that is not ours suppresses nobody: others may send by the same vendor account. The vendor keeps its own
    list, drops our next message to such an address, and reports that with our id. An opt-out of SMS
    concerns our number, which all tenants share.
    """
    reason = SUPPRESSING.get(report.status)
    if reason is None or message is None:
        return None
    everyone = report.status == "bounced" or channel == "sms"
    return channel, message.address, EVERY_TENANT if everyone else message.instance_id, reason
