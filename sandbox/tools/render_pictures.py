"""Render the sample store's photographs: `python render_pictures.py OUT [PRODUCT …]`; pictures that exist are kept.

Needs `pip install bpy pillow` (Blender as a module, Python 3.11); one picture takes about 20 s on one core.
"""

import argparse
import sys
import time
import zlib
from pathlib import Path

import products_home
import products_small
import products_table
import studio_scene as studio
from shots import ROWS, Row

LONG_SIDE = 720
SAMPLES = 8
BUILDERS = {**vars(products_home), **vars(products_small), **vars(products_table)}


def shoot(row: Row, number: int, out: Path, threads: int) -> None:
    """Render one picture unless it is there already."""
    path = out / f"{row.id}-{number + 1:02d}.png"
    if path.exists():
        return
    started = time.monotonic()
    shot = row.shots[number]
    studio.empty_scene()
    BUILDERS[row.build](shot.look)
    studio.furnish(shot, zlib.crc32(path.stem.encode()))
    studio.render(path, shot, long_side=LONG_SIDE, samples=SAMPLES, threads=threads)
    sys.stderr.write(f"{path.name} {time.monotonic() - started:.1f} s\n")


def main() -> None:
    """The first picture of every product, then the second of every product, and so on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("products", nargs="*")
    parser.add_argument("--threads", type=int, default=1)
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    rows = [row for row in ROWS if not wanted.products or row.id in wanted.products]
    for number in range(max(len(row.shots) for row in rows)):  # breadth first: stopping early leaves no product bare
        for row in rows:
            if number < len(row.shots):
                shoot(row, number, wanted.out, wanted.threads)


if __name__ == "__main__":
    main()
