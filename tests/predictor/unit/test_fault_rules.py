"""Whose fault a refused input is, by the fields that the answer names."""

from collections.abc import Collection

import pytest
from darkroom_predictor.fault_rules import is_our_fault

CALLER = ("prompt", "image_input", "aspect_ratio")


@pytest.mark.parametrize(
    ("paths", "caller_fields", "ours"),
    [
        (("input.prompt",), CALLER, False),
        (("input.image_input.0",), CALLER, False),
        (("input.output_format",), CALLER, True),
        (("input.prompt", "input.output_format"), CALLER, True),
        (("input",), CALLER, True),
        (("webhook",), CALLER, True),
        (("version",), None, True),
        (("input.output_format",), None, False),
        ((), CALLER, False),
    ],
)
def test_a_field_that_no_caller_fills_is_ours(paths: tuple[str, ...], caller_fields: Collection[str] | None, ours: bool) -> None:
    assert is_our_fault(paths, caller_fields) == ours
