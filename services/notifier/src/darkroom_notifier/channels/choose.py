"""Which vendor carries which channel, by what is configured; a channel without a vendor is not offered."""

import time
from typing import Literal

from darkroom_servicekit.signing_keys import parse_secrets

from darkroom_notifier.channels.door import Door
from darkroom_notifier.channels.sendgrid import SendGrid
from darkroom_notifier.channels.smtp import Smtp
from darkroom_notifier.channels.twilio import Twilio
from darkroom_notifier.settings import NotifierSettings

TWILIO_REPORTS = "/webhooks/twilio"


def choose_doors(settings: NotifierSettings) -> dict[Literal["email", "sms"], Door]:
    """The doors by channel."""
    doors: dict[Literal["email", "sms"], Door] = {}
    if settings.smtp_url:
        doors["email"] = Smtp(settings.smtp_url, sender=settings.mail_from, clock=time.time)
    elif settings.sendgrid_api_key:
        doors["email"] = SendGrid(
            api_key=settings.sendgrid_api_key, base_url=settings.sendgrid_base_url, sender=settings.mail_from
        )
    if settings.twilio_account_sid and settings.twilio_auth_token:
        doors["sms"] = Twilio(
            account_sid=settings.twilio_account_sid,
            auth_token=parse_secrets(settings.twilio_auth_token)[0],
            base_url=settings.twilio_base_url,
            sender=settings.twilio_from,
            report_url=f"{settings.public_url.rstrip('/')}{TWILIO_REPORTS}" if settings.public_url else None,
        )
    return doors
