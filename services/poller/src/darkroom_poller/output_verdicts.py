"""When an output that cannot be used is given up, and when it is fetched again. Pure.

A page, an empty or a cut answer says nothing of the picture behind it. Only the same whole file twice is a verdict.
"""

from dataclasses import dataclass
from hashlib import sha256

from darkroom_poller.picture_bytes import looks_like_text
from darkroom_poller.predictions import Prediction

KILLED_ATTEMPTS_MAX = 3
"""A picture that killed its decoder is tried this often: the machine may have been short of memory or time."""
FOREIGN = ("http://", "https://")


@dataclass(frozen=True)
class Output:
    """What came. `framed`: a cut would have been noticed."""

    data: bytes
    framed: bool = True

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


def is_final(prediction: Prediction, output: Output, *, killed: bool = False) -> bool:
    """Whether an output that was refused, or has `killed` its decoder, is the provider's last word."""
    if (prediction.expires_in_seconds or 0.0) < 0:
        return True
    foreign = (prediction.output_address or "").startswith(FOREIGN)
    if killed and (not foreign or output.sha256 == prediction.refused_sha256):
        return prediction.fetch_attempts + 1 >= KILLED_ATTEMPTS_MAX
    if not foreign:
        return not killed
    return not may_be_the_way(output) and output.sha256 == prediction.refused_sha256


def may_be_the_way(output: Output) -> bool:
    """Whether something between the provider and us may have put this in the picture's place, or cut it."""
    return not output.data or not output.framed or looks_like_text(output.data)
