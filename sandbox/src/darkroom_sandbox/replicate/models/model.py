"""What a hosted model is, as data: its name and the fields its input may have; checked as the vendor checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from darkroom_sandbox.replicate.problems import InvalidField


@dataclass(frozen=True, slots=True)
class InputField:
    """One field of a model's input."""

    kind: Literal["string", "addresses"]
    required: bool = False
    choices: tuple[str, ...] = ()

    def faults(self, path: str, value: object) -> list[InvalidField]:
        """What is wrong with the value, in the vendor's words."""
        if self.kind == "addresses":
            return _address_faults(path, value)
        if not isinstance(value, str):
            return [InvalidField("invalid_type", path, f"Invalid type. Expected: string, given: {_kind(value)}")]
        if self.choices and value not in self.choices:
            listed = ", ".join(f'"{choice}"' for choice in self.choices)
            return [InvalidField("enum", path, f"{path} must be one of the following: {listed}")]
        return []


@dataclass(frozen=True, slots=True)
class Model:
    """An official model: callable by `owner/name` alone, its versions hidden."""

    owner: str
    name: str
    description: str
    fields: Mapping[str, InputField]
    picture_field: str
    """The field that holds the address of the picture to work on (a list: its first)."""

    @property
    def ref(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    def faults(self, given: Mapping[str, Any], *, reject_unknown: bool) -> list[InvalidField]:
        """Every rule the input breaks; a field that the model does not know breaks one only where that is asked for."""
        found = [
            InvalidField("required", "input", f"{name} is required")
            for name, field in self.fields.items()
            if field.required and name not in given
        ]
        for name, value in given.items():
            field = self.fields.get(name)
            if field is not None:
                found += field.faults(f"input.{name}", value)
            elif reject_unknown:
                found.append(
                    InvalidField("additional_property_not_allowed", "input", f"Additional property {name} is not allowed")
                )
        return found

    def picture_address(self, given: Mapping[str, Any]) -> str | None:
        """Where the picture to work on is, or None when none was given."""
        value = given.get(self.picture_field)
        if isinstance(value, list):
            value = value[0] if value else None
        return value if isinstance(value, str) else None


def _address_faults(path: str, value: object) -> list[InvalidField]:
    if not isinstance(value, list):
        return [InvalidField("invalid_type", path, f"Invalid type. Expected: array, given: {_kind(value)}")]
    return [
        InvalidField("format", f"{path}.{place}", "Does not match format 'uri'")
        for place, address in enumerate(value)
        if not (isinstance(address, str) and address.startswith(("http://", "https://", "data:")))
    ]


def _kind(value: object) -> str:
    """JSON's name for a value's type."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
