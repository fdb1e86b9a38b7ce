"""What is read from headers, parameters and catalogue rows."""

import pytest
from darkroom_jobs_api.catalogue.product import Option, caller_fields, provider_input, template_names
from darkroom_jobs_api.jobs.paging import Page, cursor_of, read_page
from darkroom_jobs_api.jobs.prefer import parse_prefer
from darkroom_jobs_api.quotes.quote import CreditPrice, Quote, TopUp, cheapest_top_up, quote
from darkroom_servicekit.idempotency_key import parse_key
from darkroom_servicekit.problems import FieldError
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("headers", "seconds", "applied_sync", "applied_async"),
    [
        ([], 2, None, None),
        (["respond-async"], 0, None, "respond-async"),
        (["wait=5"], 5, "wait=5", "wait=5"),
        (["wait=0"], 0, "wait=0", "wait=0"),
        (["wait=99"], 10, "wait=10", "wait=10"),
        (["wait=99999999999999999999"], 10, "wait=10", "wait=10"),
        (["Wait = 3"], 3, "wait=3", "wait=3"),
        (['wait="4"'], 4, "wait=4", "wait=4"),
        (["respond-async, wait=7"], 7, "wait=7", "wait=7, respond-async"),
        (["respond-async", "wait=7"], 7, "wait=7", "wait=7, respond-async"),
        (["respond-async; foo=bar"], 0, None, "respond-async"),
        (["wait=3, wait=9"], 3, "wait=3", "wait=3"),
        (["wait=-1"], 2, None, None),
        (["wait=soon"], 2, None, None),
        (["wait"], 2, None, None),
        (["wait=²"], 2, None, None),
        (["return=minimal"], 2, None, None),
    ],
)
def test_prefer(headers: list[str], seconds: int, applied_sync: str | None, applied_async: str | None) -> None:
    preference = parse_prefer(headers)
    assert preference.wait_seconds == seconds
    assert preference.applied(answered_async=False) == applied_sync
    assert preference.applied(answered_async=True) == applied_async


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (None, None),
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"a \\"b\\" \\\\ c"', 'a "b" \\ c'),
        (' "a" ', "a"),
        ("k" * 255, "k" * 255),
    ],
)
def test_an_idempotency_key_is_a_string_or_a_token(header: str | None, key: str | None) -> None:
    assert parse_key(header) == key


@pytest.mark.parametrize("header", ["", '""', '"', '"a', 'a"', '"a\\x"', "a b", "a,b", "k" * 256, '"\x7f"', '"é"'])
def test_what_is_no_idempotency_key_is_refused(header: str) -> None:
    assert isinstance(parse_key(header), FieldError)


@given(st.integers(1, 2**63 - 1))
def test_a_cursor_comes_back_as_it_went(before: int) -> None:
    cursor = cursor_of(before)
    assert cursor is not None
    assert str(before) not in cursor
    page = read_page(None, None, cursor)
    assert isinstance(page, Page)
    assert page.before == before


@given(st.text(max_size=40))
def test_no_text_as_a_cursor_does_harm(text: str) -> None:
    page = read_page(None, None, text)
    assert isinstance(page, list) or cursor_of(page.before) is not None


def test_all_wrong_parameters_are_named_at_once() -> None:
    page = read_page("OPEN", "0", "x")
    assert isinstance(page, list)
    assert [error.field for error in page] == ["status", "limit", "cursor"]


def test_the_providers_input_is_the_rows_template_filled() -> None:
    template = {"prompt": "$prompt", "image_input": ["$imageUrl"], "n": 1, "deep": {"format": "$outputFormat"}, "fixed": "jpg"}
    values = {"prompt": "$imageUrl, please", "imageUrl": "https://a/b.jpg", "outputFormat": "png"}
    assert provider_input(template, values) == {
        "prompt": "$imageUrl, please",  # what a caller writes is not filled again
        "image_input": ["https://a/b.jpg"],
        "n": 1,
        "deep": {"format": "png"},
        "fixed": "jpg",
    }
    with pytest.raises(KeyError):
        provider_input({"a": "$unknown"}, values)


def test_an_options_default_must_be_allowed() -> None:
    with pytest.raises(ValueError):
        Option(("a", "b"), "c")


def test_a_quote_never_shows_a_negative_balance() -> None:
    assert quote(price_credits=15, items=10, available=200) == Quote(150, 50, 0)
    assert quote(price_credits=15, items=10, available=150) == Quote(150, 0, 0)
    assert quote(price_credits=15, items=10, available=149) == Quote(150, 0, 1)


@pytest.mark.parametrize(
    ("missing", "found"),
    [(0, None), (1, TopUp(50, 51, "EUR")), (51, TopUp(51, 52, "EUR")), (1000, TopUp(1000, 1005, "EUR")), (1001, None)],
)
def test_the_cheapest_top_up_covers_what_is_missing_or_there_is_none(missing: int, found: TopUp | None) -> None:
    price = CreditPrice(currency="EUR", minor_per_thousand=1005, credits_min=50, credits_max=1000)
    assert cheapest_top_up(missing, price) == found
    assert cheapest_top_up(missing, None) is None


def test_the_callers_fields_are_those_with_a_name_in_their_template() -> None:
    template = {
        "prompt": "$prompt",
        "image_input": ["$imageUrl"],
        "output_format": "jpg",
        "size": {"ratio": "$aspectRatio"},
        "n": 1,
    }
    assert caller_fields(template) == ("prompt", "image_input", "size")


def test_all_names_of_a_template_are_found_wherever_they_stand() -> None:
    template = {"a": "$prompt", "b": ["$imageUrl", {"c": "$seed"}], "d": 7, "e": "no $name", "f": None}
    assert template_names(template) == {"prompt", "imageUrl", "seed"}
