"""A statement as CSV (RFC 4180): pure. Text that a spreadsheet would take for a formula is made plain text."""

import csv
import io
from collections.abc import Sequence

from darkroom_contracts.envelope import utc_text

from darkroom_credits.store_statement import StatementLine

COLUMNS = ("id", "createdAt", "kind", "amount", "balanceAfter", "jobId", "reason")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def csv_head() -> bytes:
    """The line that names the columns."""
    return _rows([COLUMNS])


def csv_lines(lines: Sequence[StatementLine]) -> bytes:
    """A portion of the statement."""
    return _rows(
        [
            (
                line.id,
                utc_text(line.created_at),
                line.kind,
                line.available_change,
                line.available_after,
                "" if line.job_id is None else line.job_id,
                _plain(line.reason or ""),
            )
            for line in lines
        ]
    )


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _rows(rows: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
