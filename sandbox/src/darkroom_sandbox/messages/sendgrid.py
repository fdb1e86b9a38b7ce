"""The simulated SendGrid: `POST /sendgrid/v3/mail/send` and the webhook's public key.

Source: SendGrid, "Mail Send"; errors are `{"errors":[{"message","field","help"}]}`.
"""

import json
import secrets
import time
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from darkroom_sandbox.call_log import Call
from darkroom_sandbox.messages.box import Box, Mail
from darkroom_sandbox.messages.door import SEND, VendorDoor, VendorError
from darkroom_sandbox.messages.mail_events import MailEvents, public_key
from darkroom_sandbox.messages.mail_request import Broken, MailRequest, read_mail

MESSAGE_BYTES_MAX = 30 * 1024 * 1024


class SendGridShapes:
    """How SendGrid is spoken to and how it refuses."""

    name = "sendgrid"

    def key_of(self, request: Request) -> str | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        good = scheme.lower() == "bearer" and key.strip() and not key.strip().startswith("invalid")
        return key.strip() if good else None

    def unauthorized(self) -> Response:
        return _errors(401, [Broken("The provided authorization grant is invalid, expired, or revoked", None)])

    def throttled(self, reset_seconds: int) -> Response:
        answer = _errors(429, [Broken("too many requests", None)])
        answer.headers.update({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + reset_seconds)})
        return answer

    def broken(self) -> Response:
        return _errors(500, [Broken("Internal server error", None)])


class SendGridApi:
    """Takes e-mails."""

    def __init__(self, box: Box, events: MailEvents) -> None:
        self._box = box
        self._events = events

    def routes(self, door: VendorDoor) -> list[BaseRoute]:
        """All routes, each as SendGrid has it."""
        settings = "/sendgrid/v3/user/webhooks/event/settings/signed"
        return [
            Route("/sendgrid/v3/mail/send", door.endpoint(SEND, self.send), methods=["POST"]),
            Route(settings, door.endpoint("settings", self.key), methods=["GET"]),
        ]

    async def send(self, request: Request, call: Call, _key: str) -> Response:
        """POST /v3/mail/send: 202 and an `X-Message-Id`."""
        raw = await request.body()
        if len(raw) > MESSAGE_BYTES_MAX:
            raise VendorError(_errors(413, [Broken("The message may have less than 30 MB.", None)]))
        try:
            body = json.loads(raw)
        except ValueError:
            raise VendorError(_errors(400, [Broken("Bad Request", None)])) from None
        call.input_json = _recorded(body)
        mail = read_mail(body)
        if not isinstance(mail, MailRequest):
            raise VendorError(_errors(400, mail))
        if mail.sandbox_mode:
            return Response(status_code=200)
        call.id = secrets.token_urlsafe(16)
        for one in _mails(mail, call):
            self._box.add_mail(one)
            self._events.follow(one)
        return Response(status_code=202, headers={"x-message-id": call.id})

    async def key(self, request: Request, call: Call, _key: str) -> Response:  # noqa: ARG002 (an endpoint's signature)
        """GET …/settings/signed: the public key that webhooks are checked with."""
        return JSONResponse({"public_key": public_key()})


def _mails(mail: MailRequest, call: Call) -> list[Mail]:
    return [
        Mail(
            id=call.id or "",
            at=call.at,
            vendor="sendgrid",
            account=call.account,
            sender=mail.sender,
            to=part.to,
            cc=part.cc,
            bcc=part.bcc,
            subject=part.subject,
            text=mail.text,
            html=mail.html,
            headers=part.headers,
            custom_args=part.custom_args,
            attachments=mail.attachments,
        )
        for part in mail.parts
    ]


def _recorded(body: object) -> bytes:
    """What the call record keeps: all but the files, which are large and stand in the box."""
    if isinstance(body, dict) and isinstance(body.get("attachments"), list):
        files = [
            {name: value for name, value in one.items() if name != "content"}
            for one in body["attachments"]
            if isinstance(one, dict)
        ]
        body = {**body, "attachments": files}
    return json.dumps(body).encode()


def _errors(status: int, broken: Sequence[Broken]) -> Response:
    errors = [{"message": one.message, "field": one.field, "help": None} for one in broken]
    return JSONResponse({"errors": errors}, status)
