"""How the rows of one relayed batch fare: what was sent, what Kafka refuses for what it is, and whether Kafka is away. Pure."""

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
        self.sent: list[int] = []
        self.refused: list[tuple[Any, BaseException]] = []  # Any: a database row
        self.away: BaseException | None = None
        """The first failure that is no row's fault."""
        self._held: set[tuple[str, str]] = set()

    def may_go(self, row: Any) -> bool:
        """Whether every row before this one, with its topic and key, has been sent."""
        return (row.topic, row.key) not in self._held

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
