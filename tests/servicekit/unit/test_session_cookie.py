"""Whose page a request comes from, by the browser's own word."""

import pytest
from darkroom_servicekit.session_cookie import comes_from_own_page, own_origin

OWN = "https://darkroom.example"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://darkroom.example/", OWN),
        ("https://darkroom.example:443/x", OWN),
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("http://[::1]:80", "http://[::1]"),
        ("ftp://darkroom.example", None),
        ("", None),
        (None, None),
    ],
)
def test_an_origin_is_written_as_browsers_do(url: str | None, origin: str | None) -> None:
    assert own_origin(url) == origin


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site", "origin": OWN}, False),
        ({"origin": OWN}, True),
        ({"origin": "http://darkroom.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_the_browsers_word_counts(headers: dict[str, str], own: bool) -> None:
    assert comes_from_own_page(headers, OWN) is own


def test_without_a_public_address_no_origin_is_ours() -> None:
    assert not comes_from_own_page({"origin": "null"}, None)
