"""What was sent, kept for people and tests to look at; the oldest go when there are too many or they are too large."""

from collections import deque
from dataclasses import dataclass, field

KEPT_MAX = 10_000
BYTES_MAX = 256_000_000


@dataclass(frozen=True)
class Attachment:
    """A file in an e-mail; `content` is base64, as it came."""

    filename: str
    type: str
    content: str


@dataclass(kw_only=True)
class Mail:
    """One e-mail to one set of people. `state` is that of its latest event."""

    id: str
    at: float
    vendor: str
    account: str
    sender: dict[str, str]
    to: list[dict[str, str]]
    cc: list[dict[str, str]] = field(default_factory=list)
    bcc: list[dict[str, str]] = field(default_factory=list)
    subject: str
    text: str | None
    html: str | None
    headers: dict[str, str] = field(default_factory=dict)
    custom_args: dict[str, str] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    state: str = "queued"

    def size(self) -> int:
        """About how much it holds, in bytes."""
        return len(self.text or "") + len(self.html or "") + sum(len(one.content) for one in self.attachments)

    def shown(self) -> dict[str, object]:
        """As `GET /sandbox/mail` tells it."""
        return {
            "id": self.id,
            "at": self.at,
            "vendor": self.vendor,
            "account": self.account,
            "state": self.state,
            "from": self.sender,
            "to": self.to,
            "cc": self.cc,
            "bcc": self.bcc,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
            "customArgs": self.custom_args,
            "attachments": [{"filename": one.filename, "type": one.type, "content": one.content} for one in self.attachments],
        }


@dataclass(kw_only=True)
class Sms:
    """One SMS."""

    sid: str
    at: float
    account: str
    account_sid: str
    sender: str
    to: str
    body: str
    callback: str | None
    segments: int
    status: str = "queued"
    error_code: int | None = None

    def size(self) -> int:
        """About how much it holds, in bytes."""
        return len(self.body)

    def shown(self) -> dict[str, object]:
        """As `GET /sandbox/sms` tells it."""
        return {
            "sid": self.sid,
            "at": self.at,
            "account": self.account,
            "from": self.sender,
            "to": self.to,
            "body": self.body,
            "segments": self.segments,
            "status": self.status,
            "errorCode": self.error_code,
            "statusCallback": self.callback,
        }


class Box:
    """The kept messages, oldest first."""

    def __init__(self) -> None:
        self._mails: deque[Mail] = deque()
        self._sms: deque[Sms] = deque()
        self._bytes = 0

    @property
    def mails(self) -> list[Mail]:
        return list(self._mails)

    @property
    def sms(self) -> list[Sms]:
        return list(self._sms)

    def add_mail(self, mail: Mail) -> None:
        self._mails.append(mail)
        self._bytes += mail.size()
        while len(self._mails) > KEPT_MAX or (self._bytes > BYTES_MAX and len(self._mails) > 1):
            self._bytes -= self._mails.popleft().size()

    def add_sms(self, sms: Sms) -> None:
        self._sms.append(sms)
        if len(self._sms) > KEPT_MAX:
            self._sms.popleft()

    def clear(self) -> None:
        self._mails.clear()
        self._sms.clear()
        self._bytes = 0
