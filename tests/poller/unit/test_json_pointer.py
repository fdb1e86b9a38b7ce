"""JSON pointers: the examples of RFC 6901, section 5, and what its section 4 says finds nothing."""

import pytest
from darkroom_poller.json_pointer import PointsNowhere, pointed_at

EXAMPLE = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}
"""The document of section 5."""


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", EXAMPLE),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_the_rfc(pointer: str, value: object) -> None:
    assert pointed_at(EXAMPLE, pointer) == value


def test_escapes_are_read_in_the_order_of_the_rfc() -> None:
    assert pointed_at({"~1": "tilde, then one", "/": "slash"}, "/~01") == "tilde, then one"


@pytest.mark.parametrize(
    "pointer",
    [
        "/absent",
        "/foo/2",
        "/foo/-",
        "/foo/00",
        "/foo/01",
        "/foo/-1",
        "/foo/+1",
        "/foo/1_0",
        "/foo/²",
        "/foo/",
        "/foo/0/0",
        "/a~1b/0",
    ],
)
def test_what_finds_nothing(pointer: str) -> None:
    with pytest.raises(PointsNowhere):
        pointed_at(EXAMPLE, pointer)


def test_digits_are_names_in_an_object() -> None:
    assert pointed_at({"01": {"-": "here"}}, "/01/-") == "here"


def test_a_null_is_found() -> None:
    assert pointed_at({"image": None}, "/image") is None
