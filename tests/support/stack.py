"""Real Kafka, PostgreSQL and Redis for tests: given by the environment, else in containers, else the local parts.

Sessions that run at the same time share the local parts (home `.darkroom-test`, fsync off); the last one stops them, unless
DARKROOM_TEST_STACK=keep. Whoever needs to be alone asks for a fresh database, a leased Redis database, topics of its own.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from darkroom_cli.settings import TREE, StackSettings
from darkroom_cli.stack.home import Home
from darkroom_cli.stack.launch import down, up
from darkroom_cli.stack.topics import compare
from darkroom_contracts.topics import TOPICS, Topic
from redis.asyncio import Redis
from support.containers import docker_answers, start_container

TEST_HOME = TREE / ".darkroom-test"
# Leftovers of earlier sessions slow the parts' start; beyond this many folders they begin anew.
LEFT_FOLDERS_MAX = 400
REDIS_DATABASES = 16
# Longer than any session: some of its leases last as long as it does. Only one that was killed leaves any behind.
REDIS_LEASE_SECONDS = 4 * 3600


@dataclass(frozen=True, kw_only=True)
class StackAddresses:
    """Where the parts answer. `postgres_admin_url` may create databases; `redis` is database 0, which nobody's data belong in."""

    kafka: str
    postgres_admin_url: str
    redis: str


@contextmanager
def ensure_parts() -> Iterator[StackAddresses]:
    """The parts, as long as the context lasts."""
    given = {
        "kafka": os.environ.get("DARKROOM_KAFKA_BOOTSTRAP_SERVERS"),
        "postgres": os.environ.get("DARKROOM_DATABASE_URL"),
        "redis": os.environ.get("DARKROOM_REDIS_URL"),
    }
    with ExitStack() as cleanup:
        missing = [part for part, address in given.items() if address is None]
        if missing and docker_answers():
            given |= {part: cleanup.enter_context(start_container(part)) for part in missing}
        elif missing:
            given |= cleanup.enter_context(_local_parts(missing))
        yield StackAddresses(kafka=given["kafka"] or "", postgres_admin_url=given["postgres"] or "", redis=given["redis"] or "")


@contextmanager
def _local_parts(missing: Sequence[str]) -> Iterator[dict[str, str | None]]:
    home = Home(TEST_HOME)
    TEST_HOME.mkdir(exist_ok=True)
    with (TEST_HOME / "users.lock").open("w") as users:
        if _alone(users.fileno()) and home.supervisor_pid() is None and _leftovers(home) > LEFT_FOLDERS_MAX:
            shutil.rmtree(home.data)
        fcntl.flock(users, fcntl.LOCK_SH)
        environ = {**os.environ, "DARKROOM_HOME": str(TEST_HOME), "DARKROOM_STACK_FSYNC": "off", "DARKROOM_PORT": ""}
        settings = StackSettings.from_environment(environ)
        try:
            addresses = up(settings, only=frozenset(missing), replicas={}, tell=lambda _: None).about["addresses"]
            yield {
                part: addresses[name]
                for part, name in (("kafka", "kafka"), ("postgres", "database_admin"), ("redis", "redis"))
                if part in missing
            }
        finally:
            if os.environ.get("DARKROOM_TEST_STACK") != "keep" and _alone(users.fileno()):
                down(home)


def _alone(users: int) -> bool:
    """Whether no other session holds the parts (the lock then is ours alone)."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _leftovers(home: Home) -> int:
    folders = [*home.data.glob("kafka/log/*/"), *home.data.glob("postgres/base/*/")]
    return len(folders)


def unique_name(hint: str) -> str:
    """A name that nobody else uses: for topics, consumer groups, databases, key prefixes."""
    return f"{hint}-{secrets.token_hex(4)}"


async def create_database(parts: StackAddresses, name: str) -> str:
    """A new empty database; its address. Drop it with `drop_database`."""
    database = unique_name(f"darkroom_test_{name}").replace("-", "_")
    admin = await asyncpg.connect(parts.postgres_admin_url)
    try:
        await admin.execute(f"create database {database}")
    finally:
        await admin.close()
    address = urlsplit(parts.postgres_admin_url)
    return urlunsplit((address.scheme, address.netloc, f"/{database}", address.query, ""))


async def drop_database(parts: StackAddresses, url: str) -> None:
    """Remove a database made by `create_database`, also from under open connections."""
    admin = await asyncpg.connect(parts.postgres_admin_url)
    try:
        await admin.execute(f"drop database if exists {urlsplit(url).path.lstrip('/')} with (force)")
    finally:
        await admin.close()


@asynccontextmanager
async def fresh_database(parts: StackAddresses, name: str) -> AsyncIterator[str]:
    """A new empty database for as long as the context lasts; its address."""
    url = await create_database(parts, name)
    try:
        yield url
    finally:
        await drop_database(parts, url)


@asynccontextmanager
async def leased_redis(parts: StackAddresses) -> AsyncIterator[str]:
    """An empty Redis database of one's own (1 to 15; publish/subscribe is shared all the same); its address."""
    async with Redis.from_url(parts.redis) as registry:
        token = secrets.token_hex(8)
        for number in range(1, REDIS_DATABASES):
            lease = f"darkroom-test:database:{number}"
            if await registry.set(lease, token, nx=True, ex=REDIS_LEASE_SECONDS):
                break
        else:
            raise RuntimeError(f"all Redis databases are leased; `redis-cli -u {parts.redis} flushall` if no test runs")
        address = urlsplit(parts.redis)
        url = urlunsplit((address.scheme, address.netloc, f"/{number}", address.query, ""))
        async with Redis.from_url(url) as own:
            await own.flushdb()
            try:
                yield url
            finally:
                await own.flushdb()
                if await registry.get(lease) == token.encode():
                    await registry.delete(lease)


async def create_topics(parts: StackAddresses, topics: Sequence[Topic] = TOPICS) -> None:
    """Make these topics (by default all of the contracts) where they are missing."""
    await compare(parts.kafka, create=True, topics=topics)
