"""Health and readiness that tell the truth: ready only when every named check passes now."""

import asyncio
from collections.abc import Awaitable, Callable

from pydantic import BaseModel

CHECK_SECONDS_MAX = 2.0

Check = Callable[[], Awaitable[None]]
"""Returns when the thing is fine; raises with words that say what is wrong."""


class NotReady(Exception):
    """A dependency is not in a state to serve; the message says what is missing."""


class Readiness(BaseModel):
    """The answer of `/readyz`."""

    ready: bool
    checks: dict[str, str]


class Health:
    """The checks of one process."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Make readiness depend on `check`."""
        self._checks[name] = check

    async def readiness(self) -> Readiness:
        """Run all checks at once, each with a deadline."""
        names = list(self._checks)
        answers = await asyncio.gather(*(self._run(self._checks[name]) for name in names))
        checks = dict(zip(names, answers, strict=True))
        return Readiness(ready=all(answer == "ok" for answer in answers), checks=checks)

    @staticmethod
    async def _run(check: Check) -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX):
                await check()
        except TimeoutError:
            return f"no answer within {CHECK_SECONDS_MAX:g} s"
        except Exception as error:  # whatever it is, the caller is told and nothing else breaks
            return f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return "ok"
