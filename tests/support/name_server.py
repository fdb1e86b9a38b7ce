"""A real DNS server over UDP for tests: answers from a table, refuses what it is told to refuse, swallows a silent zone."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SILENT_ZONE = "slow.test."
"""No question about a name in this zone is ever answered."""
TTL_SECONDS = 300


@dataclass
class NameServer:
    """`addresses` by absolute name; other names do not exist. `failing` names are answered with SERVFAIL."""

    addresses: dict[str, list[str]]
    failing: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Every question, as name and record type."""
    port: int = 0

    @property
    def place(self) -> str:
        """The server as `dns_servers` takes it."""
        return f"127.0.0.1:{self.port}"

    def answer(self, question: bytes) -> bytes | None:
        """The answer to one datagram; None for a name in the silent zone."""
        query = dns.message.from_wire(question)
        [asked] = query.question
        name, kind = asked.name.to_text().lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        if name.endswith(SILENT_ZONE):
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.addresses:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif found := [one for one in self.addresses[name] if (":" in one) == (kind == "AAAA")]:
            response.answer.append(dns.rrset.from_text(name, TTL_SECONDS, "IN", kind, *found))
        return response.to_wire()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data)
        if answer is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def running_name_server(addresses: Mapping[str, list[str]]) -> AsyncIterator[NameServer]:
    """The server on a port of its own, with these absolute names (`good.test.`)."""
    server = NameServer(dict(addresses))
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(server), local_addr=("127.0.0.1", 0))
    server.port = transport.get_extra_info("sockname")[1]
    try:
        yield server
    finally:
        transport.close()
