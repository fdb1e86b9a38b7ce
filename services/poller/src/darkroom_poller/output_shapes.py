"""Finds the picture in a provider's output, whatever its shape, as long as the shape is unambiguous. Pure."""

from collections.abc import Mapping, Sequence

SCHEMES = ("https://", "http://", "data:")
STORED = "stored:"
"""The scheme of outputs in our own storage. Only events of ours name them, never a provider."""
DEPTH_MAX = 8
"""Deeper addresses are not looked for."""


class StoredAddress(str):
    """The address of a picture in our own storage. Text of a provider's is never one, whatever it says."""

    __slots__ = ()


def with_stored(output: object, keys: Mapping[str, str]) -> object:
    """Return the output with the addresses of its stored parts: `keys` has their keys by JSON pointer."""
    for pointer, key in keys.items():
        output = _replaced(output, pointer.split("/")[1:], StoredAddress(STORED + key))
    return output


def _replaced(value: object, path: Sequence[str], address: StoredAddress) -> object:
    if not path:
        return address
    name = path[0].replace("~1", "/").replace("~0", "~")
    if isinstance(value, dict) and name in value:
        return value | {name: _replaced(value[name], path[1:], address)}
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        place = int(name)
        return [*value[:place], _replaced(value[place], path[1:], address), *value[place + 1 :]]
    return value


def output_address(output: object) -> str | None:
    """The address of the picture: the string itself; of a list, in its first entry that has one; of an object, in its only one.

    None: there is none, or an object names several, of which nobody knows which is the picture.
    """
    return _find(output, DEPTH_MAX)


def output_addresses(output: object) -> tuple[str, ...]:
    """The addresses of all pictures: of a list, those of all its entries that have one; of anything else, the only one.

    Empty: there is none, or an entry names several, of which nobody knows which is the picture.
    """
    if not isinstance(output, list):
        address = output_address(output)
        return () if address is None else (address,)
    found = [_find(entry, DEPTH_MAX - 1) for entry in output if _has_address(entry, DEPTH_MAX - 1)]
    return () if None in found else tuple(address for address in found if address is not None)


def _find(output: object, depth: int) -> str | None:
    match output:
        case StoredAddress():
            return output
        case str():
            usable = output.startswith(SCHEMES) and output.isascii() and output.isprintable()
            return output if usable else None
        case list():
            return next((_find(entry, depth - 1) for entry in output if _has_address(entry, depth - 1)), None)
        case dict():
            fields = [value for value in output.values() if _has_address(value, depth - 1)]
            return _find(fields[0], depth - 1) if len(fields) == 1 else None
        case _:
            return None


def _has_address(output: object, depth: int) -> bool:
    if depth < 0:
        return False
    if isinstance(output, str):
        return isinstance(output, StoredAddress) or output.startswith(SCHEMES)
    entries = output if isinstance(output, list) else list(output.values()) if isinstance(output, dict) else []
    return any(_has_address(entry, depth - 1) for entry in entries)
