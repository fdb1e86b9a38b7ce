"""What Replicate's answers to a creation mean. Bodies as the vendor documents and as they were seen."""

import json
from typing import Any

import pytest
from darkroom_predictor.providers.door import Accepted, Outcome, Refusal, Refused, Unanswered
from darkroom_predictor.providers.http_calls import Answer
from darkroom_predictor.providers.replicate import read_answer


def answered(status: int, body: Any = None, **headers: str) -> Outcome:
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return read_answer(Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content))


@pytest.mark.parametrize("status", [201, 202])
def test_created(status: int) -> None:
    body = {"id": "abc", "status": "starting", "output": None}
    assert answered(status, body) == Accepted(prediction_id="abc", output=None)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"detail":"no id"}'])
def test_a_created_that_cannot_be_read_may_have_been_made(body: bytes) -> None:
    assert isinstance(answered(201, body), Unanswered)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry_after": "7"}, {"retry_after": 3}, 7.0),
        ({}, {"detail": "Request was throttled.", "status": 429, "retry_after": 3}, 3.0),
        ({}, {"detail": "Request was throttled. Your rate limit resets in ~30s."}, 30.0),
        ({}, {"detail": "Request was throttled. Expected available in 1 second."}, 1.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, {"retry_after": 4}, 4.0),
        ({}, {"detail": "slow down"}, None),
        ({}, b"not json", None),
    ],
)
def test_a_429_says_how_long_in_one_of_three_places(headers: dict[str, str], body: Any, seconds: float | None) -> None:
    outcome = answered(429, body, **headers)
    assert isinstance(outcome, Refused)
    assert (outcome.refusal, outcome.retry_after_seconds) == (Refusal.THROTTLED, seconds)


@pytest.mark.parametrize(("status", "refusal"), [(401, Refusal.ACCOUNT), (403, Refusal.MODEL_FORBIDDEN)])
def test_a_401_is_about_the_account_and_a_403_about_the_model(status: int, refusal: Refusal) -> None:
    outcome = answered(status, {"title": "Not allowed", "status": status})
    assert isinstance(outcome, Refused)
    assert outcome.refusal is refusal


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"invalid_fields": [{"type": "enum", "field": "input.aspect_ratio", "description": "no"}]}, ("input.aspect_ratio",)),
        ({"detail": "- input.prompt: is required\n- webhook: must be https: 'x'\n"}, ("input.prompt", "webhook")),
        ({"invalid_fields": [{"field": ""}, {"field": "webhook"}, "?", {"field": 3}]}, ("webhook",)),
        ({"detail": "E006: the picture cannot be read"}, ()),
        (b"<html>", ()),
    ],
)
def test_a_422_names_the_fields_that_are_wrong(body: Any, fields: tuple[str, ...]) -> None:
    outcome = answered(422, body)
    assert isinstance(outcome, Refused)
    assert (outcome.refusal, outcome.fields) == (Refusal.BAD_INPUT, fields)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (402, {"title": "Insufficient credit", "detail": "You have insufficient credit to run this model.", "status": 402}),
        (
            429,
            {
                "detail": "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute "
                "with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~9s.",
                "status": 429,
                "retry_after": 9,
            },
        ),
    ],
)
def test_low_credit_is_not_paid_or_cut_to_six_a_minute(status: int, body: Any) -> None:
    outcome = answered(status, body)
    assert isinstance(outcome, Refused)
    assert outcome.refusal is Refusal.LOW_CREDIT


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"detail": "The requested resource could not be found.", "status": 404}),
        (410, {}),
        (422, {"title": "Invalid version or not permitted", "detail": "The specified version does not exist", "status": 422}),
    ],
)
def test_a_model_that_is_gone_is_not_the_input_s_fault(status: int, body: Any) -> None:
    outcome = answered(status, body)
    assert isinstance(outcome, Refused)
    assert outcome.refusal is Refusal.MODEL_GONE


def test_a_creation_says_how_many_places_are_left_in_its_minute() -> None:
    body = {"id": "abc", "status": "starting", "output": None}
    assert answered(201, body, ratelimit_remaining="599") == Accepted(prediction_id="abc", output=None, places_left=599)


@pytest.mark.parametrize("status", [400, 422])
def test_input_that_is_refused_for_good(status: int) -> None:
    outcome = answered(status, {"title": "Input validation failed", "detail": "- input.prompt: is required"})
    assert isinstance(outcome, Refused)
    assert outcome.refusal is Refusal.BAD_INPUT
    assert "input.prompt" in outcome.message


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524, 408, 409, 425, 499, 204, 302])
def test_a_status_that_does_not_prove_that_nothing_was_made_leaves_the_outcome_unknown(status: int) -> None:
    assert isinstance(answered(status, b"<html>upstream connect error, reset reason: connection termination</html>"), Unanswered)
