"""The resolver against a real name server that swallows one zone."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from darkroom_servicekit import resolver as module
from darkroom_servicekit.resolver import (
    LOOK_UPS_PER_ASKER_MAX,
    HostNotFound,
    HostResolver,
    LookUpFailed,
    parse_servers,
    read_hosts,
)
from support.name_server import NameServer, running_name_server
from support.service import eventually

NAMES = {
    "good.test.": ["1.1.1.1", "2606:4700::1111"],
    "four.test.": ["1.1.1.1"],
    "empty.test.": [],
    "mapped.test.": ["::ffff:8.8.8.8"],
}


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    async with running_name_server(NAMES) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def resolve(server: NameServer, clock: Clock) -> HostResolver:
    return HostResolver([server.place], clock=clock)


async def test_a_name_has_its_addresses_of_both_kinds(resolve: HostResolver) -> None:
    assert await resolve("good.test", asker="a") == ["1.1.1.1", "2606:4700::1111"]


async def test_a_name_with_one_kind_of_address_is_found(resolve: HostResolver) -> None:
    assert await resolve("four.test", asker="a") == ["1.1.1.1"]


async def test_a_mapped_address_is_spelled_as_python_spells_it(resolve: HostResolver) -> None:
    [address] = await resolve("mapped.test", asker="a")
    assert address == str(ip_address("::ffff:8.8.8.8"))


@pytest.mark.parametrize("host", ["none.test", "empty.test", "a" * 64 + ".test", ".".join(["a" * 60] * 5)])
async def test_a_name_that_does_not_exist_or_has_no_address_is_not_found(resolve: HostResolver, host: str) -> None:
    with pytest.raises(HostNotFound):
        await resolve(host, asker="a")


async def test_a_server_failure_says_nothing_of_the_name(server: NameServer, resolve: HostResolver) -> None:
    server.failing.add("good.test.")
    with pytest.raises(LookUpFailed):
        await resolve("good.test", asker="a")
    server.failing.clear()
    assert await resolve("good.test", asker="a")


async def test_a_silent_server_says_nothing_of_the_name(resolve: HostResolver) -> None:
    with pytest.raises(LookUpFailed):
        await resolve("x.slow.test", asker="a")


async def test_one_askers_silent_names_delay_no_other_asker(resolve: HostResolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_UP_SECONDS_MAX", 60.0)
    monkeypatch.setattr(module, "QUEUE_SECONDS_MAX", 60.0)
    slow = [asyncio.create_task(resolve(f"{number}.slow.test", asker="a")) for number in range(50)]
    assert await resolve("good.test", asker="b")
    assert not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_an_asker_has_no_more_than_its_share_of_look_ups(server: NameServer, resolve: HostResolver) -> None:
    slow = [asyncio.create_task(resolve(f"{number}.slow.test", asker="a")) for number in range(50)]
    ended = await asyncio.gather(*slow, return_exceptions=True)
    assert all(isinstance(one, LookUpFailed) for one in ended)
    assert len({name for name, _ in server.asked}) == LOOK_UPS_PER_ASKER_MAX


async def test_a_cancelled_look_up_gives_its_turn_back_at_once(server: NameServer, resolve: HostResolver) -> None:
    slow = [asyncio.create_task(resolve(f"{number}.slow.test", asker="a")) for number in range(LOOK_UPS_PER_ASKER_MAX)]

    async def all_asked() -> bool:
        return len({name for name, _ in server.asked}) == LOOK_UPS_PER_ASKER_MAX

    await eventually(all_asked)
    for task in slow:
        task.cancel()
    assert await resolve("good.test", asker="a")
    assert all(task.cancelled() for task in slow)
    assert not resolve._turns._shares


async def test_an_answer_is_kept_for_a_while_and_then_asked_for_again(
    server: NameServer, resolve: HostResolver, clock: Clock
) -> None:
    for _ in range(3):
        await resolve("good.test", asker="a")
    assert len(server.asked) == 2
    clock.now = 61.0
    await resolve("good.test", asker="a")
    assert len(server.asked) == 4


async def test_that_a_name_does_not_exist_is_kept_for_seconds_only(
    server: NameServer, resolve: HostResolver, clock: Clock
) -> None:
    with pytest.raises(HostNotFound):
        await resolve("new.test", asker="a")
    server.addresses["new.test."] = ["1.1.1.1"]
    with pytest.raises(HostNotFound):
        await resolve("new.test", asker="a")
    clock.now = 5.1
    assert await resolve("new.test", asker="a") == ["1.1.1.1"]


async def test_the_cache_forgets_the_oldest_names(
    server: NameServer, resolve: HostResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CACHE_HOSTS_MAX", 1)
    for host in ("good.test", "four.test", "good.test"):
        await resolve(host, asker="a")
    assert [name for name, kind in server.asked if kind == "A"] == ["good.test.", "four.test.", "good.test."]


async def test_localhost_and_the_hosts_file_need_no_name_server(
    server: NameServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = tmp_path / "hosts"
    monkeypatch.setattr(module, "HOSTS", hosts)
    resolve = HostResolver([server.place])
    assert "127.0.0.1" in await resolve("localhost", asker="a")
    with pytest.raises(HostNotFound):
        await resolve("inside.test", asker="a")
    hosts.write_text("10.0.0.7 inside.test  # ours\n")
    assert await resolve("inside.test", asker="a") == ["10.0.0.7"]


async def test_the_name_servers_of_resolv_conf_and_its_search_list_are_used(
    server: NameServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = tmp_path / "resolv.conf"
    monkeypatch.setattr(module, "RESOLV_CONF", configuration)
    nobody = HostResolver()
    with pytest.raises(LookUpFailed):
        await nobody("good", asker="a")
    configuration.write_text("search test\nnameserver 127.0.0.2\n")
    resolve = HostResolver([server.place])
    assert await resolve("good", asker="a") == ["1.1.1.1", "2606:4700::1111"]
    configured = nobody._resolv_conf.now()
    assert configured is not None
    assert configured.nameservers == ["127.0.0.2"]


def test_a_hosts_file_is_read_by_name() -> None:
    text = "127.0.0.1 localhost\n# 1.1.1.1 no\n10.0.0.7 Db db.inside # c\nnonsense db\n10.0.0.8 db\n\n"
    assert read_hosts(text) == {"localhost": ["127.0.0.1"], "db": ["10.0.0.7", "10.0.0.8"], "db.inside": ["10.0.0.7"]}


def test_name_servers_are_read_from_a_list() -> None:
    assert parse_servers(" 10.0.0.2:53, ::1 ,") == ["10.0.0.2:53", "::1"]
    assert parse_servers(None) == []
