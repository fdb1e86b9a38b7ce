"""The rules: when to poll, when to fetch again, what a provider's words mean."""

from datetime import UTC, datetime

import httpx
import pytest
from darkroom_contracts.items import RESULTS_MAX
from darkroom_contracts.jobs import OutputTerms
from darkroom_poller.data_address import read_data_address
from darkroom_poller.output_shapes import output_address, output_addresses, with_stored
from darkroom_poller.predictions import (
    TIMED_OUT,
    Failed,
    Finished,
    Missing,
    Pending,
    Progress,
    Succeeded,
    fetch_retry_seconds,
    first_poll_seconds,
    located,
    next_poll_seconds,
)
from darkroom_poller.providers.replicate import failure, pause_seconds, read_prediction
from darkroom_poller.result_keys import is_result_key, result_key, tenant_folder, thumbnail_key
from darkroom_servicekit.fetch import FetchFailed, TooLarge
from hypothesis import given
from hypothesis import strategies as st


def test_a_webhook_is_given_time_before_the_first_poll() -> None:
    assert first_poll_seconds(10, webhook_expected=True) == 18
    assert first_poll_seconds(10, webhook_expected=False) == 5
    assert first_poll_seconds(0.1, webhook_expected=False) == 0.5


def test_polls_back_off_to_half_a_minute() -> None:
    assert [next_poll_seconds(polls, 10, 0.5) for polls in range(1, 8)] == [2, 4, 8, 16, 30, 30, 30]
    assert [next_poll_seconds(polls, 60, 0.5) for polls in range(1, 4)] == [12, 24, 30]


def test_fetches_back_off_to_a_minute() -> None:
    assert [fetch_retry_seconds(attempts, 0.5) for attempts in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


@given(polls=st.integers(1, 10_000), jitter=st.floats(0, 1))
def test_jitter_stays_within_a_fifth(polls: int, jitter: float) -> None:
    plain = next_poll_seconds(polls, 10, 0.5)
    assert 0.79 * plain <= next_poll_seconds(polls, 10, jitter) <= 1.21 * plain


@pytest.mark.parametrize(
    ("output", "address"),
    [
        ("https://x/y.png", "https://x/y.png"),
        ("data:image/png;base64,AA==", "data:image/png;base64,AA=="),
        (["https://x/1", "https://x/2"], "https://x/1"),
        ([], None),
        ("", None),
        ("ftp://x", None),
        ("a text", None),
        ([["https://x"]], "https://x"),
        ({"url": "https://x"}, "https://x"),
        ([{"url": "https://x"}], "https://x"),
        ([{"url": "https://x"}, {"url": "https://y"}], "https://x"),
        ({"images": [{"url": "https://x", "width": 7}], "seed": 7}, "https://x"),
        ({"image": "https://x", "words": "a text"}, "https://x"),
        ([None, "https://x"], "https://x"),
        ({"image": "https://x", "mask": "https://y"}, None),
        ({"image": "https://x", "more": [{"mask": "https://y"}]}, None),
        ({"url": "https://x/\x00"}, None),
        ([[[[[[[[[["https://x"]]]]]]]]]], None),
        (1, None),
    ],
)
def test_the_picture_in_an_output(output: object, address: str | None) -> None:
    assert output_address(output) == address


@pytest.mark.parametrize(
    ("output", "addresses"),
    [
        (["https://x/1", "https://x/2"], ("https://x/1", "https://x/2")),
        ([{"url": "https://x/1"}, None, {"url": "https://x/2", "seed": 7}], ("https://x/1", "https://x/2")),
        ("https://x/1", ("https://x/1",)),
        ({"image": "https://x/1"}, ("https://x/1",)),
        ([], ()),
        (["a text"], ()),
        (["https://x/1", {"image": "https://x/2", "mask": "https://x/3"}], ()),
        (["https://x/1", "https://x/\x00"], ()),
    ],
)
def test_all_pictures_in_an_output(output: object, addresses: tuple[str, ...]) -> None:
    assert output_addresses(output) == addresses


def test_stored_parts_stand_where_their_pointers_say_and_a_pointer_to_nothing_changes_nothing() -> None:
    output = {"a/b": [None, {"~": None}], "words": "stored:x"}
    keys = {"/a~1b/1/~0": "k1", "/a~1b/7": "k2", "/nowhere/0": "k3", "/words/0": "k4"}
    assert with_stored(output, keys) == {"a/b": [None, {"~": "stored:k1"}], "words": "stored:x"}
    assert output_addresses(with_stored(output, keys)) == ("stored:k1",)
    assert output_address(output) is None
    assert with_stored(None, {"": "k"}) == "stored:k"


def test_of_a_long_list_so_many_pictures_are_taken_as_an_item_may_have() -> None:
    addresses = [f"https://x/{place}" for place in range(RESULTS_MAX + 5)]
    found = located(Finished(addresses), OutputTerms(all=True))
    assert isinstance(found, Succeeded)
    assert [found.output_address, *found.more_addresses] == addresses[:RESULTS_MAX]


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        ("flagged as sensitive. Please try again with different inputs. (E005) (aB3)", "moderation", False),
        ("Something (E005)", "moderation", False),
        ("The model stopped: finishReason IMAGE_SAFETY", "moderation", False),
        ("blockReason: PROHIBITED_CONTENT", "moderation", False),
        ("No image, IMAGE_PROHIBITED_CONTENT", "moderation", False),
        ("NSFW content detected. Try running it again, or try a different prompt.", "moderation", False),
        ("This request violates our content policy", "moderation", False),
        ("blocked by BLOCKLIST", "moderation", False),
        ("It contains prohibited content.", "moderation", False),
        ("The input was invalid: not a picture (E006)", "bad-input", False),
        ("Director: unexpected error handling prediction (E1000)", "provider-error", True),
        ("out of memory (E1001)", "provider-error", True),
        ("Director: timed out starting the prediction (E6716)", "provider-error", True),
        ("Director: health check failed (E8765)", "provider-error", True),
        ("Director: error starting the prediction (E9243)", "provider-error", True),
        ("E0051 is another code", "provider-error", True),
        ("", "provider-error", True),
    ],
)
def test_a_providers_error_in_our_words(error: str, code: str, retryable: bool) -> None:
    said = failure(error)
    assert (said.code, said.retryable) == (code, retryable)
    assert said.message.startswith("The studio")
    assert said.message.endswith(".")


