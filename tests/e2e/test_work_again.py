"""Work that is stopped, tried again by its shop, or redriven by an operator with `darkroom dlq`, on the whole platform."""

import asyncio
import json
from typing import Any

from support.home import OwnHome
from support.platform import HOME, Platform, Tenant

PRICE = 15
GRANTED = 3000
JOBS = "/api/image-optimization/jobs"


async def dlq(*arguments: str, code: int = 0) -> Any:
    return await command("dlq", *arguments, code=code)


async def command(*arguments: str, code: int = 0) -> Any:
    answer = await asyncio.to_thread(OwnHome(HOME).run, *arguments)
    assert answer.returncode == code, answer.stderr
    return json.loads(answer.stdout) if "--json" in arguments else answer.stdout + answer.stderr


async def send(platform: Platform, shop: Tenant, count: int) -> int:
    answer = await shop.send(await platform.photographs(count))
    assert answer.status_code in {201, 202}, answer.text
    return int(answer.json()["job"]["id"])


async def test_a_job_is_stopped_tried_again_and_redriven(quick: Platform, shop: Tenant) -> None:
    # Stopped at the provider: it ends, is paid for only where the provider has it, and does not end twice.
    await quick.sandbox("PUT", "replicate", json={"seconds": 200})
    stopped = await send(quick, shop, 2)
    answer = await shop.http.post(f"{JOBS}/{stopped}/cancel")
    assert (answer.status_code, answer.json()["job"]["id"]) == (200, stopped), answer.text
    ended = await shop.ended(stopped)
    assert ended["job"]["status"] == "CANCELED"
    assert (await shop.http.post(f"{JOBS}/{stopped}/cancel")).status_code == 409
    assert (await shop.http.post(f"{JOBS}/{stopped}/retry")).status_code == 409
    balance = await shop.settled_credits()
    assert balance["available"] + balance["spent"] == GRANTED
    spent_before = balance["spent"]
    assert spent_before in {0, PRICE, 2 * PRICE}

    # Refused for what it is: failed, and no dead letter (the list below has one). Its shop tries it again, as a new job.
    await quick.sandbox("PUT", "replicate", json={"seconds": {"min": 0, "max": 0.2}, "failRate": 1})
    failed = await send(quick, shop, 1)
    assert (await shop.ended(failed))["job"]["status"] == "FAILED"
    await quick.sandbox("PUT", "replicate", json={"failRate": 0})
    answer = await shop.http.post(f"{JOBS}/{failed}/retry")
    assert answer.status_code == 201, answer.text
    again = answer.json()["job"]
    assert (again["retryOf"], answer.json()["creditsUsed"]) == (failed, PRICE)
    assert (await shop.ended(again["id"]))["job"]["status"] == "DONE"
    assert (await shop.http.post(f"{JOBS}/{again['id']}/retry")).status_code == 409

    # Out of attempts: a dead letter with its history, which an operator has redriven when the studio works again.
    await quick.sandbox("PUT", "replicate", json={"transientRate": 1})
    dead = await send(quick, shop, 1)
    assert (await shop.ended(dead))["job"]["status"] == "FAILED"
    ours = ("--instance", shop.instance_id)
    [letter] = (await dlq("list", *ours, "--json"))["deadLetters"]
    assert (letter["kind"], letter["jobId"], letter["attempts"], letter["state"]) == ("item", dead, 3, "open")
    history = (await dlq("show", letter["id"], "--json"))["history"]
    assert len([one for one in history if one["code"] != "not-sent"]) == 3  # a turn that a busy machine burned was none
    assert "1 would be redriven" in await dlq("redrive", "--dry-run", *ours)
    await quick.sandbox("PUT", "replicate", json={"transientRate": 0})
    assert (await dlq("redrive", letter["id"], "--json"))["matched"] == 1
    redriven = await _redriven(shop, known={stopped, failed, again["id"], dead})
    assert (await shop.ended(redriven))["job"]["status"] == "DONE"
    answer = await shop.http.post(f"{JOBS}/{dead}/retry")
    assert (answer.status_code, answer.json()["jobId"]) == (409, redriven), "what an operator had made again is not sold again"
    assert "It is redriven" in await dlq("drop", letter["id"], "--reason", "late", code=1)

    # Two good pictures were paid for; what failed by the studio's fault or its rules is settled by the product's policy.
    balance = await shop.settled_credits()
    assert balance["available"] + balance["spent"] == GRANTED
    assert balance["spent"] - spent_before >= 2 * PRICE


async def test_what_was_given_back_is_redriven_at_its_price(quick: Platform, shop: Tenant) -> None:
    await quick.sandbox("PUT", "replicate", json={"seconds": {"min": 0, "max": 0.2}, "transientRate": 1})
    dead = await send(quick, shop, 1)
    [item] = (await shop.ended(dead))["items"]
    assert (await shop.settled_credits())["spent"] == PRICE, "the provider had it"
    refund = ("credits", "refund", shop.instance_id, "--job", str(dead), "--item", str(item["id"]), "--reason", "spoilt")
    await command(*refund)
    [letter] = (await dlq("list", "--instance", shop.instance_id, "--json"))["deadLetters"]
    await _heard_of(quick, shop, available=GRANTED)

    await quick.sandbox("PUT", "replicate", json={"transientRate": 0})
    await dlq("redrive", letter["id"])
    redriven = await _redriven(shop, known={dead})
    assert (await shop.ended(redriven))["job"]["status"] == "DONE"
    balance = await shop.settled_credits()
    assert (balance["available"], balance["spent"]) == (GRANTED - PRICE, PRICE)


async def _heard_of(platform: Platform, shop: Tenant, *, available: int) -> None:
    """Wait until jobs-api knows of the credits that came back: its quotes say so."""
    body = {"productId": "p-1", "productName": "Ceramic mug", "images": await platform.photographs(1)}
    async with asyncio.timeout(60):
        while (await shop.http.post("/api/quote", json=body)).json()["balanceAfter"] != available - PRICE:
            await asyncio.sleep(0.2)


async def _redriven(shop: Tenant, known: set[int]) -> int:
    """The job that the redrive made."""
    async with asyncio.timeout(120):
        while True:
            jobs = (await shop.http.get(JOBS)).json()["jobs"]
            if fresh := [job["id"] for job in jobs if job["id"] not in known]:
                return int(fresh[0])
            await asyncio.sleep(0.2)
