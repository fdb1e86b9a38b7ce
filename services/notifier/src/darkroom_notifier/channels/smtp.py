"""E-mail by any SMTP server (`smtp://user:password@host:port`, `smtps://…`); STARTTLS is used wherever it is offered.

The Message-ID is our own id, so a receiver that gets the same message twice can drop the second copy. A failure before the end
of DATA is known to have sent nothing; only silence after the content is unknown.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from email import policy
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from darkroom_notifier.channels.addresses import needs_utf8, wire_address
from darkroom_notifier.channels.door import (
    Confirm,
    Outgoing,
    SendFailed,
    confirm_nothing,
    refused_key,
    too_slow,
    unanswered,
    unreachable,
)
from darkroom_notifier.channels.sendgrid import unsubscribe_headers
from darkroom_notifier.channels.smtp_replies import Stage, judge_reply

REPLY_SECONDS_MAX = 60.0
SEND_SECONDS_MAX = 120.0
"""For a whole message, connection and login included. A server that delays each command by 5 s needs about 45 s."""
QUIT_SECONDS_MAX = 2.0
WAIT_SECONDS_MAX = 30.0
"""For a free connection. The three together are less than a message's lease."""
CONNECTIONS_MAX = 4
PORTS = {"smtp": 25, "smtps": 465}


class Smtp:
    """An SMTP server; a connection for each message, a few at a time."""

    vendor = "smtp"
    at_once_max = CONNECTIONS_MAX

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
        self.account = f"smtp {self._host}:{self._port}"

    async def send(self, message: Outgoing, *, confirm: Confirm = confirm_nothing) -> str | None:
        """The Message-ID: SMTP gives none of its own that could be relied on."""
        letter = self._letter(message, wire_address(message.to))
        async with self._free_connection():
            delivery = _Delivery(letter, sender=parseaddr(self._sender)[1], confirm=confirm)
            try:
                await self._deliver(delivery)
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                raise _failure(error, delivery) from error
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

    async def _deliver(self, delivery: "_Delivery") -> None:
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
                await delivery.hand_over(client)
            # The server has taken the message: whatever becomes of the goodbye, it is sent.
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(QUIT_SECONDS_MAX):
                    await client.quit()
        finally:
            client.close()

    def _letter(self, message: Outgoing, to: str) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = self._sender, to, message.subject
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


class _Delivery:
    """One message on one connection. `stage` is what the server is asked about; `handed_over`: the content may have arrived."""

    def __init__(self, letter: EmailMessage, *, sender: str, confirm: Confirm) -> None:
        self._letter = letter
        self._sender = sender
        self._confirm = confirm
        self.stage: Stage = "connect"
        self.handed_over = False

    async def hand_over(self, client: aiosmtplib.SMTP) -> None:
        """MAIL, RCPT and DATA. Raises what aiosmtplib raises, and SendFailed for an address that the server cannot carry."""
        to = str(self._letter["To"])
        utf8 = not to.isascii()
        if utf8 and not client.supports_extension("smtputf8"):
            raise needs_utf8("the server")
        eight_bit = client.supports_extension("8bitmime")
        options = [*(["SMTPUTF8"] if utf8 else []), *(["BODY=8BITMIME"] if eight_bit else [])]
        flat = self._letter.as_bytes(
            policy=policy.SMTP.clone(utf8=utf8, cte_type="8bit" if eight_bit else "7bit", max_line_length=None if utf8 else 78)
        )
        self.stage = "sender"
        await client.mail(self._sender, options=options, encoding="utf-8" if utf8 else "ascii")
        self.stage = "recipient"
        await client.rcpt(to, encoding="utf-8" if utf8 else "ascii")
        self.stage = "content"
        await self._confirm()
        self.handed_over = True
        await client.data(flat)


def _failure(error: Exception, delivery: _Delivery) -> SendFailed:
    match error:
        case aiosmtplib.SMTPAuthenticationError() if error.code >= 500:
            return refused_key("smtp")
        case aiosmtplib.SMTPConnectResponseError():
            return judge_reply("connect", error.code, error.message)
        case aiosmtplib.SMTPConnectError() | aiosmtplib.SMTPConnectTimeoutError() | ConnectionRefusedError():
            return unreachable("smtp", error)
        case aiosmtplib.SMTPResponseException() if error.code > 0:
            return judge_reply(delivery.stage, error.code, error.message)
    return unanswered("smtp", error) if delivery.handed_over else too_slow("smtp", error)
