"""A granted turn becomes an attempt: claim, attempt row and ItemStarted in one transaction, before any paid call."""

import secrets
from dataclasses import dataclass

from darkroom_contracts.predictions import ItemStarted
from darkroom_servicekit.auth import token_digest
from darkroom_servicekit.database import UnitOfWork

from darkroom_predictor.attempt_store import Claim, ClaimedCall, claim
from darkroom_predictor.fair_queue import Grant, LimiterClosed, Turns
from darkroom_predictor.queue_store import epoch_is_current

TOKEN_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Call:
    """A paid call to be made now. The token exists only here and in the call's webhook address."""

    claimed: ClaimedCall
    grant: Grant
    callback_token: str


class ClaimTurns:
    """Claims for one replica (`owner`: its name and this process's own mark)."""

    def __init__(self, unit_of_work: UnitOfWork, provider: str, *, owner: str, lease_seconds: float) -> None:
        self._unit_of_work = unit_of_work
        self._provider = provider
        self._owner = owner
        self._lease_seconds = lease_seconds

    async def __call__(self, turns: Turns) -> list[Call]:
        """The calls that may be made; a turn whose item was not QUEUED any more is burned. Raises LimiterClosed."""
        tokens = {grant.attempt_id: secrets.token_urlsafe(TOKEN_BYTES) for grant in turns.grants}
        grants = {grant.attempt_id: grant for grant in turns.grants}
        claims = [
            Claim(
                item_id=one.place.item_id,
                attempt_id=one.attempt_id,
                account=one.account,
                digest=token_digest(tokens[one.attempt_id]),
            )
            for one in turns.grants
        ]
        async with self._unit_of_work.begin() as transaction:
            if not await epoch_is_current(transaction.connection, self._provider, turns.epoch):
                raise LimiterClosed(f"epoch {turns.epoch} is over")
            claimed = await claim(transaction, claims, epoch=turns.epoch, owner=self._owner, lease_seconds=self._lease_seconds)
            for one in claimed:
                item = one.item
                event = ItemStarted(
                    instance_id=item.instance_id,
                    job_id=item.job_id,
                    item_id=item.item_id,
                    image_id=item.image_id,
                    attempt=item.attempts,
                )
                transaction.publish(event, cause=item.cause)
        return [Call(claimed=one, grant=grants[one.attempt_id], callback_token=tokens[one.attempt_id]) for one in claimed]
