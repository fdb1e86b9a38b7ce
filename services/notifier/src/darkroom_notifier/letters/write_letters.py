"""A notification in words: a title and lines for the inbox, an e-mail as text and HTML, an SMS."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from darkroom_notifier.channels.door import Outgoing
from darkroom_notifier.letters.unsubscribe import UnsubscribeLinks
from darkroom_notifier.letters.words import FALLBACK, Words
from darkroom_notifier.messages.store import Message

NAME_CHARACTERS_MAX = 120
SMS_NAME_CHARACTERS_MAX = 30
SMS_CHARACTERS_MAX = 320


@dataclass(frozen=True)
class Wording:
    """What a notification says."""

    title: str
    lines: tuple[str, ...]


class Letters:
    """Writes messages. `site`: the pages' address, without which there are no links."""

    def __init__(self, words: Words, *, site: str | None, unsubscribe: UnsubscribeLinks | None) -> None:
        self.words = words
        self._site = (site or "").rstrip("/")
        self._unsubscribe = unsubscribe
        self._templates = Environment(
            loader=PackageLoader("darkroom_notifier.letters"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def wording(self, kind: str, data: Mapping[str, Any], locale: str) -> Wording:
        """A notification's title and lines."""
        shown = dict(data)
        if "productName" in shown:
            shown["productName"] = _cut(str(shown["productName"]), NAME_CHARACTERS_MAX)
        say = partial(self.words.say, locale, data=shown)
        lines = [say(f"{kind}.text")]
        if kind == "job.done" and shown.get("failedImages"):
            lines.append(say("job.done.failed"))
        if shown.get("error"):
            lines.append(str(shown["error"]))
        return Wording(say(f"{kind}.title"), tuple(lines))

    def compose(self, message: Message) -> Outgoing:
        """A message as it leaves."""
        return self._sms(message) if message.channel == "sms" else self._email(message)

    def page(self, locale: str, state: str) -> str:
        """The page behind the link in an e-mail: `ask`, `done` or `broken`."""
        known = locale if locale in self.words.by_locale else FALLBACK
        template = self._templates.get_template("unsubscribe.html")
        return template.render(locale=known, state=state, t=partial(self.words.say, known))

    def _email(self, message: Message) -> Outgoing:
        wording = self.wording(message.kind, message.data, message.locale)
        unsubscribe_url = self._unsubscribe.url(message) if self._unsubscribe else None
        link, label = self._link(message)
        shown = {
            "locale": message.locale,
            "title": wording.title,
            "lines": wording.lines,
            "link": link,
            "link_label": label,
            "unsubscribe_url": unsubscribe_url,
            "t": partial(self.words.say, message.locale),
        }
        return Outgoing(
            message_id=str(message.id),
            to=message.address,
            subject=wording.title,
            text=self._templates.get_template("message.txt").render(shown),
            html=self._templates.get_template("message.html").render(shown),
            unsubscribe_url=unsubscribe_url,
        )

    def _sms(self, message: Message) -> Outgoing:
        data = dict(message.data)
        if "productName" in data:
            data["productName"] = _cut(str(data["productName"]), SMS_NAME_CHARACTERS_MAX)
        wording = self.wording(message.kind, data | {"error": None}, message.locale)
        link, _ = self._link(message)
        text = _cut(f"Darkroom: {wording.title}. {wording.lines[0]}", SMS_CHARACTERS_MAX - len(link or "") - 1)
        return Outgoing(message_id=str(message.id), to=message.address, text=f"{text} {link}" if link else text)

    def _link(self, message: Message) -> tuple[str | None, str]:
        about = "job" if message.kind.startswith("job.") and message.job_id is not None else "credits"
        path = f"/ongoing/{message.job_id}" if about == "job" else "/credits"
        return (self._site + path if self._site else None), self.words.say(message.locale, f"link.{about}")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
