"""Looks up host names over DNS without threads, so that one tenant's slow zone cannot delay another tenant's names.

Every look-up is made for an asker (a tenant) and uses only that asker's share of the look-ups that run at the same time.
Cancelling a look-up closes its sockets at once. Time limits start with the first query, not while a look-up waits for its turn.
Like the system's resolver it reads /etc/hosts and /etc/resolv.conf (name servers, search list, ndots), and reads them again
when they change.
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
import structlog

from darkroom_servicekit.addresses import literal_address

QUERY_SECONDS_MAX = 1.5
"""For one answer of one name server; then the next server is asked, or the same one again."""
LOOK_UP_SECONDS_MAX = 4.0
"""For all queries of one look-up, from the first one on."""
QUEUE_SECONDS_MAX = 1.0
"""For how long a look-up waits for a turn within its asker's share."""
LOOK_UPS_PER_ASKER_MAX = 4
LOOK_UPS_MAX = 256
CACHE_HOSTS_MAX = 4096
TTL_SECONDS_MIN, TTL_SECONDS_MAX = 5.0, 60.0
"""An answer is kept for its TTL within these bounds: a TTL of 0 would ask for each picture, one of days would outlive a move."""
NOT_FOUND_SECONDS = 5.0
HOSTS, RESOLV_CONF = Path("/etc/hosts"), Path("/etc/resolv.conf")
LOOPBACK = ["127.0.0.1", "::1"]
DNS_PORT = 53
RECORD_TYPES = ("A", "AAAA")

T = TypeVar("T")

log = structlog.get_logger()


class HostNotFound(Exception):
    """DNS says that the name does not exist or has no address."""


class LookUpFailed(Exception):
    """DNS could not be asked: no answer in time, a server failure, or no turn. The name may be a good one."""

    reason = "names a host that could not be looked up; try again"

    def __init__(self, host: str, detail: str) -> None:
        super().__init__(f"{host}: {detail}")


@dataclass(frozen=True)
class Answer:
    """The addresses of a host; none if it has none. Good until `until` on the monotonic clock."""

    addresses: list[str]
    until: float


class HostResolver:
    """Resolves host names for many askers. One per process."""

    def __init__(self, servers: Sequence[str] = (), *, clock: Callable[[], float] = monotonic) -> None:
        """`servers`: `address` or `address:port` of each name server, in place of those in /etc/resolv.conf."""
        self._clock = clock
        self._turns = Turns()
        self._cache: OrderedDict[str, Answer] = OrderedDict()
        self._hosts: FileContents[dict[str, list[str]]] = FileContents(HOSTS, read_hosts, missing={})
        self._servers = [_name_server(server) for server in servers]
        self._resolv_conf = FileContents(RESOLV_CONF, self._configure, missing=self._configure(""))

    async def __call__(self, host: str, *, asker: str) -> list[str]:
        """All addresses of `host`. Raises HostNotFound or LookUpFailed."""
        if known := self._hosts.now().get(host) or _loopback(host):
            return known
        answer = self._cached(host)
        if answer is None:
            answer = await self._ask_in_turn(host, asker)
        if not answer.addresses:
            raise HostNotFound(host)
        return answer.addresses

    async def _ask_in_turn(self, host: str, asker: str) -> Answer:
        try:
            async with self._turns.turn(asker):
                answer = self._cached(host)  # another look-up of the same name may have ended meanwhile
                return answer or self._keep(host, await self._ask(host))
        except NoTurn as error:
            log.warning("host not looked up", host=host, asker=asker, reason="no turn")
            raise LookUpFailed(host, "too many look-ups of this asker are running") from error

    async def _ask(self, host: str) -> Answer:
        """Ask for IPv4 and IPv6 addresses at the same time. One answer with addresses is enough."""
        resolver = self._resolv_conf.now()
        if resolver is None:
            raise LookUpFailed(host, "no name server is configured")
        queries = [resolver.resolve(host, kind, search=True, lifetime=LOOK_UP_SECONDS_MAX) for kind in RECORD_TYPES]
        found = await asyncio.gather(*queries, return_exceptions=True)
        answers = [one for one in found if isinstance(one, dns.resolver.Answer)]
        if answers:
            ttl = min(float(answer.chaining_result.minimum_ttl) for answer in answers)
            addresses = [str(ip_address(record.address)) for answer in answers for record in answer]
            return Answer(list(dict.fromkeys(addresses)), self._clock() + min(max(ttl, TTL_SECONDS_MIN), TTL_SECONDS_MAX))
        for error in found:
            if isinstance(error, BaseException) and not _says_not_found(error):
                log.warning("host not looked up", host=host, reason=type(error).__name__)
                raise LookUpFailed(host, type(error).__name__) from error
        return Answer([], self._clock() + NOT_FOUND_SECONDS)

    def _cached(self, host: str) -> Answer | None:
        answer = self._cache.get(host)
        if answer is not None and answer.until <= self._clock():
            del self._cache[host]
            return None
        return answer

    def _keep(self, host: str, answer: Answer) -> Answer:
        self._cache[host] = answer
        self._cache.move_to_end(host)
        while len(self._cache) > CACHE_HOSTS_MAX:
            self._cache.popitem(last=False)
        return answer

    def _configure(self, text: str) -> dns.asyncresolver.Resolver | None:
        resolver = dns.asyncresolver.Resolver(configure=False)
        try:
            resolver.read_resolv_conf(StringIO(text))
        except dns.resolver.NoResolverConfiguration:
            if not self._servers:
                return None
        if self._servers:
            resolver.nameservers = self._servers
        resolver.timeout = QUERY_SECONDS_MAX
        return resolver


