"""Jobs that do not get on are shown; what was asked or told is asked or told again, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from darkroom_contracts.jobs import JobFinished
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_jwt
from support.jobs_api import JobsApi, completed, failed, request_body, started
from support.service import eventually

DOOR = "/api/operator/doctor"
TRIES = 5
"""What the loop has in hand at that moment is left to it."""


def operator() -> dict[str, str]:
    token = make_jwt("ops", key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=timedelta(hours=1), roles=("operator",))
    return {"Authorization": f"Bearer {token}"}


async def found(jobs_api: JobsApi, kind: str) -> set[int]:
    answer = await jobs_api.client.get(DOOR, params={"olderThan": 0}, headers=operator())
    [check] = [one for one in answer.json()["checks"] if one["kind"] == kind]
    return {int(thing["id"]) for thing in check["found"]}


async def repair(jobs_api: JobsApi, kind: str, *ids: object) -> int:
    answer = await jobs_api.client.post(f"{DOOR}/repair/{kind}", json={"ids": [str(one) for one in ids]}, headers=operator())
    assert answer.status_code == 200, answer.text
    repaired: int = answer.json()["repaired"]
    return repaired


async def open_items(jobs_api: JobsApi) -> set[int]:
    after, seen = "", set()
    while True:
        answer = await jobs_api.client.get(f"{DOOR}/open/items", params={"olderThan": 0, "after": after}, headers=operator())
        page = answer.json()
        seen |= {int(thing["id"]) for thing in page["things"]}
        if page["next"] is None:
            return seen
        after = page["next"]


async def test_a_job_without_a_decision_is_shown(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id = (await shop.submit(request_body())).json()["job"]["id"]
    assert job_id in await found(jobs_api, "undecided")
    await shop.reserve(job_id)
    await shop.items_requested(1)
    assert job_id not in await found(jobs_api, "undecided")


async def test_items_not_begun_are_asked_for_again_as_they_were(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [one, two] = await shop.running_job(2)
    assert {one.item_id, two.item_id} <= await open_items(jobs_api)
    await shop.say(started(one))

    async def begun() -> bool:
        return bool((await shop.detail(job_id))["job"]["status"] == "RUNNING")

    await eventually(begun)
    assert await repair(jobs_api, "items", one.item_id, two.item_id, 10**12, "no-number") == 1
    again = (await shop.items_requested(3))[2]
    # The time of the first asking, or a little before: whoever has forgotten what is that old refuses it.
    assert again.model_copy(update={"requested_at": two.requested_at}) == two
    assert again.requested_at <= two.requested_at


async def test_a_jobs_end_is_told_again_with_its_totals(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [good, bad] = await shop.running_job(2)
    running, _ = await shop.running_job(1)
    await shop.say(completed(good), failed(bad))
    [ended] = await shop.jobs_finished()
    answer = await jobs_api.client.post(
        f"{DOOR}/known/jobs", json={"ids": [str(job_id), str(running), "1000000000"]}, headers=operator()
    )
    assert {thing["id"]: thing["state"] for thing in answer.json()["things"]} == {str(job_id): "DONE", str(running): "PENDING"}

    assert await repair(jobs_api, "jobs", job_id, running) == 1
    again: JobFinished = (await shop.jobs_finished(2))[1]
    assert (again.job_id, again.items_spent, again.items_done, again.items_failed) == (job_id, 2, 1, 1)
    assert again.told_again
    assert again.model_copy(update={"told_again": False}) == ended


async def test_a_job_that_stopped_asking_goes_on_and_one_that_miscounted_is_shown(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [item] = await shop.running_job(1)

    async def planted_and_seen() -> bool:
        # Again and again, since the loop that goes on with such jobs may be quicker than the look.
        await jobs_api.database.execute("UPDATE jobs SET items_released = 0 WHERE id = $1", job_id)
        return job_id in await found(jobs_api, "unasked")

    await eventually(planted_and_seen)
    for _ in range(TRIES):
        await repair(jobs_api, "unasked", job_id)
        if job_id not in await found(jobs_api, "unasked"):
            break
    else:
        pytest.fail("the job does not go on")
    assert {one.item_id for one in await shop.items_requested(2)} == {item.item_id}

    ended: Any = "UPDATE items SET status = 'FAILED', charge = 'release' WHERE job_id = $1"
    await jobs_api.database.execute(ended, job_id)
    assert job_id in await found(jobs_api, "uncounted")
    await jobs_api.database.execute("UPDATE items SET status = 'PENDING', charge = NULL WHERE job_id = $1", job_id)
    await shop.say(completed(item))
    await shop.jobs_finished()
    assert job_id not in await found(jobs_api, "uncounted")
