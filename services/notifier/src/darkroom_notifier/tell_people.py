"""The wiring of all that is told by inbox, e-mail and SMS: doors, senders, routes."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from darkroom_servicekit.database import UnitOfWork
from darkroom_servicekit.rate_limit import RateLimiter
from darkroom_servicekit.runtime import Runtime
from darkroom_servicekit.signing_keys import parse_secrets

from darkroom_notifier.channels.choose import choose_doors
from darkroom_notifier.inbox.http import inbox_routes
from darkroom_notifier.inbox.record_notifications import NotificationRecorder
from darkroom_notifier.inbox.store import forget_notifications
from darkroom_notifier.letters.confirmation import ConfirmationLinks
from darkroom_notifier.letters.unsubscribe import UnsubscribeLinks
from darkroom_notifier.letters.words import Words
from darkroom_notifier.letters.write_letters import Letters
from darkroom_notifier.measures import Measures
from darkroom_notifier.messages.claim import Queue
from darkroom_notifier.messages.digest_rules import MessageLimits
from darkroom_notifier.messages.doctor import MessagesDoctor
from darkroom_notifier.messages.enqueue_messages import DigestSender
from darkroom_notifier.messages.operator_http import OperatorMessages, operator_message_routes
from darkroom_notifier.messages.rules import pace
from darkroom_notifier.messages.send_messages import Sender, Sending
from darkroom_notifier.people.confirm_addresses import ConfirmationLimits, forget_confirmations
from darkroom_notifier.people.confirm_http import Confirmer, confirm_routes
from darkroom_notifier.people.http import Offer, preference_routes
from darkroom_notifier.people.phone_numbers import read_countries
from darkroom_notifier.settings import NotifierSettings
from darkroom_notifier.webhooks.http import ReportRoutes
from darkroom_notifier.webhooks.record_reports import forget_unmatched_reports
from darkroom_notifier.webhooks.sendgrid import SendGridKey
from darkroom_notifier.webhooks.unsubscribe_http import unsubscribe_routes

FORGET_EVERY_SECONDS = 3600.0


def tell_people(runtime: Runtime, settings: NotifierSettings, measures: Measures) -> NotificationRecorder:
    """Add the senders and routes to the service; what records the events' notifications."""
    links = unsubscribe_links(settings)
    confirmations = confirmation_links(settings)
    letters = Letters(Words(), site=settings.public_url, unsubscribe=links, confirmations=confirmations)
    senders = _senders(runtime, settings, letters, measures)
    principal = runtime.principal
    reports = report_routes(runtime.unit_of_work, settings, measures)
    wake_senders = {channel: sender.wake for channel, sender in senders.items()}
    _add_people(runtime, settings, confirmations, wake_senders)
    if links:
        runtime.app.include_router(unsubscribe_routes(runtime.unit_of_work, letters, links))
    runtime.app.include_router(inbox_routes(runtime.unit_of_work, principal, letters))
    runtime.app.include_router(reports.router())
    MessagesDoctor(runtime.unit_of_work, [sender.wake for sender in senders.values()]).register(runtime.doctor)
    keep = timedelta(days=settings.notifications_keep_days)
    forget_old = partial(forget_notifications, runtime.unit_of_work, keep=keep)
    runtime.forget("notifications", forget_old, every_seconds=FORGET_EVERY_SECONDS)
    forget_unmatched = partial(forget_unmatched_reports, runtime.unit_of_work)
    runtime.forget("deliveries", forget_unmatched, every_seconds=FORGET_EVERY_SECONDS)
    operators = OperatorMessages(runtime.unit_of_work, wake_senders)
    runtime.app.include_router(operator_message_routes(operators, principal))
    limits = message_limits(settings)
    runtime.loop("digests", DigestSender(runtime.unit_of_work, limits, wake_senders).run)
    return NotificationRecorder(wake_senders, older=timedelta(hours=settings.notify_older_hours), limits=limits)


def report_routes(unit_of_work: UnitOfWork, settings: NotifierSettings, measures: Measures) -> ReportRoutes:
    """The routes of the vendors' reports; each of a vendor's keys verifies them."""
    return ReportRoutes(
        unit_of_work,
        measures,
        public_url=settings.public_url,
        sendgrid_keys=[SendGridKey(key) for key in parse_secrets(settings.sendgrid_webhook_key)],
        twilio_tokens=parse_secrets(settings.twilio_auth_token),
    )


def message_limits(settings: NotifierSettings) -> MessageLimits:
    """When messages are gathered into digests."""
    return MessageLimits(
        after=settings.digest_after_messages,
        window=timedelta(minutes=settings.digest_minutes),
        per_hour={"email": settings.emails_per_tenant_hour, "sms": settings.sms_per_tenant_hour},
        per_day={"email": settings.emails_per_tenant_day, "sms": settings.sms_per_tenant_day},
    )


def _add_people(
    runtime: Runtime,
    settings: NotifierSettings,
    links: ConfirmationLinks | None,
    wake_senders: Mapping[str, Callable[[], None]],
) -> None:
    """Preferences, and the confirmation of addresses. Without links no address can be confirmed, so no channel is offered."""
    unit_of_work, principal = runtime.unit_of_work, runtime.principal
    limits = ConfirmationLimits(
        per_address_hour=settings.confirmations_per_address_hour,
        per_person_hour=settings.confirmations_per_person_hour,
        per_tenant_day=settings.confirmations_per_tenant_day,
    )
    offered = wake_senders if links else {}
    confirmer = Confirmer(limits, offered)
    offer = Offer(channels=frozenset(offered), confirmer=confirmer, countries=read_countries(settings.sms_countries))
    runtime.app.include_router(preference_routes(unit_of_work, principal, offer))
    if links:
        runtime.app.include_router(confirm_routes(unit_of_work, links, principal=principal, confirmer=confirmer))
    runtime.forget("confirmations", partial(forget_confirmations, unit_of_work), every_seconds=FORGET_EVERY_SECONDS)


def confirmation_links(settings: NotifierSettings) -> ConfirmationLinks | None:
    """The signer of links that confirm, where there is a key and an address for them."""
    if settings.unsubscribe_secret is None or settings.public_url is None:
        return None
    return ConfirmationLinks(secret=settings.unsubscribe_secret, site=settings.public_url)


def unsubscribe_links(settings: NotifierSettings) -> UnsubscribeLinks | None:
    """The signer of links, where there is a key and an address for them."""
    if settings.unsubscribe_secret is None or settings.public_url is None:
        return None
    return UnsubscribeLinks(secret=settings.unsubscribe_secret, site=settings.public_url)


def _senders(runtime: Runtime, settings: NotifierSettings, letters: Letters, measures: Measures) -> dict[str, Sender]:
    per_minute = {"email": settings.emails_per_minute, "sms": settings.sms_per_minute}
    age_hours = {"email": settings.email_age_hours_max, "sms": settings.sms_age_hours_max}
    senders: dict[str, Sender] = {}
    for channel, door in choose_doors(settings).items():
        senders[channel] = Sender(
            Queue(channel=channel, vendor=door.vendor, account=door.account),
            Sending(door=door, compose=letters.compose, age_max=timedelta(hours=age_hours[channel])),
            unit_of_work=runtime.unit_of_work,
            limiter=RateLimiter(runtime.redis, pace(door.vendor, per_minute[channel])),
            measures=measures,
        )
        runtime.loop(f"{channel}-sender", senders[channel].run)
        runtime.on_close(door.close)
    return senders
