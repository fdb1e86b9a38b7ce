"""Stages: any mix of events is handled type by type, and no tenant's order is ever lost."""

from datetime import UTC, datetime

from darkroom_contracts.credits import Balances, CreditsReserved
from darkroom_contracts.envelope import wrap
from darkroom_contracts.event import Event
from darkroom_contracts.jobs import JobCancelRequested
from darkroom_contracts.predictions import ItemCanceled
from darkroom_servicekit.stages import Received, stages
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 5, 4, tzinfo=UTC)
ORDER: dict[type[Event], int] = {CreditsReserved: 0, JobCancelRequested: 1, ItemCanceled: 2}


def event(kind: int, tenant: str, number: int) -> Received[Event]:
    made: Event
    match kind:
        case 0:
            balances = Balances(available=0, held=0, spent=0)
            made = CreditsReserved(instance_id=tenant, job_id=number, amount=1, balances=balances)
        case 1:
            made = JobCancelRequested(instance_id=tenant, job_id=number)
        case _:
            made = ItemCanceled(instance_id=tenant, job_id=number, item_id=1, image_id="i", reached_provider=False)
    return Received(made, wrap(made, source="/tests", now=NOW))


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc")), max_size=60))
def test_handling_stage_by_stage_and_type_by_type_keeps_every_tenants_order(picks: list[tuple[int, str]]) -> None:
    batch = [event(kind, tenant, number) for number, (kind, tenant) in enumerate(picks)]

    handled = [received for stage in stages(batch, ORDER) for kind in ORDER for received in stage.get(kind, [])]

    assert len(handled) == len(batch)
    for tenant in "abc":
        numbers = [r.event.correlation_id() for r in handled if r.event.instance_id == tenant]
        assert numbers == [r.event.correlation_id() for r in batch if r.event.instance_id == tenant]


def test_events_in_causal_order_are_one_stage_however_many_tenants_mix() -> None:
    batch = [event(kind, tenant, 0) for kind in (0, 0, 1, 2) for tenant in "abc"]

    assert len(stages(batch, ORDER)) == 1


def test_a_cause_after_an_effect_of_the_same_tenant_begins_a_new_stage_for_it_alone() -> None:
    result = stages([event(2, "a", 1), event(0, "a", 2), event(0, "b", 3)], ORDER)

    assert [sorted((kind.__name__, len(found)) for kind, found in stage.items()) for stage in result] == [
        [("CreditsReserved", 1), ("ItemCanceled", 1)],
        [("CreditsReserved", 1)],
    ]
