"""Does to the running stack what the plan says: SIGKILL, SIGSTOP for a while, FLUSHALL. The sandbox is spared."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress

import psutil
from chaos.plan import Fault
from darkroom_cli.stack.home import Home, read_json
from redis.asyncio import Redis
from redis.exceptions import RedisError

WIPE_TRIES_MAX = 60
WIPE_AGAIN_SECONDS = 0.5


class Faults:
    """The faults of one plan on one stack."""

    def __init__(self, home: Home, redis_url: str) -> None:
        self._home = home
        self._redis_url = redis_url
        self.done: list[str] = []
        """What was really done; a process that was just then starting anew is left alone."""

    async def run(self, faults: Sequence[Fault]) -> None:
        """Do them all, each at its time; returns when every frozen process runs again."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(max(0.0, begun + fault.at_seconds - clock()))
                if fault.kind == "wipe":
                    group.create_task(self._wipe(fault))
                elif (process := self._process(fault.target)) is None:
                    self.done.append(f"{fault} (was not running)")
                elif fault.kind == "kill":
                    self.done.append(str(fault))
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                else:
                    self.done.append(str(fault))
                    group.create_task(self._freeze(process, fault.seconds))

    def _process(self, name: str) -> psutil.Process | None:
        tasks = (read_json(self._home.state) or {}).get("tasks", [])
        pid = next((task["pid"] for task in tasks if task["name"] == name), None)
        if pid is None:
            return None
        try:
            return psutil.Process(pid)
        except psutil.NoSuchProcess:
            return None

    async def _freeze(self, process: psutil.Process, seconds: float) -> None:
        # PostgreSQL's work is done by its children. Those it has when it wakes are woken too: it made none while it was frozen.
        with suppress(psutil.NoSuchProcess):
            family = [process, *process.children(recursive=True)]
            send(family, signal.SIGSTOP)
            try:
                await asyncio.sleep(seconds)
            finally:
                send(family, signal.SIGCONT)

    async def _wipe(self, fault: Fault) -> None:
        """Empty Redis, as soon as it answers."""
        for _ in range(WIPE_TRIES_MAX):
            try:
                async with Redis.from_url(self._redis_url, socket_timeout=2) as redis:
                    await redis.flushall()
            except (RedisError, OSError):
                await asyncio.sleep(WIPE_AGAIN_SECONDS)
            else:
                self.done.append(str(fault))
                return
        self.done.append(f"{fault} (Redis did not answer)")


def send(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    """A signal to those that still live."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
