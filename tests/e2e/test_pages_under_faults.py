"""Pages in a real Chromium while something is wrong: the line is cut, a server dies, the network goes, a token ends."""

import json
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token
from playwright.async_api import Browser, Page, WebSocketRoute, expect
from support.axe import serious_findings
from support.browser import WAIT_MS_MAX, Visitor, visitor
from support.platform import Platform, Tenant
from support.service import eventually

LASTING = {"seconds": 3600}
"""Pictures that take until the test has seen what it wants to see meanwhile, and lets them end."""
STATES_SAID = """() => {
  const mark = document.querySelector("p.live");
  window.statesSaid = [mark.textContent];
  new MutationObserver(() => window.statesSaid.push(mark.textContent))
    .observe(mark, {childList: true, characterData: true, subtree: true});
}"""
"""Keeps what the page says of its line, however briefly."""
SLOW = {"offline": False, "latency": 600, "downloadThroughput": 40_000, "uploadThroughput": 20_000}
"""A poor mobile network: bytes a second."""


@pytest.fixture
async def someone(quick: Platform, browser: Browser) -> AsyncIterator[Visitor]:
    """A visitor whose browser may complain: of connections that fail it does so itself."""
    async with visitor(browser, quick.status["web"]) as arrived:
        yield arrived
        assert [said for said in arrived.complaints if "WebSocket" not in said and "ERR_" not in said] == []


async def arrive(page: Page, tenant: Tenant, path: str) -> None:
    await page.goto(f"{path}?instance={tenant.token}")
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()


async def started(quick: Platform, shop: Tenant, images: int = 2) -> int:
    """A job under way that ends when `let_end` says so."""
    await quick.sandbox("PUT", "replicate", json=LASTING)
    return int((await shop.send(await quick.photographs(images))).json()["job"]["id"])


async def ends_well(page: Page, images: int) -> None:
    """The page shows every result and that it is live, without a reload."""
    await expect(page.get_by_text(f"All {images} done")).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("^Open Ceramic mug, image"))).to_have_count(images)
    await expect(page.get_by_text("live", exact=True)).to_be_visible()


