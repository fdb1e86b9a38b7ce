"""Values that no caller means, for every parameter of every route: none may be answered with an error of ours."""

from urllib.parse import quote

HOSTILE_TEXTS = {
    "nothing": "",
    "blank": " ",
    "U+0000": "a\0b",
    "beyond 4,300 digits": "9" * 5_000,
    "more than 64 bits": "99999999999999999999",
    "a negative number": "-1",
    "not a number": "NaN",
    "infinity": "1e999",
    "other digits": "\u0661\u00b2",
    "the first day": "0001-01-05",
    "before the first day": "0001-01-01T00:00:00+14:00",
    "after the last day": "9999-12-31T23:59:59-14:00",
    "a day that is none": "2026-02-30",
    "a lone surrogate": "\ud800",
    "an emoji": "\U0001f5bc",
    "SQL": "'; DROP TABLE jobs; --",
    "a path": "../../etc/passwd",
    "a line break": "a\r\nSet-Cookie: x=1",
    "a long text": "x" * 3_000,
    "base64 of nothing": "ajE6",
}


def quoted(value: str) -> str:
    """A value as it stands in an address, even one that is no Unicode."""
    return quote(value.encode("utf-8", "surrogatepass"), safe="")
