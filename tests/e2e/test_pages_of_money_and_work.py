"""Pages in a real Chromium: cancelling, downloading, topping up by card, notifications; and what an operator sees and changes."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from e2e.test_credits import session_of, tell
from playwright.async_api import Browser, Page, expect
from support.browser import Visitor, visitor
from support.platform import Platform, Tenant
from support.service import eventually


@pytest.fixture
async def someone(quick: Platform, browser: Browser) -> AsyncIterator[Visitor]:
    """A visitor at the platform's address; the browser had nothing to complain about in the end."""
    async with visitor(browser, quick.status["web"]) as arrived:
        yield arrived
        assert arrived.complaints == []


async def arrive(page: Page, tenant: Tenant, path: str) -> None:
    await page.goto(f"{path}?instance={tenant.token}")
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()


async def operate(page: Page, path: str = "/operator") -> None:
    await page.goto("/")
    await page.get_by_role("button", name="Sign in as an operator").click()
    await expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Operator")).to_be_visible()
    await page.goto(path)


async def test_a_job_is_cancelled_after_a_question_and_its_credits_come_back(
    quick: Platform, someone: Visitor, shop: Tenant
) -> None:
    await quick.sandbox("PUT", "replicate", json={"seconds": {"min": 120, "max": 120}})
    job = (await shop.send(await quick.photographs(2))).json()["job"]["id"]
    page = someone.page
    await arrive(page, shop, f"/ongoing/{job}")
    await page.get_by_role("button", name=re.compile("^Cancel")).click()
    question = page.get_by_role("alertdialog")
    await expect(question).to_contain_text("Cancel Ceramic mug?")
    await question.get_by_role("button", name="Keep it going").click()
    await expect(question).to_be_hidden()
    await page.get_by_role("button", name=re.compile("^Cancel")).click()
    await question.get_by_role("button", name="Cancel the job").click()

    await expect(page.get_by_text("Cancelled with 0 of 2 done")).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("^Cancel"))).to_have_count(0)
    assert (await shop.ended(job))["job"]["status"] == "CANCELED"


async def test_all_results_of_a_job_are_downloaded_at_once(
    quick: Platform, someone: Visitor, shop: Tenant, tmp_path: Path
) -> None:
    job = (await shop.send(await quick.photographs(2))).json()["job"]["id"]
    await shop.ended(job)
    page = someone.page
    await arrive(page, shop, f"/ongoing/{job}")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download all").click()
    saved = tmp_path / "all.zip"
    download = await started.value
    await download.save_as(saved)

    assert download.suggested_filename == f"ceramic-mug-{job}.zip"
    with ZipFile(io.BytesIO(saved.read_bytes())) as archive:
        assert archive.testzip() is None
        assert [name.partition("-")[0] for name in archive.namelist()] == ["1", "2"]


async def test_credits_are_bought_on_the_payment_page_and_shown_when_they_are_there(
    quick: Platform, someone: Visitor, shop: Tenant
) -> None:
    await quick.sandbox("PUT", "stripe", json={"webhook": {"loseRate": 1}})
    before = (await shop.credits())["available"]
    page = someone.page
    await arrive(page, shop, "/credits")
    await page.get_by_role("button", name="Buy 500 credits for €5").click()
    await page.get_by_role("button", name="Pay", exact=True).click()
    if not page.url.startswith(quick.status["web"]):
        await page.get_by_role("link", name="Back to the shop").click()

    await expect(page.get_by_text("Waiting for the payment to be confirmed")).to_be_visible()
    [bought] = (await quick.sandbox("GET", "calls", params={"vendor": "stripe", "kind": "checkout"}))["calls"]
    assert await tell(quick, await session_of(quick, bought["id"])) == (200, "paid")
    await expect(page.get_by_text("500 credits are there. Thank you.")).to_be_visible()
    await expect(page.get_by_label("Balance")).to_contain_text(f"{before + 500:,}")
    await expect(page.get_by_role("row", name=re.compile("Top-up by card"))).to_be_visible()
    await page.get_by_label("Kind of movement").select_option(label="Expired")
    await expect(page.get_by_role("heading", name="No such movement")).to_be_visible()
    await page.get_by_role("button", name="Close this note").click()
    assert "checkout" not in page.url


