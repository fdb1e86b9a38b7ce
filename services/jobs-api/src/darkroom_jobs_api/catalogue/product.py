"""What a product is: data that the engine carries without knowing it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from darkroom_contracts.jobs import OutputTerms

from darkroom_jobs_api.catalogue.output_terms import InvalidOutputTerms, read_output_terms

ITEM_NAMES = frozenset({"prompt", "imageUrl"})
"""What each item fills in the template by itself."""


@dataclass(frozen=True)
class Option:
    """A choice that the caller has: the values allowed and the one taken when none is sent. Raises ValueError."""

    allowed: tuple[str, ...]
    default: str

    def __post_init__(self) -> None:
        if self.default not in self.allowed:
            raise ValueError(f"default {self.default!r} is not among the allowed")


@dataclass(frozen=True, kw_only=True)
class Product:
    """A catalogue row with the price that is valid now."""

    name: str
    provider: str
    model: str
    input: Mapping[str, Any]
    options: Mapping[str, Option]
    images_max: int
    prompt_characters_max: int
    attempts_max: int
    backoff_seconds: tuple[float, ...]
    failed_items_refunded: bool
    expected_seconds: float
    cancel_after_seconds: int
    price_version: int
    price_credits: int
    output: Any = None  # the row's JSON, which may be wrong

    def chosen(self, options: Mapping[str, str]) -> dict[str, str]:
        """Every option's value: the caller's, else the default."""
        return {name: options.get(name, option.default) for name, option in self.options.items()}

    def still_allowed(self, options: Mapping[str, str]) -> dict[str, str]:
        """Return those choices of an earlier job that the row allows today."""
        return {name: value for name, value in options.items() if name in self.options and value in self.options[name].allowed}

    def idle_options(self) -> set[str]:
        """Return the options that offer a choice which changes nothing in the provider's input: not empty if the row is wrong."""
        used = template_names(self.input)
        return {name for name, option in self.options.items() if len(option.allowed) > 1 and name not in used}

    def unfilled(self) -> set[str]:
        """The names in the input template that neither an option nor an item fills: not empty if the row is wrong."""
        return template_names(self.input) - self.options.keys() - ITEM_NAMES

    def output_terms(self) -> OutputTerms | None:
        """Return what the row says of the provider's output. Raises InvalidOutputTerms."""
        return read_output_terms(self.output)

    def output_errors(self) -> tuple[str, ...]:
        """Return what is wrong with the row's output terms, each with the field and the rule: not empty if the row is wrong."""
        try:
            self.output_terms()
        except InvalidOutputTerms as invalid:
            return invalid.errors
        return ()


def provider_input(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The provider's input: `template` with each string `$name` replaced by its value; all else stays as it is.

    Raises KeyError for a name without a value: the row is wrong then, and no caller can mend it.
    """
    return {name: _filled(part, values) for name, part in template.items()}


def caller_fields(template: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys of the input that a caller's request fills, wholly or in part; the others are constants of the row."""
    return tuple(name for name, part in template.items() if template_names(part))


def template_names(part: Any) -> set[str]:  # any JSON value
    """All names `$name` that stand in a template."""
    match part:
        case str() if part.startswith("$"):
            return {part[1:]}
        case list():
            return {name for one in part for name in template_names(one)}
        case Mapping():
            return {name for one in part.values() for name in template_names(one)}
        case _:
            return set()


def _filled(part: Any, values: Mapping[str, str]) -> Any:  # any JSON value
    match part:
        case str() if part.startswith("$"):
            return values[part[1:]]
        case list():
            return [_filled(one, values) for one in part]
        case dict():
            return {name: _filled(one, values) for name, one in part.items()}
        case _:
            return part
