"""What an SMTP server's refusal means: for the recipient, for our sender, for the whole account. Pure.

The enhanced status code decides where there is one. An address is suppressed only by a code that speaks of the recipient's
mailbox; a refusal that speaks of the sender (5.7.x, 5.1.7, 5.1.8, any refusal of MAIL FROM) never suppresses anyone.
A bare 550 to RCPT ends the message and suppresses nothing: servers use it for policy as well.

Source: RFC 5321, 4.2.1 (reply classes); RFC 3463 and the IANA registry of enhanced status codes.
"""

import re
from typing import Literal

from darkroom_notifier.channels.door import SendFailed, refused_key

Stage = Literal["connect", "sender", "recipient", "content"]

ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\d)")
NO_SUCH_MAILBOX = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
BAD_SENDER = frozenset({"1.7", "1.8"})
MAILBOX_FULL = "2.2"
AUTHENTICATION_REFUSALS = frozenset({530, 534, 535, 538})
MAILBOX_REFUSALS = frozenset({550, 551, 553})
CLOSING = 421
ERROR_CHARACTERS_MAX = 200


def judge_reply(stage: Stage, code: int, told: str) -> SendFailed:
    """The failure that a refusal amounts to; `stage` is what was refused."""
    if code in AUTHENTICATION_REFUSALS:
        return refused_key("smtp")
    if code < 500:
        blames: Literal["account", "message"] = "account" if stage in ("connect", "sender") or code == CLOSING else "message"
        return SendFailed("vendor-busy", f"smtp answered {code}", again="soon", blames=blames)
    status = _status(told)
    if stage in ("connect", "sender"):
        return _refused_sender(code, told, blames="account")
    if status in NO_SUCH_MAILBOX:
        return SendFailed("bad-address", f"smtp refused the mailbox ({code} 5.{status})", again="never", suppress="bounced")
    if status in BAD_SENDER or status.startswith("7."):
        return _refused_sender(code, told, blames="tenant")
    if status == MAILBOX_FULL:
        return SendFailed("mailbox-full", f"smtp answered {code}: the mailbox is full", again="later")
    if stage == "recipient" and not status and code in MAILBOX_REFUSALS:
        return SendFailed("bad-address", f"smtp refused the mailbox ({code}) and gave no reason", again="never")
    return SendFailed("vendor-refused", f"smtp refused it: {_shown(code, told)}", again="never")


def _refused_sender(code: int, told: str, *, blames: Literal["account", "tenant"]) -> SendFailed:
    text = f"smtp refused our sender or server: {_shown(code, told)}"
    return SendFailed("vendor-refused-sender", text, again="later", blames=blames)


def _status(told: str) -> str:
    """Subject and detail of the enhanced status code, such as `1.1`; empty when there is none."""
    found = ENHANCED.match(told.strip())
    return f"{int(found[2])}.{int(found[3])}" if found else ""


def _shown(code: int, told: str) -> str:
    return f"{code} {told[:ERROR_CHARACTERS_MAX]}"
