"""`kill -9` of anything while a job runs: the job ends, no picture is paid twice, no credit is lost."""

import pytest
from support.platform import Platform, Tenant
from support.stack import unique_name

ITEMS = 10
PRICE = 15


@pytest.mark.parametrize("name", ["jobs-api", "credits", "predictor", "poller", "notifier", "redis", "postgres", "kafka"])
async def test_a_killed_process_costs_neither_a_picture_nor_a_credit(quick: Platform, shop: Tenant, name: str) -> None:
    await quick.sandbox("PUT", "replicate", json={"seconds": {"min": 0.5, "max": 2}})
    prompt = unique_name("killed")
    photographs = [image | {"prompt": prompt} for image in await quick.photographs(ITEMS)]
    answer = await shop.send(photographs)
    assert answer.status_code in {201, 202}, answer.text
    job_id = answer.json()["job"]["id"]
    await quick.at_work(prompt, 3)  # some are with the provider, some may wait or are being asked for just now
    quick.kill(name)
    detail = await shop.ended(job_id)
    await quick.ready()

    assert detail["job"]["status"] == "DONE"
    assert len(await quick.creations(prompt)) == ITEMS
    balance = await shop.settled_credits()
    assert (balance["held"], balance["spent"]) == (0, ITEMS * PRICE)
