"""Balances are rebuilt from the events alone: every kind added up by hand, repeats dropped, lies found."""

from datetime import UTC, datetime

from darkroom_contracts.balances import BalanceEvent, Disagreement, Sums, balances_from
from darkroom_contracts.credits import (
    Balances,
    CreditsAdjusted,
    CreditsExpired,
    CreditsGranted,
    CreditsReimbursed,
    CreditsRejected,
    CreditsReserved,
    CreditsRestored,
    CreditsSettled,
    CreditsTakenBack,
    PlanChanged,
)
from darkroom_contracts.envelope import Envelope, wrap
from darkroom_contracts.event import Event

NOW = datetime(2026, 3, 4, tzinfo=UTC)
WHO = {"reason": "why", "created_by": "olga"}


def told(available: int, held: int = 0, spent: int = 0) -> Balances:
    return Balances(available=available, held=held, spent=spent)


def story(shop: str = "shop") -> list[Event]:
    """Every kind of event, with the balances after it reckoned by hand."""
    return [
        CreditsGranted(instance_id=shop, grant_id=1, amount=100, reason="gift", balances=told(100)),
        CreditsReserved(instance_id=shop, job_id=1, amount=60, balances=told(40, 60)),
        CreditsRejected(instance_id=shop, job_id=2, needed=50, balances=told(40, 60)),
        CreditsSettled(instance_id=shop, job_id=1, spent=45, released=15, balances=told(55, 0, 45)),
        CreditsExpired(instance_id=shop, grant_id=1, amount=5, expired_at=NOW, balances=told(50, 0, 45)),
        CreditsTakenBack(instance_id=shop, grant_id=1, amount=14, balances=told(36, 0, 45)),
        CreditsRestored(instance_id=shop, grant_id=1, amount=4, balances=told(40, 0, 45)),
        CreditsAdjusted(instance_id=shop, adjustment_id=1, amount=20, balances=told(60, 0, 45), **WHO),
        CreditsAdjusted(instance_id=shop, adjustment_id=2, amount=-70, lost=10, balances=told(0, 0, 45), **WHO),
        CreditsReimbursed(instance_id=shop, job_id=1, adjustment_id=3, amount=15, balances=told(15, 0, 30), **WHO),
    ]


def messages(events: list[Event], *, first: int = 1) -> list[tuple[Envelope, Event]]:
    wrapped = [(wrap(event, source="/services/credits", now=NOW), event) for event in events]
    return [
        (Envelope.from_headers(envelope.headers() | {"ce_sequence": str(sequence)}), event)
        for sequence, (envelope, event) in enumerate(wrapped, first)
    ]


def test_each_kind_of_event_moves_what_it_says() -> None:
    assert {type(event) for event in story()} == set(BalanceEvent.__args__)
    for count in range(1, len(story()) + 1):
        rebuilt = balances_from(messages(story()[:count]))
        last = story()[count - 1]
        assert rebuilt.disagreements == []
        assert isinstance(last, BalanceEvent)
        assert rebuilt.balances["shop"] == Sums(last.balances.available, last.balances.held, last.balances.spent)


def test_a_part_of_the_topic_that_comes_again_changes_nothing() -> None:
    told_once = messages(story())
    rebuilt = balances_from([*told_once[:6], *told_once[2:6], *told_once[4:]])
    assert rebuilt.balances == {"shop": Sums(15, 0, 30)}
    assert (rebuilt.events, rebuilt.repeated, rebuilt.disagreements_count) == (10, 6, 0)


def test_tenants_are_apart_whatever_their_sequences() -> None:
    late, early = messages(story("a"), first=100), messages(story("b"))
    rebuilt = balances_from(one for pair in zip(late, early, strict=True) for one in pair)
    assert rebuilt.balances == {"a": Sums(15, 0, 30), "b": Sums(15, 0, 30)}
    assert rebuilt.disagreements == []


def test_a_lost_event_is_found_by_the_next() -> None:
    all_told = messages(story())
    rebuilt = balances_from([*all_told[:3], all_told[4]])
    [found] = rebuilt.disagreements
    # 40 available and 60 held, less the 5 that expired; the event knows of the settlement in between.
    assert found == Disagreement("shop", all_told[4][0].id, Sums(35, 60, 0), Sums(50, 0, 45))


def test_what_tells_of_no_balances_moves_nothing() -> None:
    plan = PlanChanged(
        instance_id="shop", plan="pro", plan_version=1, credits_per_month=5, weight=4, period_started_at=NOW, renews_at=None
    )
    assert balances_from(messages([plan])).balances == {}
