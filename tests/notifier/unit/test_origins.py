"""Which pages may open a socket."""

import pytest
from darkroom_notifier.origins import allowed_origins, may_connect, origin_of

OURS = allowed_origins("https://darkroom.example/app", "http://localhost:3000, https://shop.example:8443/")


@pytest.mark.parametrize(
    "origin",
    [
        "https://darkroom.example",
        "https://darkroom.example:443",
        "HTTPS://Darkroom.Example",
        "http://localhost:3000",
        "https://shop.example:8443",
    ],
)
def test_ours(origin: str) -> None:
    assert may_connect([origin], OURS)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://darkroom.example",
        "https://darkroom.example:8443",
        "https://darkroom.example.evil.example",
        "https://evil.example/https://darkroom.example",
        "https://darkroom.example@evil.example",
        "http://localhost:3001",
        "null",
        "",
        "file://",
        "https://[",
        "https://darkroom.example:99999",
    ],
)
def test_foreign(origin: str) -> None:
    assert not may_connect([origin], OURS)


def test_no_browser_no_origin() -> None:
    assert may_connect([], OURS)
    assert may_connect([], frozenset())


def test_one_foreign_origin_among_several_is_enough() -> None:
    assert not may_connect(["https://darkroom.example", "https://evil.example"], OURS)


def test_a_setting_that_is_no_origin_is_told() -> None:
    with pytest.raises(ValueError, match=r"shop\.example"):
        allowed_origins(None, "shop.example")


def test_an_ipv6_address_keeps_its_brackets() -> None:
    assert origin_of("http://[::1]:8080/x") == "http://[::1]:8080"
