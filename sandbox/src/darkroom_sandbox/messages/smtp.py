"""An SMTP server that keeps what it gets. It refuses `bounce@…` for good (550), `busy@…` for now (451), `listed@…` by policy.

Takes any user and any password but one that begins with `invalid`; asks for none. Port 0: not opened.
"""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from darkroom_sandbox.call_log import CallLog
from darkroom_sandbox.messages.box import Attachment, Box, Mail
from darkroom_sandbox.messages.options import SmtpOptions

MESSAGE_BYTES_MAX = 20_000_000
REFUSALS = {
    "bounce": "550 5.1.1 No such mailbox",
    "busy": "451 4.3.0 Try again later",
    "listed": "550 5.7.1 Your server is on a list",
}
SILENT_SECONDS = 3_600.0


class SmtpDoor:
    """Listens once started."""

    def __init__(self, box: Box, log: CallLog, options: Callable[[], SmtpOptions], *, host: str, port: int) -> None:
        self._options = options
        self._box = box
        self._log = log
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Open the port."""
        if self._port:
            logging.getLogger("mail.log").setLevel(logging.WARNING)  # it tells every line of every session
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._session, self._host, self._port)

    async def close(self) -> None:
        """Close the port; sessions end by themselves."""
        if self._server:
            self._server.close()

    def _session(self) -> SMTP:
        return SMTP(
            _Handler(self._box, self._log, self._options),
            hostname="sandbox",
            data_size_limit=MESSAGE_BYTES_MAX,
            authenticator=_authenticate,
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )


class _Handler:
    """What aiosmtpd calls."""

    def __init__(self, box: Box, log: CallLog, options: Callable[[], SmtpOptions]) -> None:
        self._box = box
        self._log = log
        self._options = options

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        await asyncio.sleep(self._options().command_seconds)
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        await asyncio.sleep(self._options().command_seconds)
        if self._options().refuse_sender:
            return "550 5.7.1 Sender not authorised"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        await asyncio.sleep(self._options().command_seconds)
        refusal = REFUSALS.get(address.partition("@")[0].lower())
        if refusal is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return refusal or "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        now = self._options()
        await asyncio.sleep(now.command_seconds)
        if now.fail_rate and random.random() < now.fail_rate:
            return "451 4.3.0 Try again later"
        call = self._log.add(at=time.time(), vendor="smtp", kind="send", account="")
        call.id, call.status = secrets.token_hex(8), 250
        letter = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
        self._box.add_mail(_mail(letter, envelope, call.id, call.at))
        if now.silent_after_data:
            await asyncio.sleep(SILENT_SECONDS)
        return f"250 OK queued as {call.id}"


def _mail(letter: EmailMessage, envelope: Envelope, mail_id: str, at: float) -> Mail:
    named = {address: name for name, address in getaddresses(letter.get_all("to", []))}
    name, address = parseaddr(str(letter["from"] or ""))
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    return Mail(
        id=mail_id,
        at=at,
        vendor="smtp",
        account="",
        sender={"email": address or str(envelope.mail_from), "name": name},
        to=[{"email": one, "name": named.get(one, "")} for one in envelope.rcpt_tos],
        subject=str(letter["subject"] or ""),
        text=text.get_content() if text else None,
        html=html.get_content() if html else None,
        headers={key: str(value) for key, value in letter.items()},
        attachments=[
            Attachment(part.get_filename() or "", part.get_content_type(), str(part.get_payload()).replace("\n", ""))
            for part in letter.iter_attachments()
        ],
        state="delivered",
    )


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: object) -> AuthResult:
    good = isinstance(login, LoginPassword) and not login.password.startswith(b"invalid")
    return AuthResult(success=good, handled=False)