async def test_leaving_the_payment_page_charges_nothing(quick: Platform, someone: Visitor, shop: Tenant) -> None:
    before = (await shop.credits())["available"]
    page = someone.page
    await arrive(page, shop, "/credits")
    await page.get_by_label("Another amount").fill("10")
    await expect(page.get_by_text("From 50 to 1,000,000")).to_be_visible()
    await page.get_by_label("Another amount").fill("60")
    await page.get_by_role("button", name="€0.60").click()
    await page.get_by_role("link", name="Back to the shop").click()

    await expect(page.get_by_text("You left the payment page. Nothing was charged.")).to_be_visible()
    assert (await shop.credits())["available"] == before


async def test_what_happened_stands_in_the_inbox_and_is_told_as_one_wishes(
    quick: Platform, someone: Visitor, shop: Tenant
) -> None:
    page = someone.page
    await arrive(page, shop, "/notifications")
    await page.get_by_label("E-mail", exact=True).fill("nobody")
    await page.get_by_label("E-mail", exact=True).press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("must be an e-mail address")
    address = f"anna-{shop.instance_id}@example.com".lower()
    await page.get_by_label("E-mail", exact=True).fill(address)
    await page.get_by_role("button", name="Save").first.click()
    await expect(page.get_by_role("button", name="Saved").first).to_be_visible()
    async with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        await page.get_by_role("checkbox", name="A job is done: E-mail").uncheck()
    await page.reload()
    await expect(page.get_by_label("E-mail", exact=True)).to_have_value(address)
    await expect(page.get_by_role("checkbox", name="A job is done: E-mail")).not_to_be_checked()

    job = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    await shop.ended(job)
    # The credits that the shop was given stand there too.
    await expect(page.get_by_role("link", name=re.compile(r"Notifications, 2 unread"))).to_be_visible()
    await page.get_by_role("list").get_by_role("link", name=re.compile("Ceramic mug")).click()
    await expect(page).to_have_url(re.compile(f"/ongoing/{job}$"))
    await page.get_by_role("link", name="Notifications, 1 unread").click()
    await page.get_by_role("button", name="Mark all as read").click()
    await expect(page.get_by_text("All read")).to_be_visible()


async def test_operators_pages_are_for_operators(someone: Visitor, shop: Tenant) -> None:
    page = someone.page
    await arrive(page, shop, "/operator")
    await expect(page.get_by_role("heading", name="This page is for operators")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Operator")).to_have_count(0)


async def test_an_operator_changes_a_shops_terms_in_place(quick: Platform, someone: Visitor, shop: Tenant) -> None:
    await shop.ended((await shop.send(await quick.photographs(1))).json()["job"]["id"])
    page = someone.page
    name = shop.instance_id
    await operate(page)
    await page.get_by_label("Find a shop").fill(name)
    await page.get_by_role("button", name=f"Weight of {name}: 1. Change").click()
    await page.get_by_label(f"Weight of {name}", exact=True).fill("2.5")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name=f"Weight of {name}: 2.5. Change")).to_be_visible()
    await page.get_by_role("button", name=f"Cap a minute of {name}: none. Change").click()
    await page.get_by_label(f"Cap a minute of {name}", exact=True).fill("-3")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("A whole number from 1")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name=f"Pause {name}").click()
    await expect(page.get_by_role("button", name=f"Let {name} go on")).to_be_visible()

    waiting = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    await expect(page.get_by_role("row", name=re.compile(name)).get_by_role("cell").nth(1)).to_have_text("1")
    await page.get_by_role("button", name=f"Let {name} go on").click()
    assert (await shop.ended(waiting))["job"]["status"] == "DONE"


async def test_an_operator_changes_the_providers_limits_in_place_and_back(someone: Visitor) -> None:
    page = someone.page
    await operate(page)
    burst = page.get_by_role("button", name=re.compile(r"^Burst of .+: \d+\. Change"))
    before = await burst.first.get_attribute("aria-label") or ""
    await burst.first.click()
    field = page.get_by_role("textbox", name=re.compile("^Burst of"))
    await field.fill("7")
    await field.press("Enter")
    await expect(page.get_by_role("button", name=re.compile(r"^Burst of .+: 7\. Change"))).to_be_visible()
    await page.get_by_role("button", name=re.compile(r"^Burst of .+: 7\. Change")).click()
    await field.fill("")  # the setting's again
    await field.press("Enter")
    await expect(page.get_by_role("button", name=before, exact=True)).to_be_visible()


