"""Which addresses the guard refuses: spellings, ranges, embedded addresses, names."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from darkroom_servicekit.addresses import RefusedAddress, is_public, parse_target
from darkroom_servicekit.fetch import AddressGuard, FetchFailed, Resolver, SafeFetcher, UnresolvedHost, parse_allow
from darkroom_servicekit.resolver import HostNotFound

CLOSED_ADDRESSES = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254 168.63.129.16
169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1
192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255
:: ::1 ::127.0.0.1 ::7f00:1 ::10.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::10.1.2.3 64:ff9b:1::808:808 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2002:808:808::1 2620:4f:8000::1 3fff::1 4000::1
5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%1 2606:4700::1%1 fec0::1 ff02::1 ff0e::1
2606:4700::5efe:7f00:1 2606:4700::200:5efe:808:808
""".split()  # noqa: SIM905  # one a line would be pages

OPEN_ADDRESSES = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.255.255 172.15.255.255
172.32.0.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808 2003::1
""".split()  # noqa: SIM905  # one a line would be pages

LOOPBACK_SPELLINGS = """
127.0.0.1 127.1 127.0.1 127.00.00.01 0177.0.0.1 0x7f.0.0.1 0x7f.1 0x7f000001 2130706433 017700000001 0 0.0.0.0 0x0 00
127.0.0.1. 127.127.127.127 [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1]
[2002:7f00:1::] localhost LOCALHOST LocalHost １２７.０.０.１ ①②⑦.⓪.⓪.① 127。0。0。1 127．0．0．1 ２１３０７０６４３３ ⓪
[fe80::1] 169.254.169.254 0xa9fea9fe 2852039166
10.0.0.1 0xa.0.0.1 012.0.0.1 192.168.1 172.16.1 100.64.1 198.18.1 224.1 255.255.255.255
""".split()  # noqa: SIM905  # one a line would be pages

BAD_URLS = [
    "",
    "127.0.0.1",
    "//127.0.0.1/",
    "ftp://1.1.1.1/",
    "file:///etc/passwd",
    "gopher://1.1.1.1/",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "http:///x",
    "http://",
    "https://:443/",
    "http://user@1.1.1.1/",
    "http://user:pw@1.1.1.1/",
    "http://@1.1.1.1/",
    "http://1.1.1.1@127.0.0.1/",
    "http://1.1.1.1:80@127.0.0.1/",
    "http://127.0.0.1\\@1.1.1.1/",
    "http://1.1.1.1\\.evil/",
    "http://1.1.1.1/\r\nHost: x",
    "http://1.1.1.1/ x",
    "http://1.1.1.1\t/",
    "http://1.1.1.1\x00/",
    " http://1.1.1.1/",
    "http://1.1.1.1:99999/",
    "http://1.1.1.1:port/",
    "http://1.1.1.1:22/",
    "http://1.1.1.1:0/",
    "http://1.1.1.1:8080/",
    "http://[::1/",
    "http://[::1]x/",
    "http://[fe80::1%25eth0]/",
    "http://%31%32%37.0.0.1/",
    "http://a..b/",
    "http://./",
    "http://" + "a" * 64 + ".com/",
    "http://1.1.1.1/" + "a" * 9000,
]


class Listener:
    """A socket on 127.0.0.1 that counts who connects."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    def taken(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    counted = Listener()
    servers = [await asyncio.start_server(counted.taken, "127.0.0.1", 0)]
    counted.port = servers[0].sockets[0].getsockname()[1]
    with suppress(OSError):  # the usual port too, where we may
        servers.append(await asyncio.start_server(counted.taken, "127.0.0.1", 80))
    yield counted
    for server in servers:
        server.close()


def answers(*addresses: str) -> Resolver:
    async def resolve(host: str, *, asker: str) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
def test_what_is_not_the_public_internet_is_closed(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN_ADDRESSES)
def test_the_public_internet_right_up_to_the_borders_is_open(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
async def test_no_spelling_of_a_closed_address_is_connected_to(host: str, listener: Listener) -> None:
    guard = AddressGuard(frozenset())
    fetcher = SafeFetcher(guard)
    for url in (f"http://{host}/", f"https://{host}/", f"http://{host}:{listener.port}/"):
        with pytest.raises(RefusedAddress):
            await guard.check(url, asker="shop")
        with pytest.raises((RefusedAddress, FetchFailed)):
            await fetcher.fetch(url, bytes_max=1000, timeout_seconds=5, asker="shop")
    assert listener.connections == 0


@pytest.mark.parametrize("url", BAD_URLS)
async def test_an_address_that_breaks_a_rule_is_refused_with_words(url: str) -> None:
    with pytest.raises(RefusedAddress) as refused:
        await AddressGuard(frozenset(), resolve=answers("1.1.1.1")).check(url, asker="shop")
    assert refused.value.reason.startswith(("must", "is not", "names"))


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
async def test_one_closed_address_among_a_names_answers_is_enough_to_refuse(address: str) -> None:
    guard = AddressGuard(frozenset(), resolve=answers("1.1.1.1", address))
    with pytest.raises(RefusedAddress, match="public internet"):
        await guard.check("https://shop.example/a.jpg", asker="shop")


async def test_a_name_with_public_addresses_alone_is_accepted() -> None:
    await AddressGuard(frozenset(), resolve=answers("1.1.1.1", "2606:4700::1")).check(
        "https://shop.example/a.jpg?x=1#y", asker="shop"
    )


async def test_a_name_without_an_address_is_told_apart() -> None:
    async def nothing(host: str, *, asker: str) -> list[str]:
        raise HostNotFound(host)

    with pytest.raises(UnresolvedHost):
        await AddressGuard(frozenset(), resolve=nothing).check("https://shop.example/", asker="shop")


async def test_allowed_pairs_are_exact() -> None:
    guard = AddressGuard(parse_allow("127.0.0.1:9000, Sandbox:8080,[::1]:7000"), resolve=answers("10.0.0.5"))
    for url in ("http://127.0.0.1:9000/x", "http://SANDBOX:8080/", "http://[::1]:7000/"):
        await guard.check(url, asker="shop")
    for url in ("http://127.0.0.1:9001/", "http://127.0.0.1/", "http://127.0.0.2:9000/", "http://sandbox/", "http://127.1:9000/"):
        with pytest.raises(RefusedAddress):
            await guard.check(url, asker="shop")


def test_a_target_says_the_same_as_the_address() -> None:
    target = parse_target("http://Bücher.example:8080/ä b".replace(" ", "%20") + "?q=ü&x=%2F#part")
    assert target.host == "xn--bcher-kva.example"
    assert target.host_header == "xn--bcher-kva.example:8080"
    assert target.path == "/%C3%A4%20b?q=%C3%BC&x=%2F"
