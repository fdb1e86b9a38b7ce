"""Idempotency keys (external API facts, Stripe 3.6): the first answer of a request that began is kept and given again."""

from dataclasses import dataclass

from darkroom_sandbox.stripe.errors import StripeError

KEYS_MAX = 20_000
KEY_CHARACTERS_MAX = 255


@dataclass
class _Kept:
    request: str
    status: int | None = None
    body: bytes = b""


class Idempotency:
    """Answers by account and key."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    def begin(self, account: str, key: str, request: str) -> tuple[int, bytes] | None:
        """The answer to give again, None for the first request. Raises StripeError: other parameters, or still under way."""
        if len(key) > KEY_CHARACTERS_MAX:
            raise StripeError(400, "Idempotency keys have at most 255 characters.", kind="idempotency_error")
        kept = self._kept.get((account, key))
        if kept is None:
            self._kept[account, key] = _Kept(request)
            if len(self._kept) > KEYS_MAX:
                del self._kept[next(iter(self._kept))]
            return None
        if kept.request != request:
            message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
            raise StripeError(400, message, kind="idempotency_error")
        if kept.status is None:
            message = "There is currently another in-progress request using this Idempotent Key."
            raise StripeError(409, message, kind="idempotency_error", code="idempotency_key_in_use")
        return kept.status, kept.body

    def end(self, account: str, key: str, status: int, body: bytes) -> None:
        """Keep the answer."""
        kept = self._kept.get((account, key))
        if kept is not None:
            kept.status, kept.body = status, body

    def forget(self, account: str, key: str) -> None:
        """Nothing was executed, so nothing is kept."""
        self._kept.pop((account, key), None)
