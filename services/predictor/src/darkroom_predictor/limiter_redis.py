"""The limiter's connections to Redis. They repeat no command by themselves: an error must surface before the next grant."""

from collections.abc import Awaitable, Callable

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

TIMEOUT_SECONDS = 5.0
CONNECTIONS_MAX = 8


def connect(redis_url: str, on_connect: Callable[[AbstractConnection], Awaitable[None]]) -> Redis:
    """A client that calls `on_connect` for every connection. Who finds all of them in use waits: answers come in crowds."""
    pool = BlockingConnectionPool.from_url(
        redis_url,
        timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        max_connections=CONNECTIONS_MAX,
        retry=Retry(NoBackoff(), 0),
        redis_connect_func=on_connect,
    )
    client: Redis = Redis.from_pool(pool)
    return client
