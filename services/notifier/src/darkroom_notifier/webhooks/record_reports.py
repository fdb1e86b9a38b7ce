"""Keeps what vendors report: once each, the message's latest status, and the addresses that are not written to any more."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from darkroom_servicekit.database import Transaction
from sqlalchemy import text

from darkroom_notifier.messages.send_messages import publish_sent, publish_undelivered
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
    """A bounce counts for everyone; an unsubscription or complaint for the tenant that wrote, or for all if that is unknown."""
    reason, address = SUPPRESSING.get(report.status), message.address if message else report.address
    if reason is None or not address:
        return None
    scope = message.instance_id if message and report.status != "bounced" else EVERY_TENANT
    return channel, address, scope, reason
