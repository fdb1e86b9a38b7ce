"""The output terms of a catalogue row, checked by the contract's own rules. Pure.

A row is written by a person, so it is read more strictly than an event: an unknown name or a number in quotes is an error.
"""

import json
from typing import Any

from darkroom_contracts.jobs import OutputTerms
from pydantic import ConfigDict, ValidationError


class InvalidOutputTerms(Exception):
    """The row's `output` breaks a rule. `errors` names each field and its rule, such as `output.bytesMax: Input should be …`."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


class _Row(OutputTerms):
    """The terms with the names that a row has, and no others."""

    model_config = ConfigDict(strict=True, extra="forbid", populate_by_name=False)


def read_output_terms(output: Any) -> OutputTerms | None:  # any JSON value
    """Return the terms of a row's `output`, None for a row without one. Raises InvalidOutputTerms."""
    if output is None:
        return None
    try:
        # From JSON text: only there does a strict model take a list for a tuple.
        row = _Row.model_validate_json(json.dumps(output))
    except ValidationError as error:
        raise InvalidOutputTerms(
            tuple(f"{'.'.join(map(str, ('output', *one['loc'])))}: {one['msg']}" for one in error.errors())
        ) from None
    return OutputTerms.model_validate(row.model_dump())
