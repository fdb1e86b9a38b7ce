"""Kafka, PostgreSQL and Redis in containers, where a Docker daemon answers: the same images as compose."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer
from testcontainers.community.redis import RedisContainer

DOCKER_SECONDS = 2
KAFKA_IMAGE = "confluentinc/cp-kafka:8.0.0"
POSTGRES_IMAGE = "postgres:18"
REDIS_IMAGE = "redis:7.4"


def docker_answers() -> bool:
    """Whether a daemon takes connections (docker-py leaks a socket when none does, hence by hand)."""
    address = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    unix = address.scheme == "unix"
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as connection:
        connection.settimeout(DOCKER_SECONDS)
        try:
            connection.connect(address.path if unix else (address.hostname, address.port or 2375))
        except OSError:
            return False
        return True


@contextmanager
def start_container(part: str) -> Iterator[str]:
    """The part's address as long as the context lasts; `part` is kafka, postgres or redis."""
    match part:
        case "kafka":
            with KafkaContainer(KAFKA_IMAGE).with_kraft() as kafka:
                yield kafka.get_bootstrap_server()
        case "postgres":
            with PostgresContainer(POSTGRES_IMAGE, username="darkroom", dbname="postgres", driver=None) as postgres:
                yield postgres.get_connection_url()
        case _:
            with RedisContainer(REDIS_IMAGE) as redis:
                yield f"redis://{redis.get_container_host_ip()}:{redis.get_exposed_port(6379)}/0"
