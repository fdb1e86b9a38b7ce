"""The pages that show what was sent: an e-mail as its reader would see it, an SMS as on a phone. No script."""

import html
import time
from collections.abc import Sequence

from darkroom_sandbox.look import page
from darkroom_sandbox.messages.box import Mail, Sms

SHOWN_MAX = 200
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:; frame-src 'self'"
HEADERS = {"Content-Security-Policy": _POLICY}


def mail_page(mails: Sequence[Mail]) -> str:
    """The newest e-mails; the first one open."""
    shown = list(reversed(mails))[:SHOWN_MAX]
    rest = "".join(_mail(mail, opened=number == 0) for number, mail in enumerate(shown))
    return _page("Mail", _count(len(mails), len(shown)), rest)


def sms_page(messages: Sequence[Sms]) -> str:
    """The newest SMS."""
    shown = list(reversed(messages))[:SHOWN_MAX]
    rest = "".join(
        f'<p class="about">{_at(sms.at)} · to {_text(sms.to)} from {_text(sms.sender)} · {_text(sms.status)}</p>'
        f'<p class="sms">{_text(sms.body)}</p>'
        for sms in shown
    )
    return _page("SMS", _count(len(messages), len(shown)), rest)


def _page(title: str, count: str, rest: str) -> str:
    here = {True: ' aria-current="page"', False: ""}
    links = "".join(f'<a href="/sandbox/{name.lower()}"{here[name == title]}>{name}</a>' for name in ("Mail", "SMS"))
    return page(title, f'<nav>{links}</nav><h1>{title}</h1><p class="about">Nothing left this machine. {count}</p>{rest}')


def _mail(mail: Mail, *, opened: bool) -> str:
    to = ", ".join(person["email"] for person in (*mail.to, *mail.cc, *mail.bcc))
    files = "".join(f"<li>{_text(one.filename)} ({_text(one.type)})</li>" for one in mail.attachments)
    frame = f'<iframe sandbox title="{_text(mail.subject)}" srcdoc="{_text(mail.html)}"></iframe>' if mail.html else ""
    return (
        f"<details{' open' if opened else ''}><summary><strong>{_text(mail.subject)}</strong></summary>"
        f'<p class="about">{_at(mail.at)} · to {_text(to)} from {_text(mail.sender["email"])} · {_text(mail.state)}</p>'
        f"{frame}{f'<ul>{files}</ul>' if files else ''}"
        f"<details><summary>As text</summary><pre>{_text(mail.text or '')}</pre></details></details>"
    )


def _count(all_of_them: int, shown: int) -> str:
    if not all_of_them:
        return "Nothing was sent yet."
    return f"{all_of_them} sent." if shown == all_of_them else f"{all_of_them} sent; the newest {shown} are shown."


def _at(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _text(text: str) -> str:
    return html.escape(text, quote=True)
