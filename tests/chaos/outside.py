"""Does to the outside world what the plan says: spells of the wire to the provider, and the step of Redis' clock."""

import asyncio
from collections.abc import Sequence

from chaos.outside_plan import ClockStep, Spell
from support.platform import Platform
from support.redis_clock import RedisClock


class Outside:
    """The wire and the clock of one stack; both are set right when the run of them ends, however it ends."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._clock = RedisClock(platform.settings.home)
        self.done: list[str] = []

    async def run(self, spells: Sequence[Spell], step: ClockStep | None) -> None:
        """Do it all, each at its time."""
        begun = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._spells(spells, begun))
            if step is not None:
                group.create_task(self._step(step, begun))

    async def _spells(self, spells: Sequence[Spell], begun: float) -> None:
        try:
            for spell in spells:
                await _until(begun + spell.at_seconds)
                await self._platform.sandbox("PUT", "wire", json=spell.options())
                self.done.append(str(spell))
                await asyncio.sleep(spell.seconds)
                await self._all_passes()
        finally:
            await self._all_passes()

    async def _all_passes(self) -> None:
        await self._platform.sandbox("PUT", "wire", json={"vendor": "replicate", "mode": "pass"})

    async def _step(self, step: ClockStep, begun: float) -> None:
        try:
            await _until(begun + step.at_seconds)
            self._clock.step(step.by_seconds)
            self.done.append(str(step))
            await _until(begun + step.back_at_seconds)
        finally:
            self._clock.step(0.0)


async def _until(at: float) -> None:
    """Wait for a time of the loop's clock."""
    await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
