"""What a creation asks for, read from body and headers and checked as strictly as the vendor checks.

Unknown body keys are refused; every broken rule of a request is told at once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from darkroom_sandbox.replicate.models.model import Model
from darkroom_sandbox.replicate.models.registry import MODELS
from darkroom_sandbox.replicate.prediction import EVENTS
from darkroom_sandbox.replicate.problems import InvalidField, Problem, invalid_input, invalid_version, not_found

BODY_KEYS = frozenset({"input", "webhook", "webhook_events_filter", "webhook_completed", "stream"})
WAIT_DEFAULT_SECONDS = 60
WAIT_MAX_SECONDS = 60
CANCEL_AFTER_MIN_SECONDS = 5
CANCEL_AFTER_MAX_SECONDS = 24 * 3_600
DATA_ADDRESS_SHOWN = 64
"""Characters of a `data:` address that are echoed and recorded; the rest is only counted."""
DATA_ADDRESS_LONG = 512

_WAIT = re.compile(r"wait(?:\s*=\s*(\d{1,3}))?$")
_CANCEL_AFTER = re.compile(r"(?=\d)(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s?)?$")


@dataclass(slots=True)
class CreateRequest:
    """A creation that may go ahead."""

    model: Model
    input: dict[str, Any]
    input_json: bytes
    """The input as it is echoed and recorded: long `data:` addresses shortened."""
    webhook: str | None
    events: tuple[str, ...] | None
    cancel_after_seconds: int | None


def read_create_request(
    body: bytes, *, model_ref: str | None, cancel_after: str | None, reject_unknown_input: bool = True
) -> CreateRequest:
    """Reads a creation for `model_ref` (None: the body's `version` names the model). Raises the vendor's problems."""
    fields = _json_object(body)
    found = _body_faults(fields, needs_version=model_ref is None)
    if found:
        raise invalid_input(found)
    model = MODELS.get(model_ref) if model_ref is not None else MODELS.get(fields["version"])
    if model is None:
        raise not_found() if model_ref is not None else invalid_version()
    given: dict[str, Any] = fields["input"]
    found = model.faults(given, reject_unknown=reject_unknown_input)
    if found:
        raise invalid_input(found)
    webhook, events = fields.get("webhook"), fields.get("webhook_events_filter")
    if webhook is None and fields.get("webhook_completed"):
        webhook, events = fields["webhook_completed"], ["completed"]
    return CreateRequest(
        model=model,
        input=given,
        input_json=_echo(given),
        webhook=webhook or None,
        events=tuple(events) if events else None,
        cancel_after_seconds=_cancel_after_seconds(cancel_after),
    )


def wait_seconds(prefer: str | None) -> int | None:
    """Seconds of `Prefer: wait[=n]`, None when there is no such (valid) preference: preferences are advisory."""
    for preference in (prefer or "").split(","):
        match = _WAIT.match(preference.strip())
        if match:
            seconds = int(match[1]) if match[1] else WAIT_DEFAULT_SECONDS
            return min(seconds, WAIT_MAX_SECONDS) or None
    return None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except ValueError:
        raise Problem(400, "The request body is not valid JSON", title="Bad request") from None
    if not isinstance(fields, dict):
        raise invalid_input([InvalidField("invalid_type", "", "Invalid type. Expected: object")])
    return fields


def _body_faults(fields: Mapping[str, Any], *, needs_version: bool) -> list[InvalidField]:
    found = []
    if needs_version and not isinstance(fields.get("version"), str):
        found.append(InvalidField("required", "", "version is required"))
    if "input" not in fields:
        found.append(InvalidField("required", "", "input is required"))
    elif not isinstance(fields["input"], dict):
        found.append(InvalidField("invalid_type", "input", "Invalid type. Expected: object"))
    allowed = BODY_KEYS | {"version"} if needs_version else BODY_KEYS
    found += [
        InvalidField("additional_property_not_allowed", "", f"Additional property {name} is not allowed")
        for name in fields
        if name not in allowed
    ]
    for name in ("webhook", "webhook_completed"):
        address = fields.get(name)
        if address is not None and not (isinstance(address, str) and address.startswith(("http://", "https://"))):
            found.append(InvalidField("format", name, "Does not match format 'uri'"))
    events = fields.get("webhook_events_filter")
    if events is not None and not (isinstance(events, list) and all(isinstance(e, str) and e in EVENTS for e in events)):
        found.append(InvalidField("enum", "webhook_events_filter", f"must be of {', '.join(sorted(EVENTS))}"))
    return found


def _cancel_after_seconds(header: str | None) -> int | None:
    if header is None:
        return None
    match = _CANCEL_AFTER.match(header.strip())
    seconds = sum(int(n or 0) * unit for n, unit in zip(match.groups(), (3_600, 60, 1), strict=True)) if match else 0
    if not CANCEL_AFTER_MIN_SECONDS <= seconds <= CANCEL_AFTER_MAX_SECONDS:
        raise invalid_input([InvalidField("format", "Cancel-After", "must be a duration from 5s to 24h")])
    return seconds


def _echo(given: Mapping[str, Any]) -> bytes:
    return json.dumps(_shortened(given), separators=(",", ":")).encode()


def _shortened(value: Any) -> Any:  # Any: JSON as the client sent it
    if isinstance(value, str):
        if len(value) > DATA_ADDRESS_LONG and value.startswith("data:"):
            return f"{value[:DATA_ADDRESS_SHOWN]}…({len(value)} characters)"
        return value
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    return value
