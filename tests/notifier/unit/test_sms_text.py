"""The length of an SMS as networks count it, against the tables of 3GPP TS 23.038 and 23.040."""

import pytest
from darkroom_notifier.letters.sms_text import GSM_ALPHABET, GSM_EXTENSION, plain, shortened, sms_parts


def test_the_alphabet_has_its_127_characters_and_the_extension_its_ten() -> None:
    assert len(GSM_ALPHABET) == 127, "128 places, one of which is ESC"
    assert len(GSM_EXTENSION) == 10
    assert not GSM_ALPHABET & GSM_EXTENSION


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ü" * 160, 1),
        ("é" * 160, 1),
        ("ñ" * 160, 1),
        ("à" * 160, 1),
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        ("[{~^|\\}]€" + "a" * 142, 1),
        ("[{~^|\\}]€" + "a" * 143, 2),
        # 153 = 76 pairs and one place that no pair fits into: 76 + 76 pairs in two parts, the next one in a third.
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("ç" + "a" * 69, 1),
        ("ç" + "a" * 70, 2),
        ("á" * 134, 2),
        ("á" * 135, 3),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 35 + "a", 2),
        # 67 = 33 pairs and one unit: 33 + 33 in two parts.
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_parts_are_counted_as_the_networks_do(text: str, parts: int) -> None:
    assert sms_parts(text) == parts


def test_typography_does_not_cost_a_second_part() -> None:
    text = "„Tasse“ – Anna’s “Mug” … 3 × 4\u00a0cm"
    assert plain(text) == '"Tasse" - Anna\'s "Mug" ... 3 x 4 cm'
    assert plain("Müller señor чашка") == "Müller señor чашка"


@pytest.mark.parametrize(
    ("text", "cut"), [("abcdefghij", "abcdefghij"), ("abcdefghijk", "abcdefg..."), ("abcdef ghijk", "abcdef...")]
)
def test_a_cut_is_shown_by_three_dots(text: str, cut: str) -> None:
    assert shortened(text, 10) == cut
