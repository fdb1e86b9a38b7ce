"""Files the notifications of a batch of events and queues their messages, in the consumer's own transaction.

Old events are only filed. A log that is read anew from its beginning must not write to people about what happened years ago.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from darkroom_contracts.event import Event
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_notifier.inbox.kinds import notification_of
from darkroom_notifier.inbox.store import file_notifications
from darkroom_notifier.messages.digest_rules import MessageLimits
from darkroom_notifier.messages.enqueue_messages import enqueue_messages

log = structlog.get_logger()


class NotificationRecorder:
    """`wake_senders`: by channel, what to call when it has new messages; channels that are not there are not used.

    Nobody gets a message about an event that is `older`.
    """

    def __init__(
        self, wake_senders: Mapping[str, Callable[[], None]], *, older: timedelta, limits: MessageLimits | None = None
    ) -> None:
        self._wake_senders = wake_senders
        self._older = older
        self._limits = limits or MessageLimits()
        self._wanted: WeakKeyDictionary[Transaction, list[UUID]] = WeakKeyDictionary()

    async def on_events(self, transaction: Transaction, batch: Sequence[Received[Event]]) -> None:
        """File what people are told of one kind's events."""
        new = {found.id: (found, received) for received in batch if (found := notification_of(received))}
        if not new:
            return
        filed = await file_notifications(transaction, [found for found, _ in new.values()])
        oldest = transaction.now - self._older
        old = {key for key, (_, received) in new.items() if key in filed and is_older(received.envelope.time, oldest)}
        if old:
            log.warning("nobody gets messages about old events", events=len(old))
        wanted = [key for key, (found, _) in new.items() if key in filed - old and found.told.by_message]
        if transaction not in self._wanted:
            self._wanted[transaction] = []
            transaction.before_commit(lambda: self._enqueue(transaction))
        self._wanted[transaction] += wanted

    async def _enqueue(self, transaction: Transaction) -> None:
        """Queue a batch's messages at once, so that the locks of its tenants are taken in one order and held briefly."""
        channels = frozenset(self._wake_senders)
        for channel in await enqueue_messages(transaction, self._wanted.pop(transaction), channels, limits=self._limits):
            transaction.after_commit(self._wake_senders[channel])


def is_older(time: str, oldest: datetime) -> bool:
    """Whether an event is older than the oldest that counts; an event that does not say when it happened is not."""
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        return False
    return at.tzinfo is not None and at < oldest