class NoTurn(Exception):
    """All turns of this asker, or of all askers together, were taken for too long."""


@dataclass
class _Share:
    """One asker's turns, kept as long as anyone uses or waits for them."""

    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOOK_UPS_PER_ASKER_MAX))
    users: int = 0


class Turns:
    """How many look-ups run at the same time: few of one asker, many of all."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(LOOK_UPS_MAX)
        self._shares: dict[str, _Share] = {}

    @asynccontextmanager
    async def turn(self, asker: str) -> AsyncIterator[None]:
        """Hold one turn of `asker`. Raises NoTurn after QUEUE_SECONDS_MAX."""
        share = self._shares.setdefault(asker, _Share())
        share.users += 1
        try:
            async with _within(share.turns), _within(self._all):
                yield
        finally:
            share.users -= 1
            if not share.users:
                del self._shares[asker]


@asynccontextmanager
async def _within(turns: asyncio.Semaphore) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(QUEUE_SECONDS_MAX):
            await turns.acquire()
    except TimeoutError as error:
        raise NoTurn from error
    try:
        yield
    finally:
        turns.release()


class FileContents(Generic[T]):
    """What a file says, read again when the file changes; `missing` if there is no such file."""

    def __init__(self, path: Path, read: Callable[[str], T], *, missing: T) -> None:
        self._path = path
        self._read = read
        self._missing = missing
        self._stamp: tuple[int, int, int] | None = None
        self._contents = missing

    def now(self) -> T:
        try:
            found = os.stat(self._path)
            stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
            if stamp != self._stamp:
                self._contents, self._stamp = self._read(self._path.read_text(errors="replace")), stamp
        except OSError:
            self._contents, self._stamp = self._missing, None
        return self._contents


def read_hosts(text: str) -> dict[str, list[str]]:
    """/etc/hosts as addresses by lower-case name, in the file's order."""
    hosts: dict[str, list[str]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if literal_address(address):
            for name in names:
                hosts.setdefault(name.lower(), []).append(address)
    return hosts


def parse_servers(text: str | None) -> list[str]:
    """The setting `address:port,…` as a list."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _name_server(server: str) -> dns.nameserver.Nameserver:
    address, _, port = server.rpartition(":") if server.count(":") == 1 or server.startswith("[") else (server, "", "")
    return dns.nameserver.Do53Nameserver(address.strip("[]"), int(port or DNS_PORT))


def _loopback(host: str) -> list[str] | None:
    """`localhost` is the loopback whatever DNS says (RFC 6761, 6.3)."""
    return LOOPBACK if host == "localhost" or host.endswith(".localhost") else None


def _says_not_found(error: BaseException) -> bool:
    """Whether DNS answered that there is no such name or no address of it, or the text cannot be a name at all."""
    no_such = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN)
    return isinstance(error, (*no_such, dns.exception.SyntaxError, dns.name.NameTooLong))
