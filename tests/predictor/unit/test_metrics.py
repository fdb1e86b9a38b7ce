"""Gauges that an alert rule reads never stay at the healthy value of a moment that has passed."""

from darkroom_predictor.fair_queue import Figures
from darkroom_predictor.fault_store import ModelFault
from darkroom_predictor.limits import AccountFigures
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_predictor.watch_store import Watched
from prometheus_client import CollectorRegistry, generate_latest

ACCOUNT = AccountFigures(
    account="main", granted=1, cap=450, in_force=450, burst=10, slots=600, live=1, paused_seconds=0, stopped=None
)


def test_a_limiter_that_cannot_be_read_leaves_no_figures_of_before() -> None:
    registry = CollectorRegistry()
    metrics = PredictorMetrics(registry)
    metrics.figures(Figures(length=3, unmoved_seconds=7.0, accounts=[ACCOUNT]))
    assert 'darkroom_limiter_cap{account="main"} 450.0' in generate_latest(registry).decode()
    assert "darkroom_queue_unmoved_seconds 7.0" in generate_latest(registry).decode()

    metrics.no_figures()

    said = generate_latest(registry).decode()
    assert 'account="main"' not in said
    assert "darkroom_queue_length NaN" in said
    assert "darkroom_queue_unmoved_seconds NaN" in said


def test_how_long_a_dispatcher_has_been_silent_is_asked_at_each_scrape() -> None:
    registry = CollectorRegistry()
    seconds = iter([1.0, 2.5])
    PredictorMetrics(registry).watch_rounds("replicate", lambda: next(seconds))

    for said in ("1.0", "2.5"):
        assert f'darkroom_limiter_silent_seconds{{provider="replicate"}} {said}' in generate_latest(registry).decode()


def test_an_empty_queue_is_not_unmoved_and_a_cause_that_is_gone_leaves_no_series() -> None:
    registry = CollectorRegistry()
    metrics = PredictorMetrics(registry)
    metrics.figures(Figures(length=0, unmoved_seconds=9000.0, accounts=[]))
    fault = ModelFault(provider="replicate", model="a/b", code="our-fault", detail="x")
    metrics.watched(Watched(without_account={"gone": 2}, faults=[fault], unknown=1, unknown_seconds=5.0))
    said = generate_latest(registry).decode()
    assert "darkroom_queue_unmoved_seconds 0.0" in said
    assert 'darkroom_attempts_without_account{account="gone"} 2.0' in said
    assert 'darkroom_models_closed_for_our_fault{code="our-fault",model="a/b",provider="replicate"} 1.0' in said
    assert "darkroom_attempts_unknown_oldest_seconds 5.0" in said

    metrics.watched(Watched())

    said = generate_latest(registry).decode()
    assert "gone" not in said
    assert "our-fault" not in said
