"""Which events the notifier takes, and all that it does with each."""

from collections.abc import Sequence

from darkroom_contracts.credits import CreditsRejected
from darkroom_contracts.event import Event
from darkroom_servicekit.consumer import BatchHandler, Handlers
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_notifier.frames import TOLD
from darkroom_notifier.inbox.kinds import NOTIFIED

TAKEN: tuple[type[Event], ...] = (CreditsRejected, *TOLD)
"""In the order in which one can be the cause of the next."""


def handlers_of(publish: BatchHandler[Event], record: BatchHandler[Event]) -> Handlers:
    """Every taken event is published as frames; those that people are notified of are recorded as well."""

    async def both(transaction: Transaction, batch: Sequence[Received[Event]]) -> None:
        await record(transaction, batch)
        await publish(transaction, batch)

    handlers = Handlers()
    for kind in TAKEN:
        handlers.on(kind, both if kind in NOTIFIED else publish)
    return handlers
