"""Whether a person sees anything of a text. Pure.

Source: Unicode 16.0, DerivedCoreProperties.txt (Default_Ignorable_Code_Point) and PropList.txt (White_Space), with blanks that
have neither property: the Braille pattern without dots, fillers of scripts, a note without a head, and control characters.
"""

import unicodedata

INVISIBLE_RULE = "must have a visible character"

_DEFAULT_IGNORABLE = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),  # zero-width characters and directional marks
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),  # tags and further variation selectors
)
_OTHER_BLANKS = (
    (0x2800, 0x2800),  # Braille pattern blank
    (0xFFF9, 0xFFFB),  # interlinear annotation marks
    (0x13441, 0x13442),  # Egyptian blanks
    (0x16FE4, 0x16FE4),  # Khitan filler
    (0x1D159, 0x1D159),  # musical null notehead
)
_INVISIBLE = _DEFAULT_IGNORABLE + _OTHER_BLANKS


def is_visible(text: str) -> bool:
    """Return whether at least one character of `text` leaves a mark on a page."""
    return any(_leaves_a_mark(character) for character in text)


def _leaves_a_mark(character: str) -> bool:
    if character.isspace() or unicodedata.category(character) == "Cc":
        return False
    code = ord(character)
    return not any(first <= code <= last for first, last in _INVISIBLE)
