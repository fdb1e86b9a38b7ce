"""Evaluates JSON pointers (RFC 6901) against parsed JSON. Pure."""

import re

ARRAY_INDEX = re.compile(r"0|[1-9][0-9]*")
"""RFC 6901, section 4: digits without leading zeros. `-`, the element after the last, never names an existing value."""


class PointsNowhere(LookupError):
    """The pointer names no value of the document."""


def pointed_at(document: object, pointer: str) -> object:
    """Return the value that `pointer` names; the empty pointer names the whole document. Raises PointsNowhere."""
    assert not pointer or pointer.startswith("/"), "the contract admits only well-formed pointers"
    value = document
    for token in pointer.split("/")[1:]:
        value = _child(value, token.replace("~1", "/").replace("~0", "~"))
    return value


def _child(value: object, name: str) -> object:
    if isinstance(value, dict) and name in value:
        return value[name]
    if isinstance(value, list) and ARRAY_INDEX.fullmatch(name) and len(name) <= len(str(len(value))) and int(name) < len(value):
        return value[int(name)]
    raise PointsNowhere(name)
