"""The contact sheet: each photograph beside what became of it."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

CELL = 220
GAP = 10
PAIRS_PER_ROW = 2
PAPER = (238, 237, 235)
INK = (60, 58, 55)
CAPTION = 18


def write_contact_sheet(pairs: Sequence[tuple[bytes, bytes]], path: Path) -> None:
    """Write before/after pairs, two pairs a row, as a JPEG."""
    rows = -(-len(pairs) // PAIRS_PER_ROW)
    width = PAIRS_PER_ROW * (2 * CELL + GAP) + (PAIRS_PER_ROW + 1) * GAP
    sheet = Image.new("RGB", (width, rows * (CELL + CAPTION + GAP) + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (before, after) in enumerate(pairs):
        left = GAP + (number % PAIRS_PER_ROW) * (2 * CELL + 2 * GAP)
        top = GAP + (number // PAIRS_PER_ROW) * (CELL + CAPTION + GAP)
        for column, (data, word) in enumerate(((before, "before"), (after, "after"))):
            x = left + column * (CELL + GAP)
            _paste(sheet, data, x, top + CAPTION)
            draw.text((x + 2, top + 3), f"{number + 1} {word}", fill=INK)
    sheet.save(path, quality=90)


def _paste(sheet: Image.Image, data: bytes, x: int, y: int) -> None:
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    sheet.paste(picture, (x + (CELL - picture.width) // 2, y + (CELL - picture.height) // 2))
