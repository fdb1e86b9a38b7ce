"""Mail and SMS as a whole: the simulated SendGrid and Twilio, an SMTP door, and their control."""

from fastapi import APIRouter
from starlette.routing import BaseRoute

from darkroom_sandbox.call_log import CallLog
from darkroom_sandbox.http_post import HttpPoster
from darkroom_sandbox.messages.box import Box
from darkroom_sandbox.messages.control import build_messages_control
from darkroom_sandbox.messages.courier import Courier
from darkroom_sandbox.messages.door import VendorDoor
from darkroom_sandbox.messages.mail_events import MailEvents
from darkroom_sandbox.messages.options import CurrentVendorOptions, SendGridOptions, SmtpOptions, TwilioOptions
from darkroom_sandbox.messages.people_control import build_people_control
from darkroom_sandbox.messages.sendgrid import SendGridApi, SendGridShapes
from darkroom_sandbox.messages.smtp import SmtpDoor
from darkroom_sandbox.messages.twilio import TwilioApi, TwilioShapes


class Messages:
    """What the sandbox mounts, starts, resets and closes."""

    def __init__(self, *, log: CallLog, platform_url: str, host: str, smtp_port: int) -> None:
        self._sendgrid = CurrentVendorOptions(SendGridOptions())
        self._twilio = CurrentVendorOptions(TwilioOptions())
        self._smtp_options = CurrentVendorOptions(SmtpOptions())
        self._box = Box()
        self._courier = Courier(HttpPoster())
        self._events = MailEvents(self._courier, lambda: self._sendgrid.now, platform_url)
        self._smtp = SmtpDoor(self._box, log, lambda: self._smtp_options.now, host=host, port=smtp_port)
        sendgrid = SendGridApi(self._box, self._events)
        twilio = self._sms = TwilioApi(self._box, self._courier, lambda: self._twilio.now, platform_url)
        self.control: APIRouter = build_messages_control(self._box, self._sendgrid, self._twilio, self._smtp_options)
        self.control.include_router(build_people_control(self._box, self._events, twilio))
        self.routes: list[BaseRoute] = [
            *sendgrid.routes(VendorDoor(SendGridShapes(), log, lambda: self._sendgrid.now)),
            *twilio.routes(VendorDoor(TwilioShapes(), log, lambda: self._twilio.now)),
        ]

    async def start(self) -> None:
        """Open the SMTP door, if it has a port."""
        await self._smtp.start()

    def reset(self) -> None:
        """Forget messages and options; reports under way go on."""
        self._sendgrid.reset()
        self._twilio.reset()
        self._smtp_options.reset()
        self._box.clear()
        self._events.clear()
        self._sms.clear()

    async def close(self) -> None:
        """Stop reporting."""
        self._courier.close()
        await self._smtp.close()
