"""A notification in words: a title and lines for the inbox, an e-mail as text and HTML, an SMS."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from darkroom_notifier.channels.door import Outgoing
from darkroom_notifier.inbox.kinds import KINDS
from darkroom_notifier.letters.confirmation import ConfirmationLinks
from darkroom_notifier.letters.sms_text import plain, shortened, sms_parts, with_link
from darkroom_notifier.letters.unsubscribe import UnsubscribeLinks
from darkroom_notifier.letters.words import FALLBACK, Words
from darkroom_notifier.messages.store import Message
from darkroom_notifier.people.confirm_addresses import CONFIRMATION_KIND

NAME_CHARACTERS_MAX = 120
SMS_NAME_CHARACTERS = (40, 28, 16)
"""How long a product's name may be in an SMS: the longest with which the text is one part, else the longest."""
SMS_PARTS_MAX = 2


@dataclass(frozen=True)
class Wording:
    """What a notification says."""

    title: str
    lines: tuple[str, ...]


class Letters:
    """Writes messages. `site`: the pages' address, without which there are no links."""

    def __init__(
        self,
        words: Words,
        *,
        site: str | None,
        unsubscribe: UnsubscribeLinks | None,
        confirmations: ConfirmationLinks | None = None,
    ) -> None:
        self.words = words
        self._site = (site or "").rstrip("/")
        self._unsubscribe = unsubscribe
        self._confirmations = confirmations
        self._templates = Environment(
            loader=PackageLoader("darkroom_notifier.letters"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def wording(self, kind: str, data: Mapping[str, Any], locale: str) -> Wording:
        """A notification's title and lines."""
        shown = {**data, **_totals(data.get("counts", {}))}
        if "productName" in shown:
            shown["productName"] = _cut(str(shown["productName"]), NAME_CHARACTERS_MAX)
        say = partial(self.words.say, locale, data=shown)
        lines = [say(f"{kind}.text")]
        if kind == "job.done" and shown.get("failedImages"):
            lines.append(say("job.done.failed"))
        if shown.get("error") and (reason := self.words.say_error(locale, str(shown["error"]))):
            lines.append(reason)
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
            "why": self.words.say(message.locale, "footer.entered" if message.kind == CONFIRMATION_KIND else "footer.why"),
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
        texts = [self._sms_text(message, name_characters_max) for name_characters_max in SMS_NAME_CHARACTERS]
        text = next((text for text in texts if sms_parts(text) == 1), texts[0])
        return Outgoing(message_id=str(message.id), to=message.address, text=text)

    def _sms_text(self, message: Message, name_characters_max: int) -> str:
        data = {**message.data, "error": None}
        if "productName" in data:
            data["productName"] = shortened(plain(str(data["productName"])), name_characters_max)
        wording = self.wording(message.kind, data, message.locale)
        link, _ = self._link(message)
        return with_link(plain(f"Darkroom: {wording.title}. {wording.lines[0]}"), link, parts_max=SMS_PARTS_MAX)

    def _link(self, message: Message) -> tuple[str | None, str]:
        if message.kind == CONFIRMATION_KIND:
            url = self._confirmations.url(message.notification_id) if self._confirmations else None
            return url, self.words.say(message.locale, "link.confirm")
        about = "job" if message.kind.startswith("job.") and message.job_id is not None else "credits"
        if message.kind == "job.digest":
            return (f"{self._site}/completed" if self._site else None), self.words.say(message.locale, "link.job")
        path = f"/ongoing/{message.job_id}" if about == "job" else "/credits"
        return (self._site + path if self._site else None), self.words.say(message.locale, f"link.{about}")


def _totals(counts: Mapping[str, int]) -> dict[str, int]:
    """The figures of a digest: each kind of its topic by the last part of its name, and all together."""
    named = dict.fromkeys((kind.rpartition(".")[2] for kind in KINDS), 0)
    return named | {kind.rpartition(".")[2]: int(count) for kind, count in counts.items()} | {"total": sum(counts.values())}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
