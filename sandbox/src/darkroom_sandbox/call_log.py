"""The record of every call that arrived: what outside tests judge Darkroom by.

Invariant: sequence numbers rise by one and are never given twice, also over a reset; only the last `CALLS_KEPT` are held.
"""

import json
from collections import deque
from collections.abc import Iterator

CALLS_KEPT = 100_000


class Call:
    """One call; `at` is the arrival by the sandbox' clock, taken before the body is read."""

    __slots__ = ("account", "at", "id", "input_json", "kind", "lost", "seq", "state", "status", "vendor", "version", "webhook")

    def __init__(self, seq: int, *, at: float, vendor: str, kind: str, account: str) -> None:
        self.seq = seq
        self.at = at
        self.vendor = vendor
        self.kind = kind
        self.account = account
        self.id: str | None = None
        self.status: int | None = None
        """None while the call is being answered."""
        self.input_json: bytes | None = None
        self.state: str | None = None
        self.webhook: str | None = None
        self.version: str | None = None
        """The API version that the call asked for, at a vendor that has some; None when it asked for none."""
        self.lost = False

    def to_json(self) -> bytes:
        """The record as one JSON object; a creation also tells its prediction's state now, webhook and lost answer."""
        fields: dict[str, object] = {
            "seq": self.seq,
            "at": self.at,
            "vendor": self.vendor,
            "kind": self.kind,
            "account": self.account,
            "id": self.id,
            "status": self.status,
        }
        if self.kind == "create":
            fields.update(state=self.state, webhook=self.webhook, lost=self.lost)
        if self.vendor == "stripe":
            fields.update(version=self.version)
        head = json.dumps(fields, separators=(",", ":")).encode()
        return head[:-1] + b',"input":' + (self.input_json or b"null") + b"}"


class CallLog:
    """A ring of calls in order of arrival."""

    def __init__(self, kept: int = CALLS_KEPT) -> None:
        self._calls: deque[Call] = deque(maxlen=kept)
        self._last_seq = 0

    def add(self, *, at: float, vendor: str, kind: str, account: str) -> Call:
        """Notes a call's arrival; the caller completes the record as it answers."""
        self._last_seq += 1
        call = Call(self._last_seq, at=at, vendor=vendor, kind=kind, account=account)
        self._calls.append(call)
        return call

    @property
    def last_seq(self) -> int:
        """The number of the newest call, 0 before the first."""
        return self._last_seq

    def find(self, *, vendor: str | None, kind: str | None, account: str | None, after: int = 0) -> Iterator[Call]:
        """Calls numbered above `after`, oldest first; a None filter lets everything pass."""
        for call in tuple(self._calls):
            if (
                call.seq > after
                and (vendor is None or call.vendor == vendor)
                and (kind is None or call.kind == kind)
                and (account is None or call.account == account)
            ):
                yield call

    def clear(self) -> None:
        """Forgets the calls, not the numbering, so that a reader's `after` stays good."""
        self._calls.clear()


def max_in_window(times: list[float], window_seconds: float) -> int:
    """The largest number of `times` inside any half-open window [t, t + window_seconds), exactly.

    Half-open: two calls exactly one window apart are never counted together.
    """
    ordered = sorted(times)
    most = first = 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= window_seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
