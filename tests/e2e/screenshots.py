"""`make screenshots`: every page in light, dark and phone width, from the running stack, into `.darkroom-screenshots/`.

Not a test: the pictures are for people to look at. It orders a job or two as the sample shop, as anyone might.
"""

import asyncio
import re
import sys

from darkroom_cli.settings import TREE, StackSettings
from darkroom_cli.stack.status import status_document
from playwright.async_api import Browser, Page, expect
from support.browser import chromium, visitor

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
    "phone": (390, 844, False),
    "phone-dark": (390, 844, True),
    "wide": (2560, 1300, False),
}


async def main(looks: list[str]) -> None:
    """Take them all, or only those looks that are named."""
    web = status_document(StackSettings.from_environment().home)["web"]
    FOLDER.mkdir(exist_ok=True)
    async with chromium() as browser:
        for look in looks or LOOKS:
            await _take(browser, web, look)


async def _take(browser: Browser, web: str, look: str) -> None:
    width, height, dark = LOOKS[look]
    async with visitor(browser, web, width=width, height=height, dark=dark) as someone:
        page = someone.page
        await page.goto("/")
        await _keep(page, look, "1-sign-in")
        await page.get_by_role("button", name=SHOP, exact=True).click()
        await expect(page.get_by_role("searchbox", name="Search products")).to_be_visible()
        await _keep(page, look, "2-optimise")
        if await page.evaluate(FILL):
            await asyncio.sleep(FILL_SECONDS)
        await page.get_by_role("button", name="Ceramic mug", exact=True).click()
        for place in (1, 2, 4, 6):
            await page.get_by_role("checkbox", name=f"Image {place} of Ceramic mug").click()
        if width < 500:
            await _keep(page, look, "3-ticked-sheet-shut")
            await page.get_by_role("button", name="4 selected").click()
        await page.get_by_role("textbox", name="Prompt", exact=True).fill(PROMPT)
        await expect(page.get_by_text("60 credits")).to_be_visible()
        await _keep(page, look, "3-ticked")
        await page.get_by_role("button", name="Optimise 4 images").click()
        await expect(page.get_by_role("progressbar")).to_be_visible()
        await page.get_by_text("At the studio").first.wait_for()
        await _keep(page, look, "4-job")
        await page.get_by_role("link", name="Ongoing").last.click()
        await page.get_by_role("listitem").first.wait_for()
        await _keep(page, look, "5-ongoing")
        await page.get_by_role("link", name="Completed").click()
        await page.get_by_role("button", name="Open Ceramic mug, image 1").first.wait_for()
        await _keep(page, look, "6-completed")
        await page.get_by_role("button", name=re.compile("^Open (?!Ceramic mug)")).first.click()
        await page.get_by_role("slider", name="Before and after").wait_for()
        await _keep(page, look, "7-compare")
        await page.keyboard.press("Escape")
        await page.get_by_role("link", name="Credits").click()
        await page.get_by_role("table").wait_for()
        await _keep(page, look, "8-credits")
        for complaint in someone.complaints:
            print(f"{look}: {complaint}")  # noqa: T201 - a tool for people


async def _keep(page: Page, look: str, name: str) -> None:
    await page.wait_for_load_state("networkidle")
    await page.evaluate(SETTLED)
    path = FOLDER / f"{name}-{look}.png"
    await page.screenshot(path=path)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
