"""E-mail by any SMTP server (`smtp://user:password@host:port`, `smtps://…`); STARTTLS is used wherever it is offered.

Our id is the Message-ID, so a receiver that gets the same message twice can tell. Source of the reply classes: RFC 5321, 4.2.1.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from darkroom_notifier.channels.door import Outgoing, SendFailed, refused_key, unanswered, unreachable
from darkroom_notifier.channels.sendgrid import unsubscribe_headers

REPLY_SECONDS_MAX = 15.0
SEND_SECONDS_MAX = 20.0
"""For a whole message. The limit above is for each reply: a server that is slow in all of them outlasts the message's lease."""
QUIT_SECONDS_MAX = 2.0
WAIT_SECONDS_MAX = 30.0
"""For a free connection. The three together are less than a message's lease."""
CONNECTIONS_MAX = 4
PORTS = {"smtp": 25, "smtps": 465}
MAILBOX_REFUSALS = frozenset({550, 551, 553})
ERROR_CHARACTERS_MAX = 200


class Smtp:
    """An SMTP server; a connection for each message, a few at a time."""

    vendor = "smtp"

    def __init__(self, url: str, *, sender: str, clock: Callable[[], float]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("the SMTP address must be smtp://… or smtps://… with a host")
        self._host, self._port = parts.hostname, parts.port or PORTS[parts.scheme]
        self._tls = parts.scheme == "smtps"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender
        self._clock = clock
        self._free = asyncio.Semaphore(CONNECTIONS_MAX)

    async def send(self, message: Outgoing) -> str | None:
        """The Message-ID: SMTP gives none of its own that could be relied on."""
        letter = self._letter(message)
        async with self._free_connection():
            try:
                await self._deliver(letter)
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                raise _failure(error) from error
        return str(letter["Message-ID"])

    async def close(self) -> None:
        """Nothing is kept open."""

    @asynccontextmanager
    async def _free_connection(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await self._free.acquire()
        except TimeoutError as error:
            raise SendFailed("vendor-busy", "smtp: all connections are in use", again="soon") from error
        try:
            yield
        finally:
            self._free.release()

    async def _deliver(self, letter: EmailMessage) -> None:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            timeout=REPLY_SECONDS_MAX,
        )
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                await client.connect()
                await client.send_message(letter)
            # The server has taken the message: whatever becomes of the goodbye, it is sent.
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(QUIT_SECONDS_MAX):
                    await client.quit()
        finally:
            client.close()

    def _letter(self, message: Outgoing) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self._sender, message.to, message.subject
        letter["Date"] = formatdate(self._clock(), usegmt=True)
        domain = parseaddr(self._sender)[1].rpartition("@")[2] or "localhost"
        letter["Message-ID"] = f"<{message.message_id}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        if message.unsubscribe_url:
            for name, value in unsubscribe_headers(message.unsubscribe_url).items():
                letter[name] = value
        letter.set_content(message.text)
        if message.html:
            letter.add_alternative(message.html, subtype="html")
        return letter


def _failure(error: Exception) -> SendFailed:
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _by_code(error.recipients[0].code, error.recipients[0].message)
        case aiosmtplib.SMTPAuthenticationError():
            return refused_key("smtp")
        case aiosmtplib.SMTPConnectError() | aiosmtplib.SMTPConnectTimeoutError() | ConnectionRefusedError():
            return unreachable("smtp", error)
        case aiosmtplib.SMTPResponseException():
            return _by_code(error.code, error.message)
    return unanswered("smtp", error)


def _by_code(code: int, told: str) -> SendFailed:
    if code < 500:
        return SendFailed("vendor-busy", f"smtp answered {code}", again="soon")
    if code in MAILBOX_REFUSALS:
        return SendFailed("bad-address", f"smtp refused the mailbox ({code})", again="never", suppress="bounced")
    return SendFailed("vendor-refused", f"smtp refused it: {code} {told[:ERROR_CHARACTERS_MAX]}", again="never")
