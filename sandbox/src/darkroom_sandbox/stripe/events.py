"""Events: kept, listed, and sent to the platform and to every endpoint that the account made."""

from typing import Any

from darkroom_sandbox.stripe.board import Board, Object, new_id, now
from darkroom_sandbox.stripe.options import CurrentStripeOptions
from darkroom_sandbox.stripe.versions import in_version
from darkroom_sandbox.stripe.webhooks import Endpoint, EventSender


class Events:
    """Tells of what happened. `platform` is the endpoint that is there from the start, if one is set."""

    def __init__(self, board: Board, sender: EventSender, platform: Endpoint | None, *, options: CurrentStripeOptions) -> None:
        self._options = options
        self._board = board
        self._sender = sender
        self._platform = platform
        self._endpoints: dict[str, list[Endpoint]] = {}

    def tell(self, account: str, kind: str, found: Object, *, previous: dict[str, Any] | None = None) -> None:
        """One event, with the object as it is now."""
        version = self._options.now.webhook_version
        data = {"object": in_version(found, version)} | ({"previous_attributes": previous} if previous else {})
        endpoints = [*([self._platform] if self._platform else []), *self._endpoints.get(account, ())]
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": version,
            "created": now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self._board.add(account, event)
        for endpoint in endpoints:
            self._sender.send(endpoint, event)

    def add_endpoint(self, account: str, endpoint: Endpoint) -> None:
        """Another endpoint of an account."""
        self._endpoints.setdefault(account, []).append(endpoint)
