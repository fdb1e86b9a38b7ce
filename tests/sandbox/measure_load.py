"""Measures the sandbox' CPU per prediction: creation, signed webhook, download of the output. A script, not a test.

`python tests/sandbox/measure_load.py [predictions] [at once]`
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from darkroom_sandbox.http_post import HttpPoster

TOKEN = "r8_load0001"
BODY = json.dumps(
    {
        "input": {"prompt": "Product on a pure white background", "image_input": ["http://127.0.0.1:9/p/1.jpg"]},
        "webhook": "{webhook}",
        "webhook_events_filter": ["completed"],
    }
)


class Receiver(asyncio.Protocol):
    """Takes webhooks and counts their outputs' addresses."""

    outputs: asyncio.Queue[str]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.data = transport, b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        if len(body) >= length:
            self.data = body[length:]
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            self.outputs.put_nowait(json.loads(body[:length])["output"])


async def main(count: int, at_once: int) -> None:
    Receiver.outputs = asyncio.Queue()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Receiver, "127.0.0.1", 0)
    webhook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/replicate?token=abcdef0123456789"
    port = 18_991
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"DARKROOM_SANDBOX_PORT": str(port), "DARKROOM_SANDBOX_HOME": home}
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "darkroom_sandbox", env=environment)
        try:
            await _measure(process.pid, port, webhook, count, at_once)
        finally:
            process.terminate()
            await process.wait()


async def _measure(pid: int, port: int, webhook: str, count: int, at_once: int) -> None:
    options = {"seconds": 0, "image": "instant", "limitPerMinute": 1_000_000}
    while True:
        try:
            await _exchange(*await asyncio.open_connection("127.0.0.1", port), "PUT", "/sandbox/replicate", json.dumps(options))
            break
        except OSError:
            await asyncio.sleep(0.1)
    _say(f"idle memory {_pss(pid):.0f} MB")
    poster, body = HttpPoster(), BODY.replace("{webhook}", webhook).encode()
    url = f"http://127.0.0.1:{port}/replicate/v1/models/google/nano-banana/predictions"
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    begun, cpu = time.perf_counter(), _cpu(pid)
    left = iter(range(count))

    async def create() -> None:
        for _ in left:
            assert await poster.post(url, headers, body, timeout_seconds=30) == 201

    async def download() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            address = await Receiver.outputs.get()
            await _exchange(reader, writer, "GET", address.partition(str(port))[2], "")
            done.append(address)

    done: list[str] = []
    tasks = [asyncio.create_task(download()) for _ in range(at_once)]
    await asyncio.gather(*(create() for _ in range(at_once)))
    while len(done) < count:
        await asyncio.sleep(0.01)
    wall, used = time.perf_counter() - begun, _cpu(pid) - cpu
    for task in tasks:
        task.cancel()
    _say(f"{count} predictions in {wall:.1f} s: {count / wall:.0f}/s, sandbox CPU {used / count * 1000:.2f} ms each")
    _say(f"memory {_pss(pid):.0f} MB")


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, path: str, body: str) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: s\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write((head + body).encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return await reader.readexactly(int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pss(pid: int) -> float:
    return int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0]) / 1024


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(main(*(arguments + [5_000, 32][len(arguments) :])))
