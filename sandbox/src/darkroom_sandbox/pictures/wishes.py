"""What a prompt can ask for: a small vocabulary of plain words, all else is passed over.

Backgrounds: a colour's name beside `background`, `backdrop`, `studio`, `on` or `against`. Shadows: `no shadow`, `hard shadow`
(soft is the default). Light: `brighter`, `darker`, `warmer`, `cooler`, `vivid`, `contrast`. Frame: `square`, `close-up`.
`keep the background` cleans up without cutting out.
"""

import re
from dataclasses import dataclass

Colour = tuple[int, int, int]
"""Blue, green, red."""

COLOURS: dict[str, Colour] = {
    "white": (255, 255, 255),
    "black": (24, 22, 22),
    "grey": (214, 213, 212),
    "gray": (214, 213, 212),
    "beige": (205, 224, 236),
    "cream": (224, 242, 250),
    "sand": (180, 205, 222),
    "pink": (226, 214, 246),
    "red": (92, 84, 200),
    "orange": (130, 184, 242),
    "yellow": (160, 224, 248),
    "green": (200, 222, 206),
    "mint": (220, 238, 214),
    "blue": (238, 224, 206),
    "navy": (78, 50, 34),
    "purple": (232, 206, 220),
    "lavender": (244, 224, 228),
    "brown": (110, 142, 168),
}
_NAMES = "|".join(COLOURS)
_BEFORE = re.compile(rf"\b({_NAMES})\b(?:[\w ,-]{{0,20}}?)\b(?:background|backdrop|studio|surface)\b")
_AFTER = re.compile(
    rf"\b(?:on|onto|against|background|backdrop)\b(?: \w+){{0,4}}? (?:(?:in|is|of|to|an?|plain|pure|clean|soft|light|solid) )*"
    rf"({_NAMES})\b"
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was understood."""

    background: Colour = COLOURS["white"]
    cut_out: bool = True
    shadow: float = 0.6
    """Strength of the contact shadow, 0 to 1."""
    brightness: float = 0.0
    warmth: float = 0.0
    vividness: float = 0.0
    """Steps of -1, 0, 1."""
    square: bool = False
    fill: float = 0.78
    """Share of the frame the subject takes."""


def read_wishes(prompt: str) -> Wishes:
    """What the prompt asks for that we can do; white with a soft shadow when it asks for nothing."""
    text = re.sub(r"\s+", " ", prompt.lower())

    def says(*words: str) -> bool:
        return any(re.search(rf"\b{word}", text) for word in words)

    shadow = 0.0 if says("no shadow", "without shadow", "shadowless") else 0.9 if says("hard shadow", "strong shadow") else 0.6
    found = _BEFORE.search(text) or _AFTER.search(text)
    return Wishes(
        background=COLOURS[found[1]] if found else COLOURS["white"],
        cut_out=not says("keep the background", "keep background", "same background", "original background"),
        shadow=shadow,
        brightness=float(says("bright", "lighter")) - float(says("darker", "moody")),
        warmth=float(says("warm")) - float(says("cool", "colder")),
        vividness=float(says("vivid", "contrast", "saturated", "punchy")),
        square=says("square"),
        fill=0.9 if says("close-up", "close up", "closeup") else 0.78,
    )
