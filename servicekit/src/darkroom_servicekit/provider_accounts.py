"""Names of provider accounts: how the predictor and the poller read them from their settings.

An account's name belongs to its token and does not depend on the token's place in the list. The limiter's log, the caps set by
operators, attempts and predictions are all kept under the name.
"""

import hashlib
import re
from collections.abc import Sequence

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""The bound keeps metric labels and Redis keys short."""
RESERVED_NAME = "all"
"""Stands for every account in `darkroom limits set`."""
DIGEST_CHARACTERS = 8


class InvalidAccounts(ValueError):
    """The list of accounts is not usable. The message never contains a token."""


def parse_accounts(provider: str, listed: str) -> dict[str, str]:
    """Return each account's token by its name, in the order of the list `name=token,…`.

    A bare token is named after the provider and the start of its SHA-256 digest: the name is stable and does not disclose the
    token. Raises InvalidAccounts for a bad name, an empty token, and a name or token that stands twice.
    """
    accounts: dict[str, str] = {}
    for place, entry in enumerate((part.strip() for part in listed.split(",") if part.strip()), start=1):
        given, separator, rest = entry.partition("=")
        token = (rest if separator else given).strip()
        name = given.strip() if separator else digest_name(provider, token)
        if not NAME.fullmatch(name) or name == RESERVED_NAME:
            raise InvalidAccounts(
                f"account {place} has a bad name: use up to 40 lower-case letters, digits and hyphens, and not `{RESERVED_NAME}`"
            )
        if not token:
            raise InvalidAccounts(f"account {place} (`{name}`) has no token")
        if name in accounts:
            raise InvalidAccounts(f"account {place}: the name `{name}` is already taken by an account before it")
        if token in accounts.values():
            raise InvalidAccounts(f"account {place} (`{name}`) has the same token as an account before it")
        accounts[name] = token
    return accounts


def digest_name(provider: str, token: str) -> str:
    """Return the name of a token that was given without one."""
    return f"{provider}-{hashlib.sha256(token.encode()).hexdigest()[:DIGEST_CHARACTERS]}"


def former_names(provider: str, accounts: Sequence[str]) -> dict[str, str]:
    """Return today's name by the name that older versions gave to the account in that place of the list."""
    return {f"{provider}-{place}": account for place, account in enumerate(accounts, start=1)}


def misplaced_names(provider: str, accounts: Sequence[str]) -> set[str]:
    """Return the names that are former names of another place, so that an old row could mean either account."""
    former = former_names(provider, accounts)
    place_name = re.compile(rf"{re.escape(provider)}-[1-9][0-9]{{0,3}}")
    return {account for account in accounts if place_name.fullmatch(account) and former.get(account) != account}
