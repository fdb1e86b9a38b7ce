"""All sentences by key and language. A language lacks no key; a test holds that."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any, get_args

from darkroom_notifier.people.preferences import Locale

LOCALES: tuple[Locale, ...] = get_args(Locale)
FALLBACK: Locale = "en"


class Words:
    """The sentences of all languages."""

    def __init__(self) -> None:
        folder = resources.files("darkroom_notifier.letters") / "locales"
        self.by_locale: dict[str, dict[str, str]] = {
            locale: json.loads((folder / f"{locale}.json").read_text(encoding="utf-8")) for locale in LOCALES
        }

    def say(self, locale: str, key: str, data: Mapping[str, Any] | None = None) -> str:
        """The sentence with its figures; on one line, so that no name from outside can begin a new one in a header."""
        sentence = self.by_locale.get(locale, self.by_locale[FALLBACK])[key]
        told = {name: _figure(value, locale) if type(value) is int else value for name, value in (data or {}).items()}
        return " ".join(sentence.format_map(told).split())


def _figure(value: int, locale: str) -> str:
    """With its thousands apart, as the language writes them."""
    return f"{value:,}".replace(",", "." if locale == "de" else ",")
