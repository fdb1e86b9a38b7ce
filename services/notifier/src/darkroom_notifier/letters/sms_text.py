"""How many parts an SMS takes, and a text that takes as few as possible. Pure.

Networks carry a text in the GSM 7-bit default alphabet where all its characters are in it, else in UCS-2, which holds less than
half as much. Source: 3GPP TS 23.038, 6.2.1 (the alphabet) and 6.2.1.1 (its extension table); TS 23.040, 9.2.3.24.1 (parts).
"""

from collections.abc import Iterable

# In the order of the table: column by column from 0x00. ESC (0x1B) is no character of its own.
GSM_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each is sent as ESC and a second septet.
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")

GSM_SINGLE_SEPTETS = 160
GSM_PART_SEPTETS = 153
"""Of a text in several parts; the header takes the rest."""
UCS2_SINGLE_UNITS = 70
UCS2_PART_UNITS = 67

# Characters that our sentences and people's word processors use for looks; each is replaced by what GSM has for it.
PLAIN = str.maketrans(
    {
        "…": "...",
        "‘": "'",
        "’": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‹": "'",
        "›": "'",
        "‐": "-",
        "‑": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "•": "*",
        "×": "x",
        "\t": " ",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
    }
)


def plain(text: str) -> str:
    """The text with typographic characters replaced by those of the GSM alphabet; all other characters stay."""
    return text.translate(PLAIN)


def sms_parts(text: str) -> int:
    """How many parts the networks split the text into, and vendors charge for. No character is split between two parts."""
    if all(character in GSM_ALPHABET or character in GSM_EXTENSION for character in text):
        septets = [2 if character in GSM_EXTENSION else 1 for character in text]
        return _parts(septets, single=GSM_SINGLE_SEPTETS, part=GSM_PART_SEPTETS)
    units = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return _parts(units, single=UCS2_SINGLE_UNITS, part=UCS2_PART_UNITS)


def shortened(text: str, characters_max: int) -> str:
    """The text, or its beginning and "..." within `characters_max` characters."""
    return text if len(text) <= characters_max else text[: characters_max - 3].rstrip() + "..."


def with_link(text: str, link: str | None, *, parts_max: int) -> str:
    """The text and the link, which stays whole, in at most `parts_max` parts."""
    tail = f" {link}" if link else ""
    for characters in range(len(text), 2, -1):
        whole = shortened(text, characters) + tail
        if sms_parts(whole) <= parts_max:
            return whole
    return tail.strip()


def _parts(sizes: Iterable[int], *, single: int, part: int) -> int:
    widths = list(sizes)
    if sum(widths) <= single:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > part:
            parts, used = parts + 1, 0
        used += width
    return parts
