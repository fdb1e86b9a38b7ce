"""The control of what people do with messages: unsubscribe, report spam, answer STOP or START, at any time after sending."""

from typing import Any

from fastapi import APIRouter, HTTPException

from darkroom_sandbox.messages.box import Box
from darkroom_sandbox.messages.mail_events import MailEvents
from darkroom_sandbox.messages.options import EventRequest, IncomingSms
from darkroom_sandbox.messages.twilio import TwilioApi


def build_people_control(box: Box, events: MailEvents, twilio: TwilioApi) -> APIRouter:
    """The routes, to be included below `/sandbox`."""
    router = APIRouter(tags=["control"])

    @router.post("/sendgrid/events", status_code=202)
    async def report(wanted: EventRequest) -> dict[str, Any]:
        """Report an event of a mail (`messageId`: an `id` of `GET /sandbox/mail`), or of a mail that is not ours."""
        found = next((mail for mail in box.mails if mail.id == wanted.message_id), None)
        if wanted.message_id is not None and found is None:
            raise HTTPException(404, "no mail has this messageId")
        return events.report(wanted, found)

    @router.post("/twilio/incoming", status_code=202)
    async def receive(wanted: IncomingSms) -> dict[str, str]:
        """Receive an SMS of a person, such as STOP or START, at the number that sent last."""
        form = twilio.receive(wanted)
        if form is None:
            raise HTTPException(409, "no SMS has been sent yet, so no number can receive one")
        return form

    return router
