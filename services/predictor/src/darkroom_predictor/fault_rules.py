"""Whose fault a refused input is. Pure. A field that no caller fills can only be wrong through us: the catalogue, or an address.

Field paths are as Replicate writes them in `invalid_fields` and in the lines of `detail`: `input.aspect_ratio`, `webhook`, or
`input` alone for a key that is missing or not allowed.
"""

from collections.abc import Collection, Sequence

INPUT = "input"
TENANTS_THAT_PROVE = 3
"""So many tenants whose equal field is refused, with no success of the model in between, did not all choose badly."""


def input_key(path: str) -> str | None:
    """Return the key of `input` that a field path names; None for a path outside the input."""
    top, _, rest = path.partition(".")
    return rest.partition(".")[0] if top == INPUT else None


def is_our_fault(paths: Sequence[str], caller_fields: Collection[str] | None) -> bool:
    """Whether the answer names a field that the caller does not fill.

    `caller_fields`: the keys of `input` that the caller's request fills; None where that is not known, for items of an older
    version. Then only a path outside the input is certain.
    """
    keys = [input_key(path) for path in paths]
    if any(key is None for key in keys):
        return True
    return caller_fields is not None and any(key not in caller_fields for key in keys)
