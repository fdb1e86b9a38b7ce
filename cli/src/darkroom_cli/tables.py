"""Tables for people: as wide as the terminal, or one line for each row where a file or a program reads them."""

import sys

from rich.console import Console
from rich.table import Table

PIPED_CHARACTERS = 10_000


def show_table(table: Table) -> None:
    """Print a table. Its words are no markup, and a word that does not fit in a column goes on in the next line."""
    for column in table.columns:
        column.overflow = "fold"
    width = None if sys.stdout.isatty() else PIPED_CHARACTERS
    Console(highlight=False, markup=False, emoji=False, width=width).print(table)
