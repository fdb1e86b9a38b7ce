"""The alert rules name metrics, and values of their labels, that credits really has."""

import re
from pathlib import Path

from darkroom_credits.close.checks import CHECKS
from darkroom_credits.metrics import CreditsMetrics
from prometheus_client import CollectorRegistry

RULES = Path(__file__).parents[3] / "deploy" / "observability" / "alerts" / "credits.yml"
METRIC = re.compile(r"\bdarkroom_\w+")


def rules() -> list[str]:
    return re.split(r"(?m)^      - alert: ", RULES.read_text())[1:]


def test_every_rule_has_its_parts_once() -> None:
    names = [rule.splitlines()[0] for rule in rules()]
    assert len(names) == len(set(names)) >= 6
    for rule in rules():
        for part in ("expr: ", "severity: ", "summary: ", "action: "):
            assert rule.count(part) == 1, (rule.splitlines()[0], part)


def test_every_rule_asks_for_metrics_that_there_are() -> None:
    registry = CollectorRegistry()
    CreditsMetrics(registry)
    families = {family.name: family.type for family in registry.collect()}
    known = {f"{name}_total" if kind == "counter" else name for name, kind in families.items()}
    for rule in rules():
        [expression] = re.findall(r"(?m)^\s+expr: (.+)$", rule)
        asked = set(METRIC.findall(expression))
        assert asked, rule
        assert asked <= known


def test_a_check_of_the_close_is_a_label_of_its_metric() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z-]+", name) for name in names)
