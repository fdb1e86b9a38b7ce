"""What live pages cost: `python -m load.sockets` from `tests/`. A notifier of its own on real parts, thousands of sockets on it.

Measured: from the moment before an ItemCompleted is handed to Kafka until its frame is read here, for every socket of its tenant;
the notifier's memory for each socket; and what many idle ones cost. The clients share the machine, so figures are upper bounds.
"""

import argparse
import asyncio
import base64
import contextlib
import gc
import json
import re
import struct
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import cast

import psutil
import uvloop
from darkroom_contracts.items import ItemCompleted
from load.bench import percentiles
from support.kafka import own_log
from support.notifier_process import Ground, NotifierProcess, example, notifier_process, token_for
from support.service import eventually, migrated
from support.stack import ensure_parts, fresh_database, leased_redis, unique_name

OPENING_AT_ONCE = 50
OPEN_SECONDS_MAX = 300.0
SETTLE_SECONDS = 5.0
WARM_SECONDS = 5.0
ARRIVE_SECONDS_MAX = 30.0
IDLE_SECONDS = 30.0
SOCKETS_OF_A_TENANT_MAX = 50
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
ITEM = re.compile(rb'"itemId":(\d+)')


@dataclass
class Arrivals:
    """When each event was sent, and how long each of its frames took."""

    sent: dict[int, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    counted_from: int = 0

    def frame(self, payload: bytes) -> None:
        found = ITEM.search(payload)
        if found is not None and (item := int(found[1])) >= self.counted_from:
            self.took.append((time.perf_counter() - self.sent[item]) * 1000)


class Client(asyncio.Protocol):
    """A page's socket with as little of its own as can be: reads frames, answers pings (RFC 6455)."""

    def __init__(self, arrivals: Arrivals, token: str) -> None:
        loop = asyncio.get_running_loop()
        self.connected: asyncio.Future[None] = loop.create_future()
        self.closed_with: int | None = None
        self._arrivals = arrivals
        self._token = token
        self._buffer = bytearray()
        self._upgraded = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class
        key = base64.b64encode(b"0123456789abcdef").decode()
        self._transport.write(
            f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 101 " in head.split(b"\r\n")[0], head
            self._upgraded, self._buffer = True, bytearray(rest)
            self._send(TEXT, json.dumps({"type": "connect", "token": self._token}).encode())
        for opcode, payload in self._frames():
            self._take(opcode, payload)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.connected.done():
            self.connected.set_exception(ConnectionError(f"closed with {self.closed_with}"))
        self.closed_with = self.closed_with or 1006

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._send(PONG, payload)
        elif opcode == CLOSE:
            self.closed_with = int.from_bytes(payload[:2], "big")
        elif not self.connected.done():
            assert b'"connected"' in payload, payload
            self.connected.set_result(None)
        else:
            self._arrivals.frame(payload)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        while len(self._buffer) >= 2:
            size, start = self._buffer[1], 2
            if size == 126:
                size, start = int.from_bytes(self._buffer[2:4], "big"), 4
            if len(self._buffer) < start + size or (start == 4 and len(self._buffer) < 4):
                return
            opcode, payload = self._buffer[0] & 15, bytes(self._buffer[start : start + size])
            del self._buffer[: start + size]
            yield opcode, payload

    def _send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = struct.pack("!BB", 128 | opcode, 128 | size) if size < 126 else struct.pack("!BBH", 128 | opcode, 254, size)
        assert self._transport
        self._transport.write(head + bytes(4) + payload)  # the mask zero


@contextlib.asynccontextmanager
async def many(notifier: NotifierProcess, arrivals: Arrivals, tenants: list[str], sockets: int) -> AsyncIterator[list[Client]]:
    """So many connected sockets, spread evenly over the tenants."""
    clients: list[Client] = []
    loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(OPENING_AT_ONCE)
    tokens = {tenant: token_for(tenant) for tenant in tenants}

    async def opened(number: int) -> None:
        async with gate:
            client = Client(arrivals, tokens[tenants[number % len(tenants)]])
            await loop.create_connection(lambda: client, "127.0.0.1", notifier.port)
            await client.connected
            clients.append(client)

    async with asyncio.timeout(OPEN_SECONDS_MAX):
        await asyncio.gather(*(opened(number) for number in range(sockets)))
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


async def live(ground: Ground, notifier: NotifierProcess, *, sockets: int, tenants: int, rate: float, seconds: float) -> None:
    """Events at a steady rate, round the tenants; each reaches all sockets of its tenant."""
    names, arrivals = [unique_name(f"load-{number}") for number in range(tenants)], Arrivals()
    process = psutil.Process(notifier.process.pid)
    before = process.memory_full_info().pss
    started = time.perf_counter()
    async with many(notifier, arrivals, names, sockets) as clients:
        print(f"\n{sockets} sockets of {tenants} tenants, opened in {time.perf_counter() - started:.1f} s")
        await asyncio.sleep(SETTLE_SECONDS)
        report_memory(process, before, sockets)
        total, warm = int(rate * seconds), int(rate * WARM_SECONDS)
        arrivals.counted_from = warm
        cpu, began = _cpu(process), time.perf_counter()
        for number in range(total + warm):
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            arrivals.sent[number] = time.perf_counter()
            await ground.log.hand_over(example(ItemCompleted, names[number % tenants], item_id=number))
        took = time.perf_counter() - began
        expected = total * sockets // tenants

        async def all_arrived() -> bool:
            return len(arrivals.took) >= expected

        await eventually(all_arrived, seconds=ARRIVE_SECONDS_MAX)
        closed = [client.closed_with for client in clients if client.closed_with]
        frames = f"{len(arrivals.took)} frames ({expected} due), {len(closed)} sockets closed"
        print(f"{(total + warm) / took:.0f} events/s over {took:.0f} s, {frames}")
        print(f"  ItemCompleted to its frame, ms (goal: p99 <= 50)   {percentiles(arrivals.took)}")
        print(f"  CPU of the notifier  {100 * (_cpu(process) - cpu) / took:.0f} %")


async def idle(notifier: NotifierProcess, *, sockets: int) -> None:
    """Many sockets to which nothing happens."""
    tenants = [unique_name(f"idle-{number}") for number in range(-(-sockets // SOCKETS_OF_A_TENANT_MAX))]
    process = psutil.Process(notifier.process.pid)
    before = process.memory_full_info().pss
    started = time.perf_counter()
    async with many(notifier, Arrivals(), tenants, sockets) as clients:
        print(f"\n{sockets} idle sockets of {len(tenants)} tenants, opened in {time.perf_counter() - started:.1f} s")
        await asyncio.sleep(SETTLE_SECONDS)
        report_memory(process, before, sockets)
        cpu, began = _cpu(process), time.perf_counter()
        await asyncio.sleep(IDLE_SECONDS)
        share = 100 * (_cpu(process) - cpu) / (time.perf_counter() - began)
        held = sum(client.closed_with is None for client in clients)
        print(f"  held over {IDLE_SECONDS:.0f} s  {held} of {sockets}, CPU of the notifier {share:.1f} %")


def report_memory(process: psutil.Process, before: int, sockets: int) -> None:
    now = process.memory_full_info().pss
    print(f"  memory of the notifier  {before / 1e6:.0f} -> {now / 1e6:.0f} MB: {(now - before) / sockets / 1e3:.1f} kB a socket")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def run(arguments: argparse.Namespace) -> None:
    """Both measurements, each on a notifier started afresh."""
    gc.disable()  # the pauses of the thousands of clients here are not the notifier's
    with ensure_parts() as parts:
        async with own_log(parts) as log, fresh_database(parts, "load") as database, leased_redis(parts) as redis:
            ground = Ground(log, await migrated("notifier", database), redis)
            if arguments.sockets:
                async with notifier_process(ground) as notifier:
                    await live(
                        ground,
                        notifier,
                        sockets=arguments.sockets,
                        tenants=arguments.tenants,
                        rate=arguments.rate,
                        seconds=arguments.seconds,
                    )
            if arguments.idle:
                async with notifier_process(ground) as notifier:
                    await idle(notifier, sockets=arguments.idle)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m load.sockets", description=__doc__)
    parser.add_argument("--sockets", type=int, default=2000)
    parser.add_argument("--tenants", type=int, default=100)
    parser.add_argument("--rate", type=float, default=200.0, help="events a second over all tenants")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--idle", type=int, default=10_000, help="idle sockets")
    uvloop.run(run(parser.parse_args()))