@pytest.mark.parametrize(
    ("prediction", "progress"),
    [
        ({"status": "starting"}, Pending("starting")),
        ({"status": "processing", "output": None}, Pending("processing")),
        ({"status": "successful"}, Pending("successful", known=False)),
        ({}, Pending("None", known=False)),
        ({"status": "succeeded", "output": "https://x/y"}, Finished("https://x/y")),
        ({"status": "succeeded", "output": ["https://x/y"], "metrics": {"predict_time": 3}}, Finished(["https://x/y"], 3.0)),
        ({"status": "succeeded", "output": "https://x/y", "metrics": "?"}, Finished("https://x/y")),
        ({"status": "succeeded", "output": "https://x/y", "metrics": {"predict_time": 10**400}}, Finished("https://x/y")),
        ({"status": "succeeded", "output": None}, Missing("output")),
        ({"status": "succeeded", "output": None, "data_removed": True}, Missing("output")),
        ({"status": "succeeded", "output": 7}, Finished(7)),
        ({"status": "canceled"}, TIMED_OUT),
        ({"status": "aborted"}, TIMED_OUT),
        ({"status": "failed", "error": "(E005)"}, failure("(E005)")),
    ],
)
def test_what_a_prediction_object_says(prediction: dict[str, object], progress: Progress) -> None:
    assert read_prediction(prediction) == progress


TWO = {"image": "https://x/1", "mask": ["https://x/2", "https://x/3"]}


@pytest.mark.parametrize(
    ("output", "pointer", "address"),
    [
        ("https://x/y", None, "https://x/y"),
        (["https://x/y"], "", "https://x/y"),
        (TWO, "/image", "https://x/1"),
        (TWO, "/mask", "https://x/2"),
        (TWO, "/mask/1", "https://x/3"),
        ({"a": TWO, "b": {"url": "https://x/4", "seed": 7}}, "/b", "https://x/4"),
    ],
)
def test_where_the_picture_stands(output: object, pointer: str | None, address: str) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert located(Finished(output, 3.0, at), OutputTerms(pointer=pointer)) == Succeeded(address, 3.0, at)


@pytest.mark.parametrize(
    ("output", "terms", "detail"),
    [
        (TWO, None, "no single address in the output: {"),
        ("https://x/\x00", None, "no single address in the output: "),
        ("https://x/\ud800", OutputTerms(), "no single address in the output: "),
        (TWO, OutputTerms(pointer=""), 'no single picture address at the pointer "" in the output: {'),
        (TWO, OutputTerms(pointer="/picture"), 'no single picture address at the pointer "/picture" in the output: {'),
        (TWO, OutputTerms(pointer="/mask/2"), 'no single picture address at the pointer "/mask/2" in the output: {'),
        ({"image": 7}, OutputTerms(pointer="/image"), 'no single picture address at the pointer "/image" in the output: {'),
    ],
)
def test_an_output_of_which_nobody_knows_the_picture_is_kept_for_operators(
    output: object, terms: OutputTerms | None, detail: str
) -> None:
    said = located(Finished(output), terms)
    assert isinstance(said, Failed)
    assert (said.code, said.fault) == ("output-unusable", "platform")
    assert (said.detail or "").startswith(detail)
    assert "pointer" not in said.message


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, "", 7),
        ({}, '{"retry_after": 12}', 12),
        ({}, '{"detail": "Request was throttled. Your rate limit resets in ~30s."}', 30),
        ({"retry-after": "3"}, '{"retry_after": 12}', 3),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, "[]", 10),
        ({}, "{", 10),
        ({"retry-after": "99999"}, "", 120),
    ],
)
def test_how_long_a_429_asks_us_to_wait(headers: dict[str, str], body: str, seconds: float) -> None:
    assert pause_seconds(httpx.Response(429, headers=headers, text=body)) == seconds


def test_a_data_address_is_read_within_its_limit() -> None:
    assert read_data_address("data:image/png;base64,aGVsbG8=", bytes_max=5) == b"hello"
    assert read_data_address("data:;base64,", bytes_max=5) == b""
    with pytest.raises(TooLarge):
        read_data_address("data:image/png;base64," + "AAAA" * 10, bytes_max=20)
    for broken in (
        "data:image/png,hello",
        "data:image/png;base64,a",
        "data:image/png;base64,a*==",
        "data:" + "a" * 300 + ";base64,AA==",
    ):
        with pytest.raises(FetchFailed) as failed:
            read_data_address(broken, bytes_max=20)
        assert not failed.value.retryable


def test_result_names_are_stable_per_tenant_and_tell_nothing() -> None:
    folder = tenant_folder("shop-1", media_secret="a" * 16)
    assert folder == tenant_folder("shop-1", media_secret="a" * 16)
    assert folder != tenant_folder("shop-2", media_secret="a" * 16)
    assert folder != tenant_folder("shop-1", media_secret="b" * 16)
    assert len(folder) == 20
    for key in (result_key(folder, "0" * 64, "png"), thumbnail_key(folder, "0" * 64)):
        assert is_result_key(key)
        assert not is_result_key(key + "\n")
        assert not is_result_key("/" + key)
