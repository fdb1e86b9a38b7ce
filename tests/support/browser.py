"""A real Chromium for tests and pictures of the pages: every console error, unhandled rejection and failed script is kept."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome")
WAIT_MS_MAX = 60_000
"""For anything to appear or to be done: it only fails a test. (Playwright's own is 5 s.)"""
PHONE = 500
NO_FAULT = ("Failed to load resource", "WebSocket is closed before the connection is established")
"""What Chromium says by itself: of a request that was refused, which the page tells in words, and of a line that was no longer
wanted before it stood, because someone left quickly or the machine was slow."""

expect.set_options(timeout=WAIT_MS_MAX)


def chromium_path() -> str:
    """Where Chromium is. A missing one is a failure, never a skip."""
    given = os.environ.get("CHROMIUM")
    found = given or next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found, "no Chromium: `apt-get install chromium`, or set CHROMIUM to one"
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One browser for many contexts."""
    async with async_playwright() as playwright:
        # As root in a container Chromium cannot make its sandbox; the pages that it opens here are our own.
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Visitor:
    """Someone with a browser window of their own."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Keep what the browser complains about."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"unhandled: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(words in message.text for words in NO_FAULT):
            self.complaints.append(f"{message.type}: {message.text}")


@asynccontextmanager
async def visitor(
    browser: Browser, web: str, *, width: int = 1440, height: int = 900, dark: bool = False, still: bool = False
) -> AsyncIterator[Visitor]:
    """A new window at the platform's address; `still`: of someone who wants no motion."""
    context = await browser.new_context(
        base_url=web,
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce" if still else "no-preference",
        device_scale_factor=2 if width < PHONE else 1,
        has_touch=width < PHONE,
    )
    context.set_default_timeout(WAIT_MS_MAX)
    someone = Visitor(context, await context.new_page())
    someone.listen()
    try:
        yield someone
    finally:
        await context.close()
