"""Which addresses of the outside world we may talk to. Pure; our own list, since `ipaddress.is_global` lets NAT64 loopback pass.

Sources: IANA's special-purpose address registries (IPv4, IPv6), RFC 6052 (NAT64), RFC 4291 (mapped addresses), RFC 5214 (ISATAP).
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import quote, urlsplit

URL_CHARACTERS_MAX = 8192
PORTS = {"http": 80, "https": 443}
NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")

_CLOSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' NAT; Alibaba's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent: a public number that never leaves the machine
        "169.254.0.0/16",  # link-local; the clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})


class RefusedAddress(Exception):
    """An address that we will not fetch from; `reason` is a rule in words, fit for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Target:
    """An address taken apart: where to connect and what to ask for."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """`host:port`, as in the list of what is allowed although private."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def host_header(self) -> str:
        return _bracketed(self.host) if self.port == PORTS[self.scheme] else self.place

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.path}"


def parse_target(url: str) -> Target:
    """Take a URL apart, strictly. Raises RefusedAddress for what two parsers might read in two ways."""
    if len(url) > URL_CHARACTERS_MAX:
        raise RefusedAddress(f"must have at most {URL_CHARACTERS_MAX} characters")
    if any(character <= " " or character in '\\\x7f"<>^`{|}' for character in url):
        raise RefusedAddress("must not contain spaces, control characters or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedAddress("is not a well-formed address") from error
    if parts.scheme not in PORTS:
        raise RefusedAddress("must begin with https:// or http://")
    if "@" in parts.netloc:
        raise RefusedAddress("must not carry a user name or password")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?") if parts.query else ""
    return Target(parts.scheme, _ascii_host(parts.hostname), PORTS[parts.scheme] if port is None else port, path + query)


def literal_address(host: str) -> str | None:
    """The address when `host` is one, in its usual spelling or in another that the C library reads (`127.1`, `0x7f000001`).

    Raises RefusedAddress for a host that ends in a number and is no address: no such name exists in DNS (as in the URL
    standard, https://url.spec.whatwg.org/#ends-in-a-number-checker), so no name server is asked.
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    name = host.removesuffix(".")
    if not NUMBER.fullmatch(name.rpartition(".")[2]):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except OSError as error:
        raise RefusedAddress("names a host that is not valid") from error


def is_public(address: str) -> bool:
    """Whether `address` belongs to the public internet, by our list; an embedded IPv4 address counts as itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return _is_public_v4(parsed) if isinstance(parsed, IPv4Address) else _is_public_v6(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _CLOSED_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id:
        return False
    if address.ipv4_mapped:
        return _is_public_v4(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return False
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)


def _ascii_host(host: str | None) -> str:
    """The host as it is looked up: IDNA folds full-width digits and dots into what they stand for."""
    if not host:
        raise RefusedAddress("must name a host")
    try:
        folded = host.encode("idna").decode().lower()
    except UnicodeError as error:
        raise RefusedAddress("names a host that is not valid") from error
    if "%" in folded or not folded.strip("."):
        raise RefusedAddress("names a host that is not valid")
    return folded


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
