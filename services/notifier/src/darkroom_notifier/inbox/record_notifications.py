"""Files the notifications of a batch of events and queues their messages, in the consumer's own transaction."""

from collections.abc import Callable, Mapping, Sequence

from darkroom_contracts.event import Event
from darkroom_servicekit.database import Transaction
from darkroom_servicekit.stages import Received

from darkroom_notifier.inbox.kinds import notification_of
from darkroom_notifier.inbox.store import file_notifications
from darkroom_notifier.messages.store import queue_messages


class NotificationRecorder:
    """`wake_senders`: by channel, what to call when it has new messages; channels that are not there are not used."""

    def __init__(self, wake_senders: Mapping[str, Callable[[], None]]) -> None:
        self._wake_senders = wake_senders

    async def on_events(self, transaction: Transaction, batch: Sequence[Received[Event]]) -> None:
        """File what people are told of one kind's events."""
        new = [found for received in batch if (found := notification_of(received))]
        if not new:
            return
        filed = await file_notifications(transaction, new)
        wanted = [one.id for one in new if one.id in filed and one.told.by_message]
        for channel in await queue_messages(transaction, wanted, frozenset(self._wake_senders)):
            transaction.after_commit(self._wake_senders[channel])
