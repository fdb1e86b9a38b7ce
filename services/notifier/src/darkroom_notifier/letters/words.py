"""All sentences by key and language. A language lacks no key; a test holds that."""

import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any, get_args

from darkroom_notifier.people.preferences import Locale

LOCALES: tuple[Locale, ...] = get_args(Locale)
FALLBACK: Locale = "en"
ERROR_KEYS = "error."
UNKNOWN_ERROR = "error.unknown"
ONLY_COUNTS = re.compile(r"None of the [0-9]+ pictures could be made; each tells its own reason\.")
"""What a job of several pictures says when all failed: the letter's own sentence has these figures already."""


class Words:
    """The sentences of all languages."""

    def __init__(self) -> None:
        folder = resources.files("darkroom_notifier.letters") / "locales"
        self.by_locale: dict[str, dict[str, str]] = {
            locale: json.loads((folder / f"{locale}.json").read_text(encoding="utf-8")) for locale in LOCALES
        }

        english = self.by_locale[FALLBACK]
        self._errors = {sentence: key for key, sentence in english.items() if key.startswith(ERROR_KEYS)}

    def say_error(self, locale: str, error: str) -> str | None:
        """An error text of the platform in the language; None where it says nothing more than the counts.

        Events carry the English sentence. One that is not known here is shown as it is in English, and replaced by a neutral
        sentence in other languages.
        """
        if ONLY_COUNTS.fullmatch(error):
            return None
        if locale == FALLBACK or locale not in self.by_locale:
            return error
        return self.say(locale, self._errors.get(error, UNKNOWN_ERROR))

    def say(self, locale: str, key: str, data: Mapping[str, Any] | None = None) -> str:
        """The sentence with its figures; on one line, so that no name from outside can begin a new one in a header."""
        sentence = self.by_locale.get(locale, self.by_locale[FALLBACK])[key]
        told = {name: _figure(value, locale) if type(value) is int else value for name, value in (data or {}).items()}
        return " ".join(sentence.format_map(told).split())


def _figure(value: int, locale: str) -> str:
    """With its thousands apart, as the language writes them."""
    return f"{value:,}".replace(",", "." if locale == "de" else ",")