async def test_an_operator_breaks_the_sandbox_and_reads_what_came_of_it(quick: Platform, someone: Visitor, shop: Tenant) -> None:
    page = someone.page
    await operate(page, "/operator/sandbox")
    rate = page.get_by_role("slider", name="Replicate: Transient rate", exact=True)
    await rate.focus()
    await page.keyboard.press("End")
    await expect(page.get_by_text("100 %")).to_be_visible()
    await eventually(lambda: _fails_at(quick, 1))
    job = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    await shop.ended(job)
    await rate.focus()
    await page.keyboard.press("Home")
    await eventually(lambda: _fails_at(quick, 0))

    await page.goto("/operator/dead-letters")
    await page.get_by_label("Shop", exact=True).fill(shop.instance_id)
    await page.get_by_role("list", name="Dead letters").get_by_role("button").first.click()
    detail = page.get_by_role("region", name="Dead letter")
    await expect(detail.get_by_role("heading", name="What was tried")).to_be_visible()
    await detail.get_by_role("link", name=f"See all events of job {job}").click()
    await expect(page.get_by_role("list", name="Events").get_by_role("button", name=re.compile("^JobRequested"))).to_be_visible()
    await expect(page.get_by_role("list", name="Events").get_by_role("button", name=re.compile("^ItemFailed"))).to_be_visible()

    await page.goto("/operator/dead-letters")
    await page.get_by_label("Shop", exact=True).fill(shop.instance_id)
    await page.get_by_role("button", name="Redrive all found").click()
    await expect(page.get_by_role("alertdialog")).to_contain_text("1 dead letter goes back")
    await page.get_by_role("alertdialog").get_by_role("button", name="Redrive 1").click()
    await expect(page.get_by_text("1 of 1 redriven")).to_be_visible()
    await expect(page.get_by_role("heading", name="Nothing has been given up on")).to_be_visible()


async def test_an_operator_sets_switches_of_the_sandbox_that_are_words(quick: Platform, someone: Visitor) -> None:
    page = someone.page

    async def is_set(**wanted: object) -> bool:
        options = await quick.sandbox("GET", "replicate")
        return {name: options[name] for name in wanted} == wanted

    await operate(page, "/operator/sandbox")
    await page.get_by_role("combobox", name="Replicate: Credit", exact=True).select_option("low")
    await eventually(lambda: is_set(credit="low"))
    kind = page.get_by_role("combobox", name="Replicate: Output format", exact=True)
    await kind.select_option("webp")
    await eventually(lambda: is_set(outputFormat="webp"))
    await kind.select_option("none")
    await eventually(lambda: is_set(outputFormat=None))
    prompt = page.get_by_role("textbox", name="Replicate: Transient prompt", exact=True)
    await prompt.fill("break me")
    await prompt.press("Enter")
    await eventually(lambda: is_set(transientPrompt="break me"))
    address = page.get_by_role("textbox", name="Replicate: Output url", exact=True)
    await address.fill("ftp://no.example")
    await address.press("Enter")
    await expect(page.get_by_role("region", name="Replicate").get_by_role("alert")).to_contain_text("must be an http")
    await address.fill("https://pictures.example/1.jpg")
    await address.press("Enter")
    await eventually(lambda: is_set(outputUrl="https://pictures.example/1.jpg"))
    await address.fill("")
    await address.press("Enter")
    await eventually(lambda: is_set(outputUrl=None))
    turns = page.get_by_role("textbox", name="Replicate: Create seconds in turn", exact=True)
    await turns.fill("0.5, 2")
    await turns.press("Enter")
    await eventually(lambda: is_set(createSecondsInTurn=[0.5, 2]))


async def test_an_account_that_was_stopped_is_resumed_by_its_operator(quick: Platform, someone: Visitor, shop: Tenant) -> None:
    await quick.sandbox("PUT", "replicate", json={"credit": "none"})
    job = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    page = someone.page
    await operate(page, "/operator")
    resume = page.get_by_role("button", name=re.compile("^Resume "))
    stopped = page.get_by_text("Stopped: the account's money at the provider is used up")
    await expect(stopped).to_be_visible()
    await quick.sandbox("PUT", "replicate", json={"credit": "enough"})
    await resume.click()
    await expect(stopped).to_have_count(0)
    await expect(resume).to_have_count(0)
    assert (await shop.ended(job))["job"]["status"] == "DONE"


async def _fails_at(platform: Platform, rate: float) -> bool:
    """Whether what was set on the page has arrived at the sandbox."""
    return bool((await platform.sandbox("GET", "replicate"))["transientRate"] == rate)
