"""The endpoints of the simulated Stripe, as functions of what was asked; each answers an object or raises StripeError."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from darkroom_sandbox.stripe.board import Board, Object, new_id, now
from darkroom_sandbox.stripe.door import Asked
from darkroom_sandbox.stripe.errors import missing, required, wrong
from darkroom_sandbox.stripe.events import Events
from darkroom_sandbox.stripe.form import branch_of, integer_of, text_of
from darkroom_sandbox.stripe.new_session import new_session
from darkroom_sandbox.stripe.payments import Payments
from darkroom_sandbox.stripe.versions import in_version
from darkroom_sandbox.stripe.webhooks import Endpoint

LIMIT_DEFAULT, LIMIT_MAX = 10, 100


class StripeApi:
    """All endpoints."""

    def __init__(self, *, board: Board, payments: Payments, events: Events, page_url: str) -> None:
        self._board = board
        self._payments = payments
        self._events = events
        self._page_url = page_url

    def create_session(self, asked: Asked) -> Object:
        return self._shown(asked, self._board.add(asked.account, new_session(asked.parameters, page_url=self._page_url)))

    def session(self, asked: Asked) -> Object:
        return self._shown(asked, self._payments.session(asked.account, asked.id))

    def expire_session(self, asked: Asked) -> Object:
        return self._shown(asked, self._payments.expire(asked.account, asked.id))

    def sessions(self, asked: Asked) -> Object:
        return self._list(
            asked, "checkout.session", "/v1/checkout/sessions", _with(asked, "payment_intent", "status", "customer")
        )

    def line_items(self, asked: Asked) -> Object:
        items = self._payments.session(asked.account, asked.id)["_line_items"]
        return {"object": "list", "url": f"/v1/checkout/sessions/{asked.id}/line_items", "has_more": False, "data": items}

    def payment_intent(self, asked: Asked) -> Object:
        return self._get(asked, "payment_intent")

    def charge(self, asked: Asked) -> Object:
        return self._get(asked, "charge")

    def create_refund(self, asked: Asked) -> Object:
        intent = asked.parameters.get("payment_intent")
        if "charge" in asked.parameters:
            charge_id = text_of(asked.parameters, "charge")
            charge = self._board.get(asked.account, charge_id, "charge")
            if charge is None:
                raise missing("charge", charge_id)
            intent = charge["payment_intent"]
        if not isinstance(intent, str):
            raise required("payment_intent")
        amount = integer_of(asked.parameters, "amount") if "amount" in asked.parameters else None
        reason = text_of(asked.parameters, "reason") if "reason" in asked.parameters else None
        return self._shown(asked, self._payments.refund(asked.account, intent, amount, reason=reason))

    def refund(self, asked: Asked) -> Object:
        return self._get(asked, "refund")

    def dispute(self, asked: Asked) -> Object:
        return self._get(asked, "dispute")

    def event(self, asked: Asked) -> Object:
        return self._get(asked, "event")

    def events(self, asked: Asked) -> Object:
        types = asked.parameters.get("types")
        one_of = set(map(str, types)) if isinstance(types, list) else None
        fits = _with(asked, "type")
        return self._list(asked, "event", "/v1/events", lambda one: fits(one) and (one_of is None or one["type"] in one_of))

    def create_endpoint(self, asked: Asked) -> Object:
        url = text_of(asked.parameters, "url")
        if urlsplit(url).scheme not in ("http", "https"):
            raise wrong("url", f"Invalid URL: {url}", code="url_invalid")
        types = asked.parameters.get("enabled_events")
        if not isinstance(types, list) or not types:
            raise required("enabled_events")
        secret = f"whsec_{new_id('sandbox')}"
        self._events.add_endpoint(asked.account, Endpoint(url, secret, tuple(map(str, types))))
        endpoint = {
            "id": new_id("we"),
            "object": "webhook_endpoint",
            "created": now(),
            "enabled_events": types,
            "livemode": False,
            "metadata": branch_of(asked.parameters, "metadata"),
            "status": "enabled",
            "url": url,
        }
        self._board.add(asked.account, endpoint)
        # The secret is told once, as at Stripe.
        return {**endpoint, "secret": secret}

    def create_customer(self, asked: Asked) -> Object:
        texts = {name: asked.parameters.get(name) for name in ("email", "name", "description", "phone")}
        own = {"id": new_id("cus"), "object": "customer", "created": now(), "livemode": False}
        return self._board.add(asked.account, {**own, **texts, "metadata": branch_of(asked.parameters, "metadata")})

    def customer(self, asked: Asked) -> Object:
        return self._get(asked, "customer")

    def _get(self, asked: Asked, kind: str) -> Object:
        found = self._board.get(asked.account, asked.id, kind)
        if found is None:
            raise missing(kind, asked.id)
        return self._shown(asked, found)

    def _shown(self, asked: Asked, found: Object) -> Object:
        return in_version(self._board.expanded(asked.account, found, _paths(asked)), asked.version)

    def _list(self, asked: Asked, kind: str, url: str, fits: Callable[[Object], bool]) -> Object:
        limit = integer_of(asked.parameters, "limit", default=LIMIT_DEFAULT)
        if not 1 <= limit <= LIMIT_MAX:
            raise wrong("limit", f"Invalid integer: limit must be between 1 and {LIMIT_MAX}.")
        found = [one for one in self._after(asked, kind) if fits(one)]
        paths = [path.removeprefix("data.") for path in _paths(asked)]
        data = [in_version(self._board.expanded(asked.account, one, paths), asked.version) for one in found[:limit]]
        return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}

    def _after(self, asked: Asked, kind: str) -> Iterator[Object]:
        objects = self._board.newest_first(asked.account, kind)
        after = asked.parameters.get("starting_after")
        if after is not None and all(one["id"] != after for one in objects):
            raise missing(kind, str(after))
        # Having found it, the iterator stands right behind it.
        return objects


def _with(asked: Asked, *names: str) -> Callable[[Object], bool]:
    """What has the values that the parameters ask for; `created` may be bounded."""
    wanted = {name: asked.parameters[name] for name in names if name in asked.parameters}
    bounds = branch_of(asked.parameters, "created") if isinstance(asked.parameters.get("created"), dict) else {}
    least = integer_of(bounds, "gte", default=0)
    most = integer_of(bounds, "lte", default=2**40)
    return lambda one: least <= one["created"] <= most and all(one.get(name) == value for name, value in wanted.items())


def _paths(asked: Asked) -> list[str]:
    asked_for = asked.parameters.get("expand", [])
    return [str(path) for path in asked_for] if isinstance(asked_for, list) else [str(asked_for)]
