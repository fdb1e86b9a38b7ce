"""The real parts under `darkroom up`: no-op, side by side, killed hard and back with their data, nothing left behind."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from darkroom_cli.stack.databases import make_all
from darkroom_cli.stack.plan import read_plan
from darkroom_cli.stack.topics import compare
from darkroom_contracts.topics import Topic
from redis.asyncio import Redis
from support.home import OwnHome, alive, wait_until

PARTS = "postgres,redis,kafka"
TOPIC = Topic(name="darkroom.kept", writer="test", purpose="outlives a kill", partitions=1)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnHome]:
    own = OwnHome(tmp_path_factory.mktemp("home"))
    try:
        own.up("--only", PARTS)
        yield own
    finally:
        own.stop()


def _pids(status: dict[str, list[dict[str, object]]]) -> dict[object, object]:
    return {process["name"]: process["pid"] for process in status["processes"]}


def _kill(own: OwnHome, name: str) -> None:
    """Kill it hard; returns when another process is ready in its place."""
    before = own.task(name)
    os.kill(before["pid"], signal.SIGKILL)
    wait_until(lambda: own.task(name)["pid"] not in (None, before["pid"]), f"{name} is started again")
    wait_until(lambda: own.task(name)["state"] == "ready", f"{name} is ready again")
    assert own.task(name)["restarts"] > before["restarts"]


def test_status_names_every_part_with_its_address(own: OwnHome) -> None:
    answer = own.run("status", "--json")
    status = own.status()
    assert answer.returncode == 0
    assert status["state"] == "ready"
    assert [process["name"] for process in status["processes"]] == ["postgres", "redis", "kafka"]
    assert all(process["state"] == "ready" and process["rssBytes"] > 1_000_000 for process in status["processes"])
    assert status["kafka"].startswith("127.0.0.1:")
    assert status["redis"].startswith("redis://127.0.0.1:")
    assert set(status["databases"]) == {"jobs-api", "credits", "predictor", "poller", "notifier"}


def test_up_again_changes_nothing(own: OwnHome) -> None:
    before = _pids(own.status())
    assert _pids(own.up("--only", PARTS)) == before
    assert _pids(own.up("--only", "redis")) == before


async def test_each_service_reaches_its_own_database_and_no_other(own: OwnHome) -> None:
    urls = own.status()["databases"]
    connection = await asyncpg.connect(urls["poller"])
    try:
        assert await connection.fetchval("select current_database() || ' ' || current_user") == "darkroom_poller darkroom_poller"
        await connection.execute("create table if not exists mine (id int)")
    finally:
        await connection.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(urls["poller"].rpartition("/")[0] + "/darkroom_credits")


async def test_the_database_of_credits_belongs_to_a_role_that_the_service_does_not_have(own: OwnHome) -> None:
    urls = own.status()["databases"]
    connection = await asyncpg.connect(urls["credits"])
    try:
        owner = "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
        assert await connection.fetchval("select current_user") == "darkroom_credits"
        assert await connection.fetchval(owner) == "darkroom_credits_owner"
        assert not await connection.fetchval("select pg_has_role('darkroom_credits_owner', 'MEMBER')")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("create table mine (id int)")
    finally:
        await connection.close()


async def test_a_database_from_before_its_owner_was_another_role_is_handed_over(own: OwnHome) -> None:
    address = read_plan(own.home.plan).about["addresses"]["database_admin"]
    parts = urlsplit(address)
    server = f"{parts.scheme}://{{}}@{parts.netloc.rpartition('@')[2]}/darkroom_old"
    role, owner = server.format("darkroom_old:one"), server.format("darkroom_old_owner:two")
    await make_all(address, [role], {})
    before = await asyncpg.connect(role)
    await before.execute("create table kept (word text); insert into kept values ('here')")
    await before.close()
    for _again in range(2):
        await make_all(address, [role], {role: owner})
    after = await asyncpg.connect(owner)
    try:
        await after.execute("grant select on kept to darkroom_old; alter table kept add column more int")
    finally:
        await after.close()
    service = await asyncpg.connect(role)
    try:
        assert await service.fetchval("select word from kept") == "here"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute("drop table kept")
    finally:
        await service.close()


async def test_postgres_killed_hard_is_back_with_its_data(own: OwnHome) -> None:
    url = own.status()["databases"]["jobs-api"]
    connection = await asyncpg.connect(url)
    await connection.execute("create table kept (word text); insert into kept values ('here')")
    connection.terminate()
    _kill(own, "postgres")
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("select word from kept") == "here"
    finally:
        await connection.close()


async def test_redis_killed_hard_is_back_with_its_data(own: OwnHome) -> None:
    async with Redis.from_url(own.status()["redis"]) as redis:
        await redis.set("kept", "here")
    _kill(own, "redis")
    async with Redis.from_url(own.status()["redis"]) as redis:
        assert await redis.get("kept") == b"here"


async def test_kafka_killed_hard_is_back_with_its_log(own: OwnHome) -> None:
    address = own.status()["kafka"]
    states = await compare(address, create=True, topics=[TOPIC])
    assert [(state.created, state.drift) for state in states] == [(True, ())]
    async with AIOKafkaProducer(bootstrap_servers=address, enable_idempotence=True) as producer:
        await producer.send_and_wait(TOPIC.name, b"here")
    _kill(own, "kafka")
    async with AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(TOPIC.name, 0)])
        assert (await consumer.getone()).value == b"here"
    again = await compare(address, create=True, topics=[TOPIC])
    assert [(state.created, state.partitions, state.drift) for state in again] == [(False, 1, ())]


def test_two_homes_side_by_side(own: OwnHome, tmp_path: Path) -> None:
    other = OwnHome(tmp_path)
    try:
        theirs, ours = other.up("--only", "postgres,redis"), own.status()
        assert theirs["redis"] != ours["redis"]
        assert not set(_pids(theirs).values()) & set(_pids(ours).values())
        left = other.pids()
        other.stop()
        wait_until(lambda: not alive(left), "nothing of it is left")
        assert other.status()["state"] == "stopped"
        assert _pids(own.status()) == _pids(ours)
    finally:
        other.stop()


def test_given_addresses_are_used_and_nothing_is_started_for_them(own: OwnHome, tmp_path: Path) -> None:
    status = own.status()
    server = read_plan(own.home.plan).about["addresses"]["database_admin"]
    given = {
        "DARKROOM_REDIS_URL": status["redis"],
        "DARKROOM_KAFKA_BOOTSTRAP_SERVERS": status["kafka"],
        "DARKROOM_DATABASE_URL": server,
        "DARKROOM_DATABASE_URL_POLLER": "postgresql://somewhere/else",
    }
    other = OwnHome(tmp_path, given)
    try:
        theirs = other.up("--only", PARTS)
        assert theirs["processes"] == []
        assert (theirs["redis"], theirs["kafka"]) == (status["redis"], status["kafka"])
        assert theirs["databases"]["credits"] == server.rpartition("/")[0] + "/darkroom_credits"
        assert theirs["databases"]["poller"] == "postgresql://somewhere/else"
        assert other.task("databases")["state"] == "done"
    finally:
        other.stop()


def test_a_killed_supervisor_leaves_nothing_and_up_heals(own: OwnHome) -> None:
    pids = own.pids()
    assert len(pids) > 4
    supervisor = own.home.supervisor_pid()
    assert supervisor is not None
    psutil.Process(supervisor).kill()
    wait_until(lambda: not alive(pids), "nothing is left")
    answer = own.run("status", "--json")
    assert (answer.returncode, '"stopped"' in answer.stdout) == (1, True)
    assert own.up("--only", PARTS)["state"] == "ready"


def test_down_leaves_nothing_and_down_again_is_fine(own: OwnHome) -> None:
    pids = own.pids()
    assert own.run("down").returncode == 0
    wait_until(lambda: not alive(pids), "nothing is left")  # the supervisor itself ends while `down` does
    again = own.run("down")
    assert (again.returncode, again.stderr) == (0, "nothing runs\n")
