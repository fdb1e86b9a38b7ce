"""What a browser must load before a page works, measured in the pages as they are built and shipped."""

import gzip
import re
from pathlib import Path

import pytest
from darkroom_cli.settings import TREE

DIST = TREE / "web" / "dist"
SCRIPT_BYTES_MAX = 200_000
STYLE_BYTES_MAX = 20_000
GZIP_LEVEL = 6
"""As a server packs it that has no time to lose."""
STATIC = re.compile(r'(?:from|import)\s*"\./([\w.-]+\.js)"')
LAZY = re.compile(r'import\(\s*["`]\./([\w.-]+\.js)["`]\s*\)')


def packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), GZIP_LEVEL))


def with_imports(names: set[str]) -> set[str]:
    """These scripts and all that they need before they run."""
    found: set[str] = set()
    while names:
        found |= names
        names = {name for known in names for name in STATIC.findall((DIST / "assets" / known).read_text())} - found
    return found


def entry() -> set[str]:
    return with_imports(set(re.findall(r'(?:src|href)="/assets/([\w.-]+\.js)"', (DIST / "index.html").read_text())))


def pages() -> set[str]:
    """The scripts that are loaded when they are wanted: each page, and what a page opens."""
    return {name for script in entry() for name in LAZY.findall((DIST / "assets" / script).read_text())}


def test_the_measurement_finds_the_pages() -> None:
    names = {name.partition("-")[0] for name in pages()}
    assert {"JobPage", "CreditsPage", "CompletedPage", "OngoingPage", "NotificationsPage"} <= names


@pytest.mark.parametrize("page", sorted(pages()))
def test_the_first_load_of_a_page_fits_its_budget(page: str) -> None:
    sizes = {name: packed(DIST / "assets" / name) for name in entry() | with_imports({page})}
    assert sum(sizes.values()) <= SCRIPT_BYTES_MAX, sizes


def test_the_styles_fit_theirs() -> None:
    assert sum(packed(path) for path in (DIST / "assets").glob("*.css")) <= STYLE_BYTES_MAX
