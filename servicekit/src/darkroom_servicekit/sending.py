"""How the rows of one relayed batch fare: what was sent, what Kafka refuses for what it is, and whether Kafka is away. Pure."""

from collections.abc import Sequence
from typing import Any

from aiokafka.errors import (
    AuthenticationFailedError,
    BrokerNotAvailableError,
    ClusterAuthorizationFailedError,
    IllegalStateError,
    InvalidProducerEpoch,
    KafkaError,
    KafkaTimeoutError,
    KafkaUnavailableError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    TopicAuthorizationFailedError,
    UnknownProducerId,
    UnknownTopicOrPartitionError,
)

NOT_THE_ROWS_FAULT = (
    AuthenticationFailedError,
    BrokerNotAvailableError,
    ClusterAuthorizationFailedError,
    IllegalStateError,
    InvalidProducerEpoch,
    KafkaTimeoutError,
    KafkaUnavailableError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    TopicAuthorizationFailedError,
    UnknownProducerId,
    OSError,
)
"""Errors of the connection, the producer or our rights, which every row may meet. TimeoutError is an OSError."""


class Sending:
    """What is known of one batch so far. A row waits when one before it, with the same topic and key, was not sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []  # Any: a database row
        self.refused: list[tuple[Any, BaseException]] = []
        self.away: BaseException | None = None
        """The first failure that is no row's fault."""
        self._held: set[tuple[str, str]] = set()

    def may_go(self, row: Any) -> bool:
        """Whether every row before this one, with its topic and key, has been sent."""
        return (row.topic, row.key) not in self._held

    def ended(self, results: Sequence[tuple[Any, BaseException | None]]) -> list[Any]:
        """Take note of how rows ended that were sent together; return those to be sent again, each alone.

        They are the refused ones, any of which may have been refused for its company, and with them the later rows of their keys.
        """
        alone: list[Any] = []
        again: set[tuple[str, str]] = set()
        for row, error in results:
            place = (row.topic, row.key)
            if error is not None and is_kafka_away(error):
                self.failed(row, error)
            elif self.may_go(row) and (error is not None or place in again):
                again.add(place)
                alone.append(row)
            elif self.may_go(row):
                self.sent.append(row)
        return alone

    def failed(self, row: Any, error: BaseException) -> None:
        """Take note that a row was not sent: those behind it wait, and it counts as refused if the fault is its own."""
        if is_kafka_away(error):
            self.away = self.away or error
        elif self.may_go(row):
            self.refused.append((row, error))
        self._held.add((row.topic, row.key))


def is_kafka_away(error: BaseException) -> bool:
    """Whether the same row may be taken later, since its error says nothing about the row."""
    if isinstance(error, UnknownTopicOrPartitionError):
        return False
    return isinstance(error, NOT_THE_ROWS_FAULT) or (isinstance(error, KafkaError) and bool(error.retriable))
