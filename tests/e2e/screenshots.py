"""`make screenshots`: every page in light, dark and phone width, from the running stack, into `.darkroom-screenshots/`.

Not a test: the pictures are for people to look at. It orders a job or two as the sample shop, as anyone might, one of them with
the sandbox' studio refusing everything, so that failures and dead letters are there to be seen.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
from darkroom_cli.settings import TREE, StackSettings
from darkroom_cli.stack.status import status_document
from playwright.async_api import Browser, Page, expect
from support.browser import PHONE, Visitor, chromium, visitor

FOLDER = TREE / ".darkroom-screenshots"
SHOP = "demo"
PROMPT = "Clean white background, soft natural shadow, true colours"
FILL = """async () => {
  const jobs = await (await fetch('/api/image-optimization/jobs?limit=20')).json();
  if (new Set(jobs.jobs.map(one => one.productId)).size > 4) return false;
  const { products } = await (await fetch('/api/products?limit=100')).json();
  for (const { id, name, images } of products.slice(2).filter((_, at) => at % 5 === 0).slice(0, 6)) {
    const prompt = 'Clean white background, soft shadow';
    const wanted = images.slice(0, 4).map(one => ({ imageId: one.id, imageUrl: one.url, prompt }));
    await fetch('/api/image-optimization', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ productId: id, productName: name, images: wanted }),
    });
  }
  return true;
}"""
"""Orders pictures of some more products, where there are few."""
FILL_SECONDS = 30
FAIL = """async () => {
  const { products } = await (await fetch('/api/products?limit=100')).json();
  const { id, name, images } = products[2];
  const wanted = images.slice(0, 2).map(one => ({ imageId: one.id, imageUrl: one.url, prompt: 'On a beach at noon' }));
  const body = JSON.stringify({ productId: id, productName: name, images: wanted });
  const sent = await fetch('/api/image-optimization', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  const { job } = await sent.json();
  for (let look = 0; look < 60; look += 1) {
    const now = await (await fetch(`/api/image-optimization/jobs/${job.id}`)).json();
    if (!['PENDING', 'RUNNING'].includes(now.job.status)) return;
    await new Promise(done => setTimeout(done, 1000));
  }
}"""
"""Orders two pictures and waits for their end."""
SETTLED = """async () => {
  const seen = [...document.images].filter(one => !one.complete && one.getBoundingClientRect().top < innerHeight);
  const loaded = Promise.all(seen.map(one => new Promise(done => { one.onload = one.onerror = done; })));
  await Promise.race([loaded, new Promise(done => setTimeout(done, 3000))]);
  await new Promise(done => setTimeout(done, 350));
}"""
"""All pictures in sight are there, and what fades in has done so."""
LOOKS = {
    "light": (1440, 900, False),
    "dark": (1440, 900, True),
    "phone": (375, 812, False),
    "phone-dark": (375, 812, True),
    "wide": (2560, 1300, False),
}


WISHES = """async () => {
  await fetch('/api/notifications/preferences', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'anna@demo.example', phone: '+4915112345678' }),
  });
}"""
"""So that there are messages to be seen."""


async def main(looks: list[str]) -> None:
    """Take them all, or only those looks that are named."""
    status = status_document(StackSettings.from_environment().home)
    FOLDER.mkdir(exist_ok=True)
    async with chromium() as browser:
        for look in looks or LOOKS:
            await _shop(browser, status, look)
            await _operator(browser, status, look)


async def _shop(browser: Browser, status: dict[str, Any], look: str) -> None:
    """What a shop sees."""
    async with _visitor(browser, status, look) as someone:
        page = someone.page
        await page.goto("/")
        await _keep(page, look, "01-sign-in")
        await page.get_by_role("button", name="shop-c", exact=True).click()
        await page.get_by_role("link", name="Ongoing").last.click()
        await expect(page.get_by_role("heading", name="Nothing is being worked on")).to_be_visible()
        await _keep(page, look, "02-empty")
        await page.get_by_role("button", name="Shop shop-c").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_role("button", name=SHOP, exact=True).click()
        await page.get_by_role("navigation", name="Main").wait_for()
        await page.goto("/optimise")
        await expect(page.get_by_role("searchbox", name="Search products")).to_be_visible()
        await page.evaluate(WISHES)
        await _keep(page, look, "03-optimise")
        if await page.evaluate(FILL):
            await asyncio.sleep(FILL_SECONDS)
            await _order_that_fails(page, status)
        async with _studio(status, {"seconds": {"min": 8, "max": 20}}):
            await _order(page, look)
        await _results(page, look)
        await _money_and_news(page, status, look)
        for complaint in someone.complaints:
            print(f"{look}: {complaint}")  # noqa: T201 - a tool for people


async def _order(page: Page, look: str) -> None:
    await page.goto("/optimise")
    await page.get_by_role("button", name="Ceramic mug", exact=True).click()
    for place in (1, 2, 4, 6):
        await page.get_by_role("checkbox", name=f"Image {place} of Ceramic mug").click()
    if LOOKS[look][0] < PHONE:
        await _keep(page, look, "04-ticked-sheet-shut")
        await page.get_by_role("button", name="4 selected").click()
    await page.get_by_role("textbox", name="Prompt", exact=True).fill(PROMPT)
    await expect(page.get_by_text("4 × 15 = 60 credits")).to_be_visible()
    await _keep(page, look, "04-ticked")
    await page.get_by_role("button", name="Optimise 4 images").click()
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await page.get_by_text("At the studio").first.wait_for()
    await _keep(page, look, "05-job")
    await page.get_by_role("link", name="Ongoing").last.click()
    await page.get_by_role("listitem").first.wait_for()
    await _keep(page, look, "06-ongoing")


async def _results(page: Page, look: str) -> None:
    await page.get_by_role("link", name="Completed").click()
    await page.get_by_role("button", name="Open Ceramic mug, image 1").first.wait_for()
    await _keep(page, look, "07-completed")
    await page.get_by_role("button", name=re.compile("^Open (?!Ceramic mug)")).first.click()
    await page.get_by_role("slider", name="Before and after").wait_for()
    await _keep(page, look, "08-compare")
    await page.keyboard.press("Escape")
    failed = page.get_by_role("button", name=re.compile("failed images? again")).first
    if await failed.count():
        await failed.scroll_into_view_if_needed()
        await _keep(page, look, "09-failures")


async def _money_and_news(page: Page, status: dict[str, Any], look: str) -> None:
    await page.get_by_role("link", name="Credits").click()
    await page.get_by_role("table").wait_for()
    await _keep(page, look, "10-credits", whole=True)
    await page.get_by_role("button", name="Buy 500 credits for €5").click()
    await page.get_by_role("button", name="Pay", exact=True).wait_for()
    await _keep(page, look, "11-sandbox-checkout")
    await page.get_by_role("button", name="Pay", exact=True).click()
    if not page.url.startswith(status["web"]):
        await page.get_by_role("link", name="Back to the shop").click()
    await page.get_by_text("500 credits are there").wait_for()
    await _keep(page, look, "12-credits-are-there")
    await page.goto("/notifications")
    await page.get_by_role("checkbox").first.wait_for()
    await _keep(page, look, "13-notifications", whole=True)
    for place, kind in enumerate(("mail", "sms"), start=14):
        await page.goto(f"{status['sandbox']}/sandbox/{kind}", wait_until="load")
        await _keep(page, look, f"{place}-sandbox-{kind}")


async def _operator(browser: Browser, status: dict[str, Any], look: str) -> None:
    """What an operator sees."""
    async with _visitor(browser, status, look) as someone:
        page = someone.page
        await page.goto("/")
        await page.get_by_role("button", name="Sign in as an operator").click()
        await page.get_by_role("navigation", name="Main").wait_for()
        await page.goto("/operator")
        await page.get_by_role("meter").wait_for()
        await _keep(page, look, "16-operator", whole=True)
        await page.goto("/operator/dead-letters")
        letters = page.get_by_role("list", name="Dead letters").get_by_role("button")
        await page.wait_for_load_state("networkidle")
        if await letters.count():
            await letters.first.click()
            await page.get_by_role("heading", name="What was tried").wait_for()
            await _keep(page, look, "17-dead-letter")
            await page.get_by_role("link", name=re.compile("^See all events of job")).click()
            await page.get_by_role("list", name="Events").wait_for()
            await _keep(page, look, "18-timeline")
        await page.goto("/operator/sandbox")
        await page.get_by_role("slider").first.wait_for()
        await _keep(page, look, "19-sandbox")
        for complaint in someone.complaints:
            print(f"{look}: {complaint}")  # noqa: T201 - a tool for people


async def _order_that_fails(page: Page, status: dict[str, Any]) -> None:
    """Two pictures that the studio refuses and two at which it stumbles: failures, and dead letters to be seen."""
    for fault in ("failRate", "transientRate"):
        async with _studio(status, {fault: 1}):
            await page.evaluate(FAIL)


@asynccontextmanager
async def _studio(status: dict[str, Any], options: dict[str, Any]) -> AsyncIterator[None]:
    """The sandbox' studio with these options meanwhile."""
    async with httpx.AsyncClient(base_url=status["sandbox"], trust_env=False) as sandbox:
        before = (await sandbox.get("/sandbox/replicate")).json()
        await sandbox.put("/sandbox/replicate", json=options)
        try:
            yield
        finally:
            await sandbox.put("/sandbox/replicate", json={name: before[name] for name in options})


def _visitor(browser: Browser, status: dict[str, Any], look: str) -> AbstractAsyncContextManager[Visitor]:
    width, height, dark = LOOKS[look]
    return visitor(browser, status["web"], width=width, height=height, dark=dark)


async def _keep(page: Page, look: str, name: str, *, whole: bool = False) -> None:
    """`whole`: not only what fits the window."""
    await page.wait_for_load_state("networkidle")
    if whole:
        await page.evaluate("() => scrollTo(0, 0)")
    await page.evaluate(SETTLED)
    path = FOLDER / f"{name}-{look}.png"
    await page.screenshot(path=path, full_page=whole)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
