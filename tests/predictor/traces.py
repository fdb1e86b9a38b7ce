"""Random histories of a fair queue, for the model alone and for model and script side by side."""

from dataclasses import dataclass

from darkroom_predictor.breaker_rules import Kind
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
class Corrupt:
    """What no history should leave behind: a tenant's lane names a job that has no items."""

    tenant: int
    first: bool
    redriven: bool


@dataclass(frozen=True)
class SetTenant:
    tenant: int
    weight: float
    cap: int
    slots: int
    paused: bool


@dataclass(frozen=True)
class Throttle:
    account: int
    us: int


@dataclass(frozen=True)
class Stop:
    account: int
    retry_us: int


@dataclass(frozen=True)
class Resume:
    account: int


@dataclass(frozen=True)
class SetAccount:
    account: int
    cap: int
    burst: int
    slots: int


@dataclass(frozen=True)
class SetModel:
    """How many predictions of the model of that job number may be in flight; 0: it has no bound of its own."""

    job: int
    slots: int


@dataclass(frozen=True)
class Hear:
    """Failures of the model of that job number at a tenant's pictures, 0 for a success."""

    job: int
    kind: Kind
    failures: int
    tenant: int = 0


Step = (
    File
    | Take
    | Advance
    | Release
    | GiveBack
    | Remove
    | Corrupt
    | SetTenant
    | Throttle
    | Stop
    | Resume
    | SetAccount
    | SetModel
    | Hear
)

_tenant = st.integers(0, len(TENANTS) - 1)
_account = st.integers(0, 1)
_which = st.integers(0, 1000)

STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(File, _tenant, st.integers(0, JOBS_EACH - 1), st.integers(1, 30), st.just(0)),
    st.builds(File, _tenant, st.integers(0, JOBS_EACH), st.integers(1, 10), st.sampled_from((0, 0, 10_000)), st.just(True)),
    st.builds(Take, st.integers(1, 40)),
    st.builds(Advance, st.integers(0, 400_000)),
    st.builds(Release, _which),
    st.builds(File, _tenant, st.integers(0, JOBS_EACH - 1), st.integers(1, 3), st.sampled_from((0, 10_000, 500_000))),
    st.builds(GiveBack, _which),
    st.builds(Remove, _which),
    st.builds(Corrupt, _tenant, st.booleans(), st.booleans()),
    st.builds(
        SetTenant, _tenant, st.sampled_from(WEIGHTS), st.sampled_from((0, 0, 1, 5)), st.sampled_from((0, 0, 2, 6)), st.booleans()
    ),
    st.builds(Throttle, _account, st.integers(1, 1_000_000)),
    st.builds(Stop, _account, st.integers(100_000, 1_000_000)),
    st.builds(Resume, _account),
    st.builds(SetAccount, _account, st.integers(0, 30), st.integers(1, 12), st.integers(1, 30)),
    st.builds(Hear, st.integers(0, JOBS_EACH), st.sampled_from(("create", "run")), st.sampled_from((0, 1, 2, 3)), _tenant),
    st.builds(Advance, st.sampled_from((5_000_000, 55_000_000, 90_000_000))),
)
TRACES = st.lists(STEPS, min_size=5, max_size=60)

_hear = st.one_of(
    st.builds(Hear, st.integers(0, 1), st.sampled_from(("create", "run")), st.sampled_from((0, 0, 4)), _tenant),
    st.builds(Hear, st.integers(0, 1), st.just("run"), st.sampled_from((0, 1, 2, 2, 4)), st.integers(0, 2)),
)
_set_model = st.builds(SetModel, st.integers(0, 2), st.sampled_from((0, 1, 1, 2, 3)))
BROKEN_TRACES = st.lists(
    st.one_of(
        _set_model,
        st.builds(File, _tenant, st.integers(0, 2), st.integers(1, 4), st.sampled_from((0, 0, 200_000)), st.booleans()),
        st.builds(Take, st.integers(1, 3)),
        st.builds(Advance, st.sampled_from((100_000, 300_000, 600_000, 31_000_000))),
        _hear,
        st.builds(
            SetTenant, _tenant, st.sampled_from((1.0, 2.0)), st.sampled_from((0, 0, 1)), st.sampled_from((0, 0, 1)), st.booleans()
        ),
        st.builds(Release, _which),
        st.builds(GiveBack, _which),
        st.builds(Remove, _which),
        st.builds(Corrupt, _tenant, st.booleans(), st.booleans()),
    ),
    min_size=10,
    max_size=60,
)
"""Histories in which models break and mend, and are full."""
FULL_TRACES = st.lists(
    st.one_of(
        _set_model,
        st.builds(File, _tenant, st.integers(0, 2), st.integers(1, 4), st.just(0), st.booleans()),
        st.builds(File, _tenant, st.integers(0, 1), st.integers(1, 4), st.just(0)),
        st.builds(Take, st.integers(1, 6)),
        st.builds(Release, _which),
        st.builds(Release, _which),
        st.builds(GiveBack, _which),
        st.builds(Remove, _which),
        st.builds(Advance, st.sampled_from((100_000, 1_000_000))),
        st.builds(
            SetTenant, _tenant, st.sampled_from(WEIGHTS), st.sampled_from((0, 0, 2)), st.sampled_from((0, 1)), st.booleans()
        ),
        _hear,
    ),
    min_size=10,
    max_size=60,
)
"""Histories in which models are full, and now and then break."""
