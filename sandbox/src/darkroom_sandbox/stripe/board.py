"""All objects of the simulated Stripe, in memory, by account: found by id, listed newest first, a bounded number of them."""

import secrets
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

OBJECTS_MAX = 50_000
EXPAND_DEPTH_MAX = 4
REFUNDS_SHOWN = 10
"""Of a charge, the newest."""

Object = dict[str, Any]
"""Any: a vendor's object as it stands in JSON."""


def new_id(prefix: str) -> str:
    """An id in Stripe's fashion."""
    return f"{prefix}_{secrets.token_hex(12)}"


def now() -> int:
    """Unix seconds, as all of Stripe's times."""
    return int(time.time())


class Board:
    """Where objects are kept and found again."""

    def __init__(self) -> None:
        self._by_account: defaultdict[str, dict[str, Object]] = defaultdict(dict)

    def add(self, account: str, found: Object) -> Object:
        """Keeps an object; beyond the bound the account's oldest is dropped."""
        objects = self._by_account[account]
        objects[found["id"]] = found
        if len(objects) > OBJECTS_MAX:
            del objects[next(iter(objects))]
        return found

    def get(self, account: str, object_id: str, kind: str) -> Object | None:
        """The account's object of that id and kind."""
        found = self._by_account[account].get(object_id)
        return found if found is not None and found["object"] == kind else None

    def newest_first(self, account: str, kind: str) -> Iterator[Object]:
        """The account's objects of a kind."""
        return (one for one in reversed(tuple(self._by_account[account].values())) if one["object"] == kind)

    def owner(self, object_id: str) -> str | None:
        """The account that an object belongs to, for the control and the page, which know no account."""
        return next((account for account, objects in self._by_account.items() if object_id in objects), None)

    def expanded(self, account: str, found: Object, paths: list[str]) -> Object:
        """A copy in which the ids that `paths` name (`payment_intent.latest_charge`) are the objects themselves."""
        copy = dict(found)
        for path in paths:
            self._expand(account, copy, path.split(".")[:EXPAND_DEPTH_MAX])
        return copy

    def _expand(self, account: str, inside: Object, path: list[str]) -> None:
        name, rest = path[0], path[1:]
        if name == "refunds" and inside.get("object") == "charge":
            inside[name] = self._refunds_of(account, inside)
            return
        value = inside.get(name)
        if isinstance(value, str):
            below = self._by_account[account].get(value)
            value = None if below is None else dict(below)
        elif isinstance(value, list):
            value = [dict(one) for one in value]
        if isinstance(value, dict | list):
            inside[name] = value
            for one in value if isinstance(value, list) else [value]:
                if rest:
                    self._expand(account, one, rest)

    def _refunds_of(self, account: str, charge: Object) -> Object:
        found = [dict(one) for one in self.newest_first(account, "refund") if one["charge"] == charge["id"]]
        shown = found[:REFUNDS_SHOWN]
        url = f"/v1/charges/{charge['id']}/refunds"
        return {"object": "list", "data": shown, "has_more": len(found) > REFUNDS_SHOWN, "url": url}
