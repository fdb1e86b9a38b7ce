"""Tables for people: as wide as the terminal, or wide enough for a file or a program that reads them."""

import sys

from rich.console import Console
from rich.table import Table

PIPED_CHARACTERS = 240


def show_table(table: Table) -> None:
    """Print a table; its words are no markup of ours to colour."""
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_CHARACTERS).print(table)