async def test_a_cut_socket_goes_on_where_it_was(quick: Platform, someone: Visitor, shop: Tenant) -> None:
    said: list[dict[str, Any]] = []
    lines: list[WebSocketRoute] = []

    def between(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        lines.append(line)

        def to_page(message: str | bytes) -> None:
            said.append(json.loads(message))
            line.send(message)

        def to_server(message: str | bytes) -> None:
            said.append(json.loads(message))
            server.send(message)

        line.on_message(to_server)
        server.on_message(to_page)

    job = await started(quick, shop)
    page = someone.page
    await page.route_web_socket("**/ws", between)
    await arrive(page, shop, f"/ongoing/{job}")
    await expect(page.get_by_text("At the studio").first).to_be_visible()
    await expect(page.get_by_text("live", exact=True)).to_be_visible()
    await lines[-1].close(code=1011, reason="cut")
    await quick.let_end()
    await ends_well(page, 2)

    connects = [message for message in said if message["type"] == "connect"]
    answers = [message for message in said if message["type"] == "connected"]
    assert ("position" in connects[0], "position" in connects[-1]) == (False, True)
    assert answers[-1]["recovered"] is True
    offsets = [message["offset"] for message in said if message["type"] == "event"]
    assert offsets == list(range(offsets[0], offsets[0] + len(offsets))), "no gap and no repeat"


@pytest.mark.parametrize("name", ["notifier", "jobs-api"])
async def test_a_server_that_dies_mid_job_is_told_and_forgotten(
    quick: Platform, someone: Visitor, shop: Tenant, name: str
) -> None:
    job = await started(quick, shop)
    page = someone.page
    await arrive(page, shop, f"/ongoing/{job}")
    await expect(page.get_by_text("At the studio").first).to_be_visible()
    await expect(page.get_by_text("live", exact=True)).to_be_visible()
    await page.evaluate(STATES_SAID)
    quick.kill(name)
    await quick.let_end()
    if name == "notifier":
        await eventually(lambda: _said_to_be_cut(page), seconds=60)
    await ends_well(page, 2)
    await quick.ready()


async def _said_to_be_cut(page: Page) -> bool:
    said: list[str] = await page.evaluate("() => window.statesSaid")
    return any(re.search("reconnecting|asking every few seconds", words) for words in said)


async def test_offline_is_told_and_what_was_missed_comes_with_the_network(
    quick: Platform, someone: Visitor, shop: Tenant
) -> None:
    job = await started(quick, shop)
    page = someone.page
    await arrive(page, shop, f"/ongoing/{job}")
    await expect(page.get_by_text("live", exact=True)).to_be_visible()
    await eventually(lambda: _pictures_are_there(page), seconds=60)
    await someone.context.set_offline(True)
    await expect(page.get_by_text(re.compile("^offline, showing"))).to_be_visible()
    assert await serious_findings(page) == []
    await quick.let_end()
    await shop.ended(job)
    await expect(page.get_by_text("All 2 done")).to_have_count(0)
    await someone.context.set_offline(False)
    await ends_well(page, 2)


async def _pictures_are_there(page: Page) -> bool:
    """What has not come before the network goes is told to be missing, which is another look of the page."""
    return bool(await page.evaluate("() => document.images.length > 0 && [...document.images].every((one) => one.complete)"))


async def test_on_a_slow_network_the_frame_comes_first_and_nothing_jumps(quick: Platform, someone: Visitor, shop: Tenant) -> None:
    page = someone.page
    await arrive(page, shop, "/optimise")
    wire = await someone.context.new_cdp_session(page)
    await wire.send("Network.enable")
    await wire.send("Network.emulateNetworkConditions", SLOW)
    await page.get_by_role("link", name="Credits").click()
    await expect(page.get_by_role("heading", name="Credits", level=1)).to_be_visible()
    await expect(page.get_by_label("Balance")).to_be_visible()
    await page.get_by_role("link", name="Ongoing").first.click()
    await expect(page.get_by_role("heading", name="Nothing is being worked on")).to_be_visible()
    job = await started(quick, shop, 1)
    await page.get_by_role("link", name=re.compile("Ceramic mug")).click()
    await expect(page).to_have_url(re.compile(f"/ongoing/{job}$"))
    await quick.let_end()
    await ends_well(page, 1)


async def test_two_shops_in_two_windows_see_their_own_alone(
    quick: Platform, browser: Browser, someone: Visitor, shop: Tenant
) -> None:
    async with (
        quick.tenant(credits=100) as other_shop,
        visitor(browser, quick.status["web"]) as other,
    ):
        await arrive(someone.page, shop, "/ongoing")
        await arrive(other.page, other_shop, "/ongoing")
        job = await started(quick, shop, 1)
        await expect(someone.page.get_by_role("link", name=re.compile("Ceramic mug"))).to_be_visible()
        await expect(other.page.get_by_role("heading", name="Nothing is being worked on")).to_be_visible()
        await other.page.goto(f"/ongoing/{job}")
        await expect(other.page.get_by_role("heading", name="There is no such job")).to_be_visible()
        assert await serious_findings(other.page) == []
        await someone.page.goto(f"/ongoing/{job}")
        await quick.let_end()
        await ends_well(someone.page, 1)
        await expect(other.page.get_by_text("Credits available: 100")).to_be_visible()


async def test_a_token_that_ends_while_one_looks_leads_to_the_door(someone: Visitor, shop: Tenant) -> None:
    page, begun = someone.page, time.monotonic()
    await arrive(page, shop, "/completed")
    # Long enough to arrive once more, however slow this machine is; the platform closes the socket when the token ends.
    life = timedelta(seconds=4 + 4 * (time.monotonic() - begun))
    token = make_instance_token(shop.instance_id, key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=life)
    await page.goto(f"/completed?instance={token}")
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    door = page.get_by_role("heading", name="Sign in as a sample shop")
    await expect(door).to_be_visible(timeout=WAIT_MS_MAX + life.total_seconds() * 1000)
    await expect(page.get_by_role("navigation", name="Main")).to_have_count(0)


async def test_a_place_in_the_line_moves_without_a_question(quick: Platform, someone: Visitor, shop: Tenant) -> None:
    """The list tells where a job stands as the queue moves: nothing is asked for again."""
    page = someone.page
    await arrive(page, shop, "/ongoing")
    await expect(page.get_by_text("live", exact=True)).to_be_visible()  # with its line the page loads all once more
    await quick.terms(shop.instance_id, paused=True)
    try:
        await shop.send(await quick.photographs(2))
        second = (await shop.send(await quick.photographs(2))).json()["job"]["id"]
        row = page.get_by_role("listitem").filter(has=page.locator(f'a[href="/ongoing/{second}"]'))
        await expect(row).to_contain_text(re.compile(r"Waiting for your turn: \d+(st|nd|rd|th)"))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await expect(row).not_to_contain_text("Waiting for your turn: 1st")
    finally:
        await quick.terms(shop.instance_id, paused=False)
    await expect(row).to_contain_text("All 2 done")
    assert [url for url in asked if re.search(r"/jobs\?status=PENDING", url)] == []
