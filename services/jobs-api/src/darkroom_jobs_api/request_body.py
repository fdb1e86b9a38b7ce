"""JSON bodies as they come in: type, size and syntax are checked before anything else looks at them."""

from typing import Any

from darkroom_servicekit.problems import FieldError, Problem, invalid
from fastapi import Request
from pydantic import ValidationError
from pydantic_core import from_json

BODY_BYTES_MAX = 1_048_576
ERRORS_MAX = 100
"""How many broken rules an answer names at most."""

RULES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be a text",
    "string_unicode": "must be valid Unicode",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
"""pydantic's kinds of error in our words; the rest in its own."""

NUL = "\x00"
NUL_RULE = "must not contain the character U+0000"


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises Problem: 415 for another type, 413 for too many bytes, 400 for broken JSON."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != "application/json" or not _is_utf8(parameters):
        raise Problem(415, "Not JSON", "Send the body as `Content-Type: application/json`.", kind="/problems/unsupported-type")
    body = await _bounded(request)
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise invalid("body", f"must be JSON: {_printable(str(error))}") from error
    if not isinstance(value, dict):
        raise invalid("body", "must be a JSON object")
    return value


def field_errors(error: ValidationError) -> list[FieldError]:
    """pydantic's errors, each as the field's path and the rule in words."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [FieldError(field=_path(one["loc"]), rule=_rule(one["type"], one["msg"])) for one in found[:ERRORS_MAX]]


async def _bounded(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > BODY_BYTES_MAX:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise _too_large()
    return bytes(body)


def _too_large() -> Problem:
    return Problem(413, "Too large", f"A body may have {BODY_BYTES_MAX} bytes at most.", kind="/problems/too-large")


def _is_utf8(parameters: str) -> bool:
    """Whether the type's parameters name no other encoding than JSON's own."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            return False
    return True


def _path(place: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return _printable(text) or "body"


def _rule(kind: str, message: str) -> str:
    return RULES.get(kind) or _printable(message.removeprefix("Value error, "))


def _printable(text: str) -> str:
    """Text that can stand in an answer whatever a caller sent."""
    return text.replace(NUL, "\\u0000").encode("utf-8", "backslashreplace").decode()[:300]
