"""Bodies of requests: the one way in which every route of every service reads one.

Bytes are bounded while they arrive. JSON is checked for type, syntax, depth, number of values and U+0000 before any rule of a
model looks at it, because pydantic builds an error for every broken rule. A route reads its body after it knows who is asking:
FastAPI's own body parameters are read before that, without bounds, and a test refuses them.
"""

import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from darkroom_servicekit.problems import (
    ERRORS_MAX,
    NUL,
    NUL_RULE,
    FieldError,
    Problem,
    field_errors,
    field_path,
    invalid,
    invalid_fields,
    printable,
)

BODY_BYTES_MAX = 1_048_576
VALUES_MAX = 10_000
"""Values in a body: entries of lists and fields of objects, at all depths. The largest good request has some 3,000."""
DEPTH_MAX = 20
"""Lists and objects inside one another."""

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[int | str, ...]


class TooManyValues(Problem):
    """`400` for more values than any route takes; names the list or object that holds most of them."""

    def __init__(self, place: Place, entries: int) -> None:
        self.field, self.entries = field_path(place), entries
        error = FieldError(field=self.field, rule=f"must not hold {entries} entries; a body may have {VALUES_MAX} at most")
        super().__init__(400, "Invalid input", f"{error.field}: {error.rule}", kind="/problems/invalid-input", errors=[error])


async def read_bytes(request: Request, *, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Return the body as it was sent. Raises Problem (413) as soon as it is too large."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > len(str(bytes_max)) or int(declared) > bytes_max):
        raise _too_large(bytes_max)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            raise _too_large(bytes_max)
    return bytes(body)


async def read_json_object(request: Request, *, counted_later: Collection[str] = ()) -> dict[str, Any]:
    """Return the body as a JSON object within all bounds.

    Lists in the fields `counted_later` are not looked into: the caller checks their length, then calls `check_bounds`.

    Raises Problem: 415 for another type, 413 for too many bytes, 400 for broken JSON; TooManyValues.
    """
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != "application/json" or not _is_utf8(parameters):
        raise Problem(415, "Not JSON", "Send the body as `Content-Type: application/json`.", kind="/problems/unsupported-type")
    return parse_object(await read_bytes(request), counted_later=counted_later)


async def read_body(request: Request, model: type[Model]) -> Model:
    """Return the body as a `model`. Raises Problem, as `read_json_object` does, and 400 that names each field and its rule."""
    return validated(model, await read_json_object(request))


def validated(model: type[Model], raw: dict[str, Any], *, context: object = None) -> Model:
    """Return an object that is within all bounds as a `model`. Raises Problem (400) that names each field and its rule."""
    try:
        return model.model_validate(raw, context=context)
    except ValidationError as error:
        raise invalid_fields(model_errors(error)) from error


def model_errors(error: ValidationError) -> list[FieldError]:
    """Return the first of a model's broken rules, in our words."""
    return field_errors(error.errors(include_url=False, include_context=False, include_input=False))


def parse_object(body: bytes, *, counted_later: Collection[str] = ()) -> dict[str, Any]:
    """Parse a JSON object and check its bounds. Pure. Raises Problem (400), TooManyValues."""
    with _no_garbage_collection():
        try:
            value = from_json(body, allow_inf_nan=False, cache_strings="none")  # names come once here; a cache only costs
        except ValueError as error:
            raise invalid("body", f"must be JSON: {printable(str(error))}") from error
        if not isinstance(value, dict):
            raise invalid("body", "must be a JSON object")
        check_bounds(value, counted_later=counted_later)
    return value


def check_bounds(body: dict[str, Any], *, counted_later: Collection[str] = ()) -> None:
    """Raise Problem (400) for a body that is too deep, holds too many values or holds U+0000. The walk itself is bounded too."""
    level: list[tuple[Place, Any]] = [((), body)]
    total, depth, with_nul = 0, 0, list[FieldError]()
    largest: tuple[Place, int] = ((), 0)
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise invalid(field_path(level[0][0][:1]), f"must not be nested more than {DEPTH_MAX} levels deep")
        inside: list[tuple[Place, Any]] = []
        for place, container in level:
            total += len(container)
            largest = max(largest, (place, len(container)), key=lambda one: one[1])
            if total > VALUES_MAX:
                raise TooManyValues(*largest)
            for name, value in container.items() if isinstance(container, dict) else enumerate(container):
                if isinstance(value, list) and depth == 1 and name in counted_later:
                    continue
                if isinstance(value, dict | list):
                    inside.append(((*place, name), value))
                if _has_nul(name) or _has_nul(value):
                    with_nul.append(FieldError(field=field_path((*place, name)), rule=NUL_RULE))
        level = inside
    if with_nul:
        raise invalid_fields(with_nul[:ERRORS_MAX])


def _has_nul(value: object) -> bool:
    return isinstance(value, str) and NUL in value


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A megabyte of small objects sets off full collections, which stop the process for longer than parsing it does."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _too_large(bytes_max: int) -> Problem:
    return Problem(413, "Too large", f"A body may have {bytes_max} bytes at most.", kind="/problems/too-large")


def _is_utf8(parameters: str) -> bool:
    """Return whether the type's parameters name no other encoding than JSON's own."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            return False
    return True
