"""Stripe's form bodies: `line_items[0][price_data][currency]=eur` is a tree. Lists are read from `[0]`, `[1]` and from `[]`."""

import re
from typing import Any
from urllib.parse import parse_qsl

from darkroom_sandbox.stripe.errors import StripeError, required, wrong

FIELDS_MAX = 2_000
DEPTH_MAX = 10
_PART = re.compile(r"\[([^\[\]]*)\]")

Tree = dict[str, Any]
"""Any: a leaf is text, a branch another tree or a list."""


def parse(text: str) -> Tree:
    """The tree of a form or query."""
    root: Tree = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise StripeError(400, "Invalid request: too many parameters.") from None
    for name, value in pairs:
        head, _, rest = name.partition("[")
        path = [head, *_PART.findall(f"[{rest}")] if rest else [head]
        if len(path) > DEPTH_MAX:
            raise StripeError(400, f"Invalid parameter: {name[:100]}")
        _put(root, path, value)
    return {name: _listed(value) for name, value in root.items()}


def _put(tree: Tree, path: list[str], value: str) -> None:
    for part in path[:-1]:
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            raise StripeError(400, f"Invalid parameter: {path[0]}")
        tree = below
    tree[path[-1] or str(len(tree))] = value


def _listed(value: Any) -> Any:
    """A tree whose names are numbers is a list."""
    if not isinstance(value, dict):
        return value
    below = {name: _listed(one) for name, one in value.items()}
    if below and all(name.isdecimal() for name in below):
        return [below[name] for name in sorted(below, key=int)]
    return below


def text_of(tree: Tree, name: str, *, param: str | None = None) -> str:
    """A parameter that must be there, and text."""
    value = tree.get(name)
    if value is None or value == "":
        raise required(param or name)
    if not isinstance(value, str):
        raise wrong(param or name, f"Invalid string: {param or name}")
    return value


def integer_of(tree: Tree, name: str, *, param: str | None = None, default: int | None = None) -> int:
    """A parameter that is a whole number."""
    if name not in tree and default is not None:
        return default
    value = text_of(tree, name, param=param)
    if not re.fullmatch(r"-?\d{1,15}", value, re.ASCII):
        raise wrong(param or name, f"Invalid integer: {value}", code="parameter_invalid_integer")
    return int(value)


def branch_of(tree: Tree, name: str) -> Tree:
    """A parameter that is a tree of its own; empty when it is missing."""
    value = tree.get(name, {})
    if value == "":
        return {}
    if not isinstance(value, dict):
        raise wrong(name, f"Invalid object: {name}")
    return value
