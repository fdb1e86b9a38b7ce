"""Every alert rule of the platform names metrics that the services really have, and is told of in docs/operations.md."""

import re
from pathlib import Path

from darkroom_jobs_api.metrics import JobsApiMetrics
from darkroom_notifier.measures import Measures
from darkroom_poller.metrics import PollerMetrics
from darkroom_predictor.metrics import PredictorMetrics
from darkroom_servicekit.metrics import KitMetrics
from prometheus_client import CollectorRegistry

TREE = Path(__file__).parents[3]
RULES = TREE / "deploy" / "observability" / "alerts" / "platform.yml"
METRIC = re.compile(r"\bdarkroom_\w+")


def rules() -> dict[str, str]:
    found = re.split(r"(?m)^      - alert: ", RULES.read_text())[1:]
    assert len({rule.splitlines()[0] for rule in found}) == len(found) >= 10
    return {rule.splitlines()[0]: rule for rule in found}


def test_every_rule_has_its_parts_once_and_is_told_of() -> None:
    told = (TREE / "docs" / "operations.md").read_text()
    for name, rule in rules().items():
        assert f"`{name}`" in told, name
        for part in ("expr: ", "severity: ", "summary: ", "action: "):
            assert rule.count(part) == 1, (name, part)


def test_every_rule_asks_for_metrics_that_there_are() -> None:
    registry = CollectorRegistry()
    KitMetrics(registry)
    JobsApiMetrics(registry)
    PredictorMetrics(registry)
    PollerMetrics(registry)
    Measures(registry)
    kinds = {family.name: family.type for family in registry.collect()}
    known = {f"{name}_total" if kind == "counter" else name for name, kind in kinds.items()}
    for name, rule in rules().items():
        [expression] = re.findall(r"(?m)^\s+expr: (.+)$", rule)
        asked = set(METRIC.findall(expression))
        assert asked, name
        assert asked <= known, (name, asked - known)
