"""The sandbox' pure rules, with values worked out by hand."""

import base64
import hashlib
import hmac

import pytest
from darkroom_sandbox.call_log import CallLog, max_in_window
from darkroom_sandbox.pictures.wishes import COLOURS, read_wishes
from darkroom_sandbox.replicate.create_request import read_create_request, wait_seconds
from darkroom_sandbox.replicate.limits import RollingLimits
from darkroom_sandbox.replicate.prediction import timestamp
from darkroom_sandbox.replicate.problems import Problem
from darkroom_sandbox.replicate.signature import secret_of, signed_headers
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("times", "window", "most"),
    [
        ([], 60, 0),
        ([0.0, 59.999, 60.0], 60, 2),  # 0 and 60 are one window apart
        ([0.0, 30.0, 59.9], 60, 3),
        ([5.0, 1.0, 1.0, 9.0], 4, 2),  # the two at 1; 5 is exactly 4 later
    ],
)
def test_the_most_in_a_window(times: list[float], window: float, most: int) -> None:
    assert max_in_window(times, window) == most


@given(st.lists(st.integers(0, 500)), st.integers(1, 100))
def test_the_most_in_a_window_is_that_of_counting_every_window(times: list[int], window: int) -> None:
    counted = max((sum(start <= at < start + window for at in times) for start in times), default=0)
    assert max_in_window([float(at) for at in times], window) == counted


def test_the_log_keeps_the_newest_and_never_numbers_twice() -> None:
    log = CallLog(kept=3)
    for at in range(5):
        log.add(at=at, vendor="replicate", kind="create", account="a")
    assert [call.seq for call in log.find(vendor=None, kind=None, account=None)] == [3, 4, 5]
    log.clear()
    assert log.add(at=9, vendor="replicate", kind="get", account="a").seq == 6


@given(st.lists(st.floats(0, 300), max_size=80).map(sorted), st.integers(1, 10))
def test_no_minute_has_more_accepted_than_the_limit(arrivals: list[float], limit: int) -> None:
    limits, accepted = RollingLimits(), []
    for at in arrivals:
        try:
            limits.take("a", creation=True, at=at, creations_per_minute=limit)
            accepted.append(at)
        except Problem:
            pass
    assert max_in_window(accepted, 60) <= limit


def test_a_place_is_free_again_after_the_wait_that_was_told() -> None:
    limits = RollingLimits()
    limits.take("a", creation=True, at=100.0, creations_per_minute=1)
    with pytest.raises(Problem) as refused:
        limits.take("a", creation=True, at=130.5, creations_per_minute=1)
    assert refused.value.response().headers["retry-after"] == "30"
    limits.take("b", creation=True, at=130.5, creations_per_minute=1)
    limits.take("a", creation=True, at=160.0, creations_per_minute=1)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1763700000.5, "2025-11-21T04:40:00.5Z"),
        (1763700000.123456, "2025-11-21T04:40:00.123456Z"),
        (1763699999.9999999, "2025-11-21T04:40:00Z"),
    ],
)
def test_times_are_written_as_wide_as_needed(at: float, text: str) -> None:
    assert timestamp(at) == text


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [(None, None), ("wait", 60), ("wait=5", 5), ("respond-async, wait=10", 10),
     ("wait=99", 60), ("wait=0", None), ("waiting", None)],
)  # fmt: skip
def test_the_wait_preference(prefer: str | None, seconds: int | None) -> None:
    assert wait_seconds(prefer) == seconds


@pytest.mark.parametrize(("header", "seconds"), [("5", 5), ("90s", 90), ("1m30s", 90), ("1h30m45s", 5_445), ("24h", 86_400)])
def test_the_deadline_header(header: str, seconds: int) -> None:
    body = b'{"input":{"prompt":"x"}}'
    asked = read_create_request(body, model_ref="google/nano-banana", cancel_after=header)
    assert asked.cancel_after_seconds == seconds


def test_the_signature_is_that_of_the_standard() -> None:
    headers = signed_headers("aaaa", webhook_id="msg_1", at=1_763_700_000.9, body=b'{"id":1}')
    key = base64.b64decode(secret_of("aaaa").removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, b'msg_1.1763700000.{"id":1}', hashlib.sha256).digest()).decode()
    assert headers["webhook-timestamp"] == "1763700000"
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert 24 <= len(key) <= 64
    assert secret_of("aaaa") != secret_of("bbbb")


@pytest.mark.parametrize(
    ("prompt", "colour"),
    [
        ("Put it on a pure white background", "white"),
        ("studio shot on beige, soft shadow", "beige"),
        ("black background", "black"),
        ("place on a plain light grey surface", "grey"),
        ("make it nicer", "white"),
        ("a blue mug, crisp", "white"),
    ],
)
def test_the_background_asked_for(prompt: str, colour: str) -> None:
    assert read_wishes(prompt).background == COLOURS[colour]


def test_light_frame_and_shadow_asked_for() -> None:
    wishes = read_wishes("Brighter and warmer, square crop, no shadow")
    assert (wishes.brightness, wishes.warmth, wishes.square, wishes.shadow) == (1, 1, True, 0)
    assert not read_wishes("keep the background, darker").cut_out
