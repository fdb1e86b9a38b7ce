"""Items' facts from the log: any order, any repetition, many at once."""

import random
from dataclasses import replace
from datetime import UTC, datetime

from darkroom_contracts.credits import Balances, CreditsGranted, CreditsReserved, CreditsSettled
from darkroom_contracts.envelope import Envelope, wrap
from darkroom_contracts.event import Event
from darkroom_contracts.jobs import ItemRequested
from support.jobs_api import JobsApi, Shop, canceled, completed, created, failed, request_body, running_jobs_api, started
from support.service import eventually
from support.stack import StackAddresses


async def statuses(jobs_api: JobsApi, job_id: int) -> list[str]:
    rows = await jobs_api.rows("SELECT status FROM items WHERE job_id = $1 ORDER BY place", job_id)
    return [row["status"] for row in rows]


async def test_an_item_goes_through_its_states_and_its_job_with_it(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [item] = await shop.running_job(1)
    assert (await shop.detail(job_id))["job"]["status"] == "PENDING"
    for event, state, job_state in (
        (started(item), "RUNNING", "RUNNING"),
        (created(item), "PROCESSING", "RUNNING"),
        (completed(item), "DONE", "DONE"),
    ):
        await shop.say(event)

        async def reached(state: str = state) -> bool:
            return await statuses(jobs_api, job_id) == [state]

        await eventually(reached)
        assert (await shop.detail(job_id))["job"]["status"] == job_state


async def test_an_end_that_comes_before_its_beginning_stands(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [one, two] = await shop.running_job(2)
    await shop.say(completed(one))
    await shop.items_finished(1)
    await shop.say(created(one), started(one), failed(one), completed(one), completed(two), started(two))
    await shop.jobs_finished()
    other, [last] = await shop.running_job(1)
    await shop.say(started(last), completed(last))
    await shop.jobs_finished(2)
    await shop.predictions_were_handled()
    assert await statuses(jobs_api, job_id) == ["DONE", "DONE"]
    assert len(await shop.items_finished(3)) == 3
    assert [finished.job_id for finished in await shop.jobs_finished(2)] == [job_id, other]


async def test_ends_are_charged_by_what_reached_the_provider(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [good, refused, never, stopped, stopped_late] = await shop.running_job(5)
    await shop.say(
        completed(good),
        failed(refused),
        failed(never, reached_provider=False),
        canceled(stopped, reached_provider=False),
        canceled(stopped_late, reached_provider=True),
    )
    [finished] = await shop.jobs_finished()
    ends = {item.item_id: (item.status, item.charge) for item in await shop.items_finished(5)}
    assert ends == {
        good.item_id: ("DONE", "spend"),
        refused.item_id: ("FAILED", "spend"),
        never.item_id: ("FAILED", "release"),
        stopped.item_id: ("CANCELED", "release"),
        stopped_late.item_id: ("CANCELED", "spend"),
    }
    assert (finished.status, finished.items_spent) == ("DONE", 3)
    assert (finished.items_done, finished.items_failed, finished.items_canceled) == (1, 2, 2)
    assert (await shop.detail(job_id))["job"]["failedImages"] == 2


async def test_a_job_fails_only_when_every_item_failed(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, items = await shop.running_job(2)
    await shop.say(*(failed(item) for item in items))
    [finished] = await shop.jobs_finished()
    assert finished.status == "FAILED"
    job = (await shop.detail(job_id))["job"]
    assert (job["status"], job["error"]) == ("FAILED", "None of the 2 pictures could be made; each tells its own reason.")
    single, [item] = await shop.running_job(1)
    await shop.say(failed(item))
    await shop.jobs_finished(2)
    assert (await shop.detail(single))["job"]["error"].startswith("The studio refused this picture")


async def test_the_counts_in_itemfinished_rise_by_one(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    _, items = await shop.running_job(10)
    await shop.say(*(completed(item) for item in items))
    finished = await shop.items_finished(10)
    assert [one.items_done for one in finished] == list(range(1, 11))
    assert {one.items_total for one in finished} == {10}
    assert {(one.item_id, one.result_key, one.thumbnail_key) for one in finished} == {
        (item.item_id, f"results/{item.item_id}.jpg", f"thumbnails/{item.item_id}.webp") for item in items
    }


async def test_another_tenants_facts_about_an_item_change_nothing(jobs_api: JobsApi) -> None:
    shop, stranger = jobs_api.shop(), jobs_api.shop("stranger")
    job_id, [item] = await shop.running_job(1)
    _, [own] = await stranger.running_job(1)
    forged = item.model_copy(update={"instance_id": stranger.instance_id})
    mixed = forged.model_copy(update={"job_id": own.job_id})
    await stranger.say(started(forged), completed(forged), completed(mixed), failed(mixed), completed(own))
    await stranger.jobs_finished()
    await stranger.predictions_were_handled()
    assert await statuses(jobs_api, job_id) == ["PENDING"]
    assert (await shop.detail(job_id))["job"]["status"] == "PENDING"


async def test_batches_of_hundreds_shuffled_and_repeated_add_up(jobs_api: JobsApi) -> None:
    shops = [jobs_api.shop(f"shop{number}") for number in range(5)]
    work: list[tuple[Shop, list[ItemRequested]]] = []
    for shop in shops:
        for _ in range(4):
            work.append((shop, (await shop.running_job(10))[1]))
    rng = random.Random(7)
    facts: list[Event] = []
    for _, items in work:
        for place, item in enumerate(items):
            facts += [started(item), created(item), failed(item) if place % 5 == 4 else completed(item)] * 2
    rng.shuffle(facts)
    assert len(facts) == 1200
    await shops[0].say(*facts)
    for shop in shops:
        finished = await shop.jobs_finished(4)
        assert {(job.status, job.items_done, job.items_failed, job.items_spent) for job in finished} == {("DONE", 8, 2, 10)}
        assert len(await shop.items_finished(40)) == 40
    rows = await jobs_api.rows(
        """
        SELECT j.id FROM jobs j JOIN items i ON i.job_id = j.id WHERE j.instance_id = ANY($1) GROUP BY j.id
        HAVING j.items_done <> count(*) FILTER (WHERE i.status = 'DONE')
            OR j.items_failed <> count(*) FILTER (WHERE i.status = 'FAILED')
            OR j.items_spent <> count(*) FILTER (WHERE i.charge = 'spend')
        """,
        [shop.instance_id for shop in shops],
    )
    assert rows == []


async def test_a_job_of_two_thousand_items_is_asked_for_in_chunks(parts: StackAddresses) -> None:
    async with running_jobs_api(parts) as jobs_api:  # alone, so that no other test reads its thousands of events
        await jobs_api.row("UPDATE catalogue_products SET images_max = 2000 WHERE name = 'optimize' RETURNING name")
        shop = jobs_api.shop()
        job_id, items = await shop.running_job(2000)
        assert [item.image_id for item in items] == [f"image-{number}" for number in range(1, 2001)]
        assert len({item.item_id for item in items}) == 2000
        chunks = await jobs_api.rows(
            """
            SELECT count(*) AS items FROM outbox WHERE headers->>'ce_type' = 'darkroom.ItemRequested.v1'
            GROUP BY headers->>'ce_time'
            """
        )
        assert max(row["items"] for row in chunks) <= 500
        assert (await jobs_api.row("SELECT items_released FROM jobs WHERE id = $1", job_id))["items_released"] == 2000
        await shop.say(*(completed(item) for item in items))
        [finished] = await shop.jobs_finished()
        assert (finished.items_done, finished.items_spent) == (2000, 2000)


async def test_what_a_dead_process_left_to_be_asked_for_is_found_by_the_next_one(parts: StackAddresses) -> None:
    async with running_jobs_api(parts) as jobs_api:
        shop = jobs_api.shop()
        job_id, items = await shop.running_job(3)
        # as if the process had died before it took the last two places
        await jobs_api.row("UPDATE jobs SET items_released = 1 WHERE id = $1 RETURNING id", job_id)
        async with jobs_api.second_replica():
            again = await shop.items_requested(5)
        assert [item.item_id for item in again[3:]] == [item.item_id for item in items[1:]]


async def test_an_older_balance_never_overwrites_a_newer_one(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()

    def event(available: int, kind: str) -> Event:
        balances = Balances(available=available, held=0, spent=0)
        if kind == "granted":
            return CreditsGranted(instance_id=shop.instance_id, grant_id=1, amount=1, reason="plan", balances=balances)
        if kind == "settled":
            return CreditsSettled(instance_id=shop.instance_id, job_id=1, spent=0, released=0, balances=balances)
        return CreditsReserved(instance_id=shop.instance_id, job_id=1, amount=1, balances=balances)

    def at(sequence: int, event: Event) -> tuple[Event, Envelope]:
        return event, replace(wrap(event, source="/tests", now=datetime.now(UTC)), sequence=1_000_000 + sequence)

    for sequence, available, kind in ((5, 50, "granted"), (9, 90, "settled"), (7, 70, "granted"), (8, 80, "reserved")):
        await shop.log.send([at(sequence, event(available, kind))])
    await shop.running_job(1)  # on the same topic and key, with an older sequence: all before it has been handled
    assert (await shop.post("/api/quote", request_body(1))).json()["balanceAfter"] == 75
