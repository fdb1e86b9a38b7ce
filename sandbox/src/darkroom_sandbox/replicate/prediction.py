"""One prediction and how it looks from outside (the vendor's prediction object).

Invariant: a terminal status is never left.
"""

import asyncio
import base64
import json
import os
import time
from pathlib import Path

from darkroom_sandbox.call_log import Call
from darkroom_sandbox.replicate.output import Output

TERMINAL = frozenset({"succeeded", "failed", "canceled", "aborted"})
EVENTS = frozenset({"start", "output", "logs", "completed"})
DEFAULT_EVENTS = frozenset({"output", "completed"})


class Prediction:
    """State of one prediction; slots, for two hundred thousand of them are held."""

    __slots__ = (
        "account",
        "completed_at",
        "created_at",
        "deadline",
        "downloads",
        "error",
        "events",
        "events_given",
        "fate",
        "id",
        "input_json",
        "logs",
        "model",
        "number",
        "output",
        "picture",
        "record",
        "shared_picture",
        "started_at",
        "status",
        "waiters",
        "webhook",
        "work",
    )

    def __init__(self, *, account: str, model: str, input_json: bytes, created_at: float, record: Call) -> None:
        self.id = new_id()
        self.number = 0
        """Place in the order of creation, given by the board."""
        self.account = account
        self.model = model
        self.input_json = input_json
        self.created_at = created_at
        self.record = record
        self.status = "starting"
        self.started_at: float | None = None
        self.completed_at: float | None = None
        self.deadline: float | None = None
        self.output: Output | None = None
        self.downloads = 0
        """How often the output was downloaded."""
        self.error: str | None = None
        self.logs = ""
        self.webhook: str | None = None
        self.events = DEFAULT_EVENTS
        self.events_given: tuple[str, ...] | None = None
        self.waiters: list[asyncio.Future[None]] | None = None
        self.fate: str | None = None
        """The error it will end with; None while all goes well."""
        self.picture: Path | None = None
        """The file that was painted for it; None for the ready-made picture."""
        self.shared_picture: Path | None = None
        """The file of the ready-made picture, where a format was asked for; it outlives the prediction."""
        self.work: asyncio.Task[None] | None = None
        """The picture work, while it is under way."""

    @property
    def ended(self) -> bool:
        """Whether the status is terminal."""
        return self.status in TERMINAL

    def set_status(self, status: str) -> None:
        """Moves on, and lets the call record know."""
        assert not self.ended, f"{self.id} has ended as {self.status}"
        self.status = status
        self.record.state = status

    def to_json(self, *, api_url: str, now: float, kept_seconds: float, webhook_shown: bool = True) -> bytes:
        """The prediction object. `kept_seconds` after its end, input, output and logs are gone (`data_removed`)."""
        removed = self.is_removed(now=now, kept_seconds=kept_seconds)
        url = f"{api_url}/predictions/{self.id}"
        fields: dict[str, object] = {
            "id": self.id,
            "model": self.model,
            "version": "hidden",
            "output": None if removed or self.output is None else self.output.as_json(),
            "logs": "" if removed else self.logs,
            "error": self.error,
            "status": self.status,
            "source": "api",
            "data_removed": removed,
            "created_at": timestamp(self.created_at),
            "urls": {"get": url, "cancel": f"{url}/cancel", "web": f"https://replicate.com/p/{self.id}"},
        }
        if self.started_at is not None:
            fields["started_at"] = timestamp(self.started_at)
        if self.completed_at is not None:
            fields["completed_at"] = timestamp(self.completed_at)
            fields["metrics"] = {
                "predict_time": round(self.completed_at - (self.started_at or self.completed_at), 6),
                "total_time": round(self.completed_at - self.created_at, 6),
            }
        if self.deadline is not None:
            fields["deadline"] = timestamp(self.deadline)
        if self.webhook is not None and webhook_shown:
            fields["webhook"] = self.webhook
        if self.events_given is not None and webhook_shown:
            fields["webhook_events_filter"] = self.events_given
        head = json.dumps(fields, separators=(",", ":")).encode()
        return head[:-1] + b',"input":' + (b"{}" if removed else self.input_json) + b"}"

    def is_removed(self, *, now: float, kept_seconds: float) -> bool:
        """Whether the vendor's retention has passed since the end."""
        return self.completed_at is not None and now >= self.completed_at + kept_seconds


def new_id() -> str:
    """26 lower-case letters and digits, as the vendor's ids look."""
    return base64.b32encode(os.urandom(16))[:26].decode().lower()


def timestamp(at: float) -> str:
    """RFC 3339 UTC with as many sub-second digits as it takes (the vendor's width varies too)."""
    seconds, micros = divmod(round(at * 1_000_000), 1_000_000)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{micros:06d}".rstrip("0").rstrip(".") + "Z" if micros else whole + "Z"
