"""What becomes of an item whose attempt failed."""

from dataclasses import replace

import pytest
from darkroom_contracts.envelope import Envelope
from darkroom_predictor.items import End, Item, Stop, Then, Wait, after_failure

CAUSE = Envelope(id="1", type="t", source="s", subject="", time="", dataschema="")


def item(*, counted: int, attempts_max: int = 3) -> Item:
    return Item(
        item_id=1,
        instance_id="shop",
        job_id=1,
        image_id="i",
        provider="replicate",
        model="m",
        expected_seconds=1,
        cancel_after_seconds=60,
        attempts_max=attempts_max,
        backoff_seconds=(1.0, 2.0, 4.0),
        attempts=counted,
        attempts_counted=counted,
        reached_provider=False,
        cause=CAUSE,
    )


@pytest.mark.parametrize(("counted", "seconds"), [(1, 1.0), (2, 2.0), (3, 4.0), (9, 4.0)])
def test_the_backoff_follows_the_items_own_policy(counted: int, seconds: float) -> None:
    assert after_failure(item(counted=counted, attempts_max=20), Then.RETRY, "x", chance=0.5) == Wait(
        delay_seconds=seconds, counted=True
    )


def test_jitter_stretches_or_shortens_it_by_a_fifth() -> None:
    assert after_failure(item(counted=1), Then.RETRY, "x", chance=0.0) == Wait(delay_seconds=0.8, counted=True)
    longest = after_failure(item(counted=1), Then.RETRY, "x", chance=0.999)
    assert isinstance(longest, Wait)
    assert longest.delay_seconds == pytest.approx(1.2, abs=0.001)


def test_the_last_attempt_ends_it() -> None:
    assert after_failure(item(counted=3), Then.RETRY, "provider-error", chance=0.5) == End(code="out-of-attempts")


def test_a_permanent_failure_ends_it_at_once_with_its_own_code() -> None:
    assert after_failure(item(counted=1), Then.END, "moderation", chance=0.5) == End(code="moderation")


def test_a_returned_turn_is_not_counted_however_often() -> None:
    assert after_failure(item(counted=3), Then.RETURN, "throttled", chance=0.5) == Wait(delay_seconds=0.0, counted=False)


@pytest.mark.parametrize("then", [Then.RETRY, Then.RETURN])
def test_what_is_to_be_cancelled_is_not_tried_again(then: Then) -> None:
    stopped = replace(item(counted=1), stopped_by=CAUSE)
    assert after_failure(stopped, then, "provider-error", chance=0.5) == Stop()


def test_what_failed_for_good_before_it_could_be_stopped_has_failed() -> None:
    assert after_failure(replace(item(counted=1), stopped_by=CAUSE), Then.END, "moderation", chance=0.5) == End(code="moderation")
