"""The output terms of a catalogue row: what is read, and in which words a wrong row is refused."""

from typing import Any

import pytest
from darkroom_contracts.jobs import OutputTerms
from darkroom_jobs_api.catalogue.output_terms import InvalidOutputTerms, read_output_terms


@pytest.mark.parametrize(
    ("row", "terms"),
    [
        (None, None),
        ({}, OutputTerms()),
        ({"pointer": ""}, OutputTerms(pointer="")),
        ({"all": True}, OutputTerms(all=True)),
        ({"pointer": "/images/0/a~1b"}, OutputTerms(pointer="/images/0/a~1b")),
        ({"kinds": ["png", "webp"], "pixelsMax": 1}, OutputTerms(kinds=("png", "webp"), pixels_max=1)),
        ({"bytesMax": 25_000_000, "kinds": None}, OutputTerms(bytes_max=25_000_000)),
    ],
)
def test_a_good_row_is_read(row: Any, terms: OutputTerms | None) -> None:
    read = read_output_terms(row)
    assert read == terms
    assert read is None or type(read) is OutputTerms


@pytest.mark.parametrize(
    ("row", "errors"),
    [
        ({"bytesMax": 0}, ("output.bytesMax: Input should be greater than or equal to 1",)),
        ({"bytesMax": "5"}, ("output.bytesMax: Input should be a valid integer",)),
        ({"pixelsMax": True}, ("output.pixelsMax: Input should be a valid integer",)),
        ({"all": "yes"}, ("output.all: Input should be a valid boolean",)),
        ({"maxBytes": 5}, ("output.maxBytes: Extra inputs are not permitted",)),
        ({"bytes_max": 5}, ("output.bytes_max: Extra inputs are not permitted",)),
        ({"kinds": []}, ("output.kinds: Tuple should have at least 1 item after validation, not 0",)),
        (
            {"kinds": ["png", "bmp"]},
            ("output.kinds.1: Input should be 'jpg', 'png', 'webp', 'avif', 'heic', 'tiff' or 'gif'",),
        ),
        ({"pointer": "images"}, ("output.pointer: String should match pattern '^(/([^~/]|~[01])*)*$'",)),
        ({"pointer": "/" * 201}, ("output.pointer: String should have at most 200 characters",)),
        (["png"], ("output: Input should be an object",)),
        (
            {"pointer": 1, "pixelsMax": -1},
            (
                "output.pointer: Input should be a valid string",
                "output.pixelsMax: Input should be greater than or equal to 1",
            ),
        ),
    ],
)
def test_a_wrong_row_is_refused_with_each_field_and_its_rule(row: Any, errors: tuple[str, ...]) -> None:
    with pytest.raises(InvalidOutputTerms) as refused:
        read_output_terms(row)
    assert refused.value.errors == errors
