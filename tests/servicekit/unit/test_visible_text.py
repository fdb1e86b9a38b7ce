"""A text of which nobody sees anything is no text; an invisible character beside visible ones is part of some scripts."""

import pytest
from darkroom_servicekit.visible_text import is_visible

INVISIBLE = {
    "nothing": "",
    "blanks": " \t\n",
    "a no-break space": "\u00a0",
    "an ideographic space": "\u3000",
    "a line separator": "\u2028",
    "a zero-width space": "\u200b",
    "zero-width joiners": "\u200c\u200d",
    "a word joiner": "\u2060",
    "a byte order mark": "\ufeff",
    "soft hyphens": "\u00ad\u00ad",
    "a Braille blank": "\u2800",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "a variation selector": "\ufe0f",
    "a variation selector of the supplement": "\U000e0100",
    "directional marks": "\u200e\u200f\u061c\u202a\u202c\u2066\u2069",
    "tags": "\U000e0041\U000e007f",
    "a Mongolian vowel separator": "\u180e",
    "a grapheme joiner": "\u034f",
    "Khmer inherent vowels": "\u17b4\u17b5",
    "control characters": "\x01\x7f\x85",
    "some of each": " \u200b\u2800\ufeff\U000e0041 ",
}


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE)
def test_nothing_is_seen_of_it(text: str) -> None:
    assert not is_visible(text)


VISIBLE = {
    "a letter": "a",
    "a full stop": ".",
    "an emoji with its selector": "\u2764\ufe0f",
    "Persian with a non-joiner": "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645",
    "a word with a soft hyphen": "co\u00adoperate",
    "Braille": "\u2801",
    "conjoining Hangul": "\u1100\u1161",
    "Thai": "\u0e01",
    "an Arabic number sign": "\u0600",
    "a flag with tags": "\U0001f3f4\U000e0067",
}


@pytest.mark.parametrize("text", VISIBLE.values(), ids=VISIBLE)
def test_it_is_seen(text: str) -> None:
    assert is_visible(text)
