"""A part that hangs for half a minute, and a service that starts meanwhile: it is told, waited out, nothing lost or doubled."""

import asyncio
import signal

import httpx
import pytest
from support.platform import Platform, Tenant
from support.stack import unique_name

FROZEN_SECONDS = 30
ITEMS = 10
PRICE = 15


@pytest.mark.chaos
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", ["kafka", "postgres", "redis"])
async def test_a_part_that_hangs_is_told_and_waited_out(platform: Platform, part: str) -> None:
    await platform.ready()
    await platform.sandbox("POST", "reset")
    await platform.sandbox("PUT", "replicate", json={"seconds": {"min": 1, "max": 3}, "image": "instant"})
    prompt = unique_name("frozen")
    photographs = [image | {"prompt": prompt} for image in await platform.photographs(ITEMS)]
    async with platform.tenant(credits=ITEMS * PRICE) as shop:
        job_id = (await shop.send(photographs)).json()["job"]["id"]
        platform.send_signal(part, signal.SIGSTOP)
        try:
            platform.kill("predictor")  # it starts again while the part is away
            told = await _not_ready(platform)
            await asyncio.sleep(FROZEN_SECONDS)
        finally:
            platform.send_signal(part, signal.SIGCONT)
        detail = await shop.ended(job_id)
        await platform.ready()
        await _settled(shop)
        balance = await shop.credits()

    assert told["ready"] != "ok"
    assert detail["job"]["status"] == "DONE"
    assert len(await platform.creations(prompt)) == ITEMS
    assert (balance["available"], balance["held"], balance["spent"]) == (0, 0, ITEMS * PRICE)


async def _not_ready(platform: Platform) -> dict[str, str]:
    """What jobs-api or predictor says in `/readyz` while the part is away, with its 503."""
    addresses = [platform.status["services"][name] for name in ("predictor", "notifier")]
    async with httpx.AsyncClient(timeout=10, trust_env=False) as http, asyncio.timeout(FROZEN_SECONDS):
        while True:
            for address in addresses:
                try:
                    answer = await http.get(f"{address}/readyz")
                except httpx.TransportError:
                    continue
                if answer.status_code == 503:
                    return {"ready": answer.json()["detail"]}
            await asyncio.sleep(0.2)


async def _settled(shop: Tenant) -> None:
    async with asyncio.timeout(60):
        while (await shop.credits())["held"]:
            await asyncio.sleep(0.1)
