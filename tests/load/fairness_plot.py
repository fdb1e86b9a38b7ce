"""Draws a run of `make fairness` as one SVG: the provider's calls by whose they were, and each quiet picture's wait."""

import math
from collections import Counter
from collections.abc import Sequence

WIDTH, LEFT, RIGHT = 860, 60, 20
UPPER_TOP, UPPER_HEIGHT = 60, 170
LOWER_TOP, LOWER_HEIGHT = 290, 130
HEIGHT = LOWER_TOP + LOWER_HEIGHT + 50
WHALE, QUIET, INK, FAINT = "#5b7a99", "#d9822b", "#333333", "#dddddd"
STEP_SECONDS = 2
TICKS = 4
ROUND = (1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 12)  # ends of a scale whose quarters are short numbers
SECONDS_A_TICK = 15


def draw(arrivals: Sequence[tuple[float, str]], waits: Sequence[tuple[float, float]], *, began: float, ended: float) -> str:
    """Arrivals `(time, tenant)` and waits `(asked at, seconds)`; the tenant `whale` is drawn apart from all others."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" role="img">',
        "<title>A whale and thirty quiet shops share the provider</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 24, "Calls at the provider each second", size=15),
        _legend(),
        *_calls(arrivals, began, ended),
        _text(LEFT, LOWER_TOP - 18, "How long a quiet shop's picture waited for its call, seconds", size=15),
        *_waits(waits, began, ended),
        _text(LEFT, HEIGHT - 12, "seconds since the measurement began; by the provider's own log of arrivals"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _calls(arrivals: Sequence[tuple[float, str]], began: float, ended: float) -> list[str]:
    whale: Counter[int] = Counter()
    quiet: Counter[int] = Counter()
    for at, tenant in arrivals:
        if began <= at < ended:
            (whale if tenant == "whale" else quiet)[int((at - began) // STEP_SECONDS)] += 1
    steps = int((ended - began) // STEP_SECONDS)
    top = _scale(max((whale[step] + quiet[step] for step in range(steps)), default=1) / STEP_SECONDS)
    parts = _axes(UPPER_TOP, UPPER_HEIGHT, top, ended - began)
    width = (WIDTH - LEFT - RIGHT) / steps
    for step in range(steps):
        base = float(UPPER_TOP + UPPER_HEIGHT)
        for count, colour in ((whale[step], WHALE), (quiet[step], QUIET)):
            height = count / STEP_SECONDS / top * UPPER_HEIGHT
            base -= height
            place = LEFT + step * width
            parts.append(
                f'<rect x="{place:.1f}" y="{base:.1f}" width="{width - 0.6:.1f}" height="{height:.1f}" fill="{colour}"/>'
            )
    return parts


def _waits(waits: Sequence[tuple[float, float]], began: float, ended: float) -> list[str]:
    top = _scale(max((seconds for _, seconds in waits), default=1.0))
    parts = _axes(LOWER_TOP, LOWER_HEIGHT, top, ended - began)
    for asked_at, seconds in waits:
        across = LEFT + (asked_at - began) / (ended - began) * (WIDTH - LEFT - RIGHT)
        up = LOWER_TOP + LOWER_HEIGHT - seconds / top * LOWER_HEIGHT
        parts.append(f'<circle cx="{across:.1f}" cy="{up:.1f}" r="2.4" fill="{QUIET}" fill-opacity="0.7"/>')
    return parts


def _scale(largest: float) -> float:
    """Where an axis ends that has to show so much."""
    power = math.pow(10, math.floor(math.log10(largest or 1)))
    return next(end for step in ROUND if (end := step * power) >= largest)


def _axes(top: int, height: int, largest: float, seconds: float) -> list[str]:
    parts = []
    for tick in range(TICKS + 1):
        up = top + height - height * tick / TICKS
        parts.append(f'<line x1="{LEFT}" y1="{up:.1f}" x2="{WIDTH - RIGHT}" y2="{up:.1f}" stroke="{FAINT}"/>')
        parts.append(_text(LEFT - 8, up + 4, f"{largest * tick / TICKS:.3g}", anchor="end"))
    for second in range(0, int(seconds) + 1, SECONDS_A_TICK):
        across = LEFT + (WIDTH - LEFT - RIGHT) * second / seconds
        parts.append(_text(across, top + height + 18, str(second), anchor="middle"))
    return parts


def _legend() -> str:
    return (
        f'<rect x="560" y="14" width="12" height="12" fill="{WHALE}"/>'
        + _text(578, 24, "the whale")
        + f'<rect x="670" y="14" width="12" height="12" fill="{QUIET}"/>'
        + _text(688, 24, "thirty quiet shops")
    )


def _text(x: float, y: float, words: str, *, size: int = 12, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'
