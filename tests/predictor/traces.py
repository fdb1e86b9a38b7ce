"""Random histories of a fair queue, for the model alone and for model and script side by side."""

from dataclasses import dataclass

from hypothesis import strategies as st

TENANTS = ("ant", "bee", "cat", "dög", "elk:1")
JOBS_EACH = 3
WEIGHTS = (0.5, 1.0, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class File:
    tenant: int
    job: int
    count: int
    delay_us: int
    redriven: bool = False


@dataclass(frozen=True)
class Take:
    places: int


@dataclass(frozen=True)
class Advance:
    us: int


@dataclass(frozen=True)
class Release:
    which: int


@dataclass(frozen=True)
class GiveBack:
    which: int


@dataclass(frozen=True)
class Remove:
    which: int


@dataclass(frozen=True)
class SetTenant:
    tenant: int
    weight: float
    cap: int
    paused: bool


@dataclass(frozen=True)
class Pause:
    account: int
    us: int


Step = File | Take | Advance | Release | GiveBack | Remove | SetTenant | Pause

_tenant = st.integers(0, len(TENANTS) - 1)
_which = st.integers(0, 1000)

STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(File, _tenant, st.integers(0, JOBS_EACH - 1), st.integers(1, 30), st.just(0)),
    st.builds(File, _tenant, st.just(JOBS_EACH), st.integers(1, 10), st.sampled_from((0, 0, 10_000)), st.just(True)),
    st.builds(Take, st.integers(1, 40)),
    st.builds(Advance, st.integers(0, 400_000)),
    st.builds(Release, _which),
    st.builds(File, _tenant, st.integers(0, JOBS_EACH - 1), st.integers(1, 3), st.sampled_from((0, 10_000, 500_000))),
    st.builds(GiveBack, _which),
    st.builds(Remove, _which),
    st.builds(SetTenant, _tenant, st.sampled_from(WEIGHTS), st.sampled_from((0, 0, 1, 5)), st.booleans()),
    st.builds(Pause, st.integers(0, 1), st.integers(1, 1_000_000)),
)
TRACES = st.lists(STEPS, min_size=5, max_size=60)
