"""What axe finds on the pages of money, news and operators and in their states, and whether anything sticks out of the window."""

import json
import re

import pytest
from playwright.async_api import Browser, Page, expect
from support.axe import serious_findings
from support.browser import visitor
from support.platform import Platform, Tenant


class Look:
    """Looks at a page, and keeps what was found."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: dict[str, list[str]] = {}

    async def at(self, name: str) -> None:
        # Not until the network is idle: operators' pages ask every two seconds.
        await expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        overflow = await self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        wide = [f"{overflow} px too wide"] if overflow > 0 else []
        if found := [*await serious_findings(self.page), *wide]:
            self.found[name] = found


@pytest.mark.parametrize(("dark", "width"), [(False, 1440), (True, 375)], ids=["light-wide", "dark-phone"])
async def test_a_shops_pages_of_money_and_news(
    quick: Platform, browser: Browser, shop: Tenant, *, dark: bool, width: int
) -> None:
    await quick.sandbox("PUT", "replicate", json={"failRate": 1})
    failed = (await shop.send(await quick.photographs(2))).json()["job"]["id"]
    await shop.ended(failed)
    await quick.sandbox("PUT", "replicate", json={"failRate": 0, "seconds": {"min": 120, "max": 120}})
    going = (await shop.send(await quick.photographs(2))).json()["job"]["id"]
    async with visitor(browser, quick.status["web"], width=width, dark=dark, still=True) as someone:
        page, look = someone.page, Look(someone.page)
        await page.goto(f"/ongoing/{failed}?instance={shop.token}")
        await expect(page.get_by_role("button", name=re.compile("^Try 2 failed images again"))).to_be_visible()
        await look.at("a job with failures")
        await page.goto(f"/ongoing/{going}")
        await page.get_by_role("button", name=re.compile("^Cancel")).click()
        await expect(page.get_by_role("alertdialog")).to_be_visible()
        await look.at("the question before a job is cancelled")
        await page.get_by_role("button", name="Cancel the job").click()
        await expect(page.get_by_text("Cancelled with 0 of 2 done")).to_be_visible()
        await look.at("a cancelled job")
        await page.goto("/credits?missing=120")
        await page.get_by_label("Another amount").fill("10")
        await expect(page.get_by_text("From 50 to 1,000,000")).to_be_visible()
        await look.at("credits with a wrong amount")
        await page.goto("/notifications")
        await expect(page.get_by_label("E-mail", exact=True)).to_be_visible()
        await look.at("notifications")
        await page.get_by_label("E-mail", exact=True).fill("nobody")
        await page.get_by_label("E-mail", exact=True).press("Enter")
        await expect(page.get_by_role("alert")).to_be_visible()
        await look.at("notifications with a wrong address")
        await page.goto("/nowhere")
        await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        await look.at("a page that is not there")
        assert someone.complaints == []
    assert look.found == {}, json.dumps(look.found, indent=1)


@pytest.mark.parametrize(("dark", "width"), [(True, 1440), (False, 375)], ids=["dark-wide", "light-phone"])
async def test_operators_pages(quick: Platform, browser: Browser, shop: Tenant, *, dark: bool, width: int) -> None:
    await quick.sandbox("PUT", "replicate", json={"transientRate": 1})
    failed = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    await shop.ended(failed)
    await quick.sandbox("PUT", "replicate", json={"transientRate": 0})
    async with visitor(browser, quick.status["web"], width=width, dark=dark, still=True) as someone:
        page, look = someone.page, Look(someone.page)
        await page.goto("/")
        await page.get_by_role("button", name="Sign in as an operator").click()
        await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        await page.goto("/operator")
        await expect(page.get_by_role("meter")).to_be_visible()
        await expect(page.get_by_role("row", name=re.compile(shop.instance_id))).to_be_visible()
        await look.at("overview")
        await page.get_by_role("button", name=re.compile("^Burst of")).first.click()
        await look.at("a limit that is being changed")
        await page.goto("/operator/dead-letters")
        await page.get_by_label("Shop", exact=True).fill(shop.instance_id)
        await page.get_by_role("list", name="Dead letters").get_by_role("button").first.click()
        await expect(page.get_by_role("heading", name="What was tried")).to_be_visible()
        await look.at("a dead letter")
        await page.goto(f"/operator/timeline/{failed}")
        await expect(page.get_by_role("list", name="Events").get_by_role("button").first).to_be_visible()
        await look.at("a timeline")
        await page.goto("/operator/sandbox")
        await expect(page.get_by_role("slider").first).to_be_visible()
        await look.at("the sandbox' faults")
        assert someone.complaints == []
    assert look.found == {}, json.dumps(look.found, indent=1)
