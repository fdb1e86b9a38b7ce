"""What an output may be: the row's terms, the platform's defaults, and the ceilings over both."""

from typing import get_args

import pytest
from darkroom_contracts.jobs import OutputKind, OutputTerms
from darkroom_poller.output_limits import KINDS, OutputLimits, PlatformLimits
from darkroom_poller.picture_bytes import Kind

PLATFORM = PlatformLimits(bytes_default=25, pixels_default=50, bytes_ceiling=100, pixels_ceiling=100)


@pytest.mark.parametrize(
    ("terms", "limits"),
    [
        (None, OutputLimits(25, 50)),
        (OutputTerms(pointer="/image"), OutputLimits(25, 50)),
        (OutputTerms(bytes_max=1, pixels_max=2), OutputLimits(1, 2)),
        (OutputTerms(bytes_max=100, pixels_max=100), OutputLimits(100, 100)),
        (OutputTerms(bytes_max=101, pixels_max=10**12), OutputLimits(100, 100)),
        (OutputTerms(kinds=("heic", "jpg")), OutputLimits(25, 50, ("HEIF", "JPEG"))),
    ],
)
def test_the_row_says_and_the_ceilings_hold(terms: OutputTerms | None, limits: OutputLimits) -> None:
    assert PLATFORM.of(terms) == limits


def test_the_ceilings_hold_for_the_defaults() -> None:
    low = PlatformLimits(bytes_default=25, pixels_default=50, bytes_ceiling=24, pixels_ceiling=49)
    assert low.of(None) == OutputLimits(24, 49)


def test_every_kind_of_the_contract_has_a_decoder() -> None:
    assert set(KINDS) == set(get_args(OutputKind))
    assert set(KINDS.values()) == set(get_args(Kind))
