"""The oracle: what must hold after any chaos, each rule a pure function from the evidence to what breaks it.

A rule that cannot fail is worthless: `test_oracle.py` shows each failing on doctored evidence.
"""

from chaos import rules_of_calls, rules_of_credits, rules_of_jobs, rules_of_requests
from chaos.evidence import Evidence
from chaos.rule_book import RULES, Violation

RULES_OF = (rules_of_jobs, rules_of_requests, rules_of_calls, rules_of_credits)
"""Imported for the rules that they file."""


def judge(evidence: Evidence) -> list[Violation]:
    """Everything that is broken, rule by rule."""
    found = []
    for name, check in RULES.items():
        for one in check(evidence):
            what, item_id = one if isinstance(one, tuple) else (one, None)
            found.append(Violation(name, what, item_id))
    return found
