"""From an event in Kafka to a frame on the right sockets, once and in order."""

from datetime import UTC, datetime, timedelta

from darkroom_contracts.credits import CreditsReserved
from darkroom_contracts.envelope import wrap
from darkroom_contracts.examples import ITEM, JOB
from darkroom_contracts.items import ItemCompleted
from darkroom_contracts.jobs import ItemFinished, JobFinished, JobRequested
from darkroom_contracts.predictions import ItemStarted, PredictionCreated
from support.notifier_process import Ground, NotifierProcess, example, page, token_for


async def test_a_job_is_told_from_its_acceptance_to_its_end(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    story = (JobRequested, CreditsReserved, ItemStarted, PredictionCreated, ItemCompleted, ItemFinished, JobFinished)
    begin = datetime.now(UTC)
    events = [example(kind, tenant) for kind in story]
    envelopes = [wrap(event, source="/t", now=begin + timedelta(seconds=n)) for n, event in enumerate(events)]
    async with page(notifier.url, token=token_for(tenant)) as open_page:
        assert (open_page.offset, open_page.recovered) == (0, False)
        for message in zip(events, envelopes, strict=True):
            await ground.log.send([message])
        heard = await open_page.frames(9)  # all of them: those of two topics may come in either order
    frames = {frame["event"] + str(frame["data"].get("status", "")): frame for frame in heard}
    assert set(frames) == {
        "job.acceptedPENDING",
        "credits.changed",
        "item.updatedRUNNING",
        "item.updatedPROCESSING",
        "item.updatedDONE",
        "job.updatedRUNNING",
        "job.finishedDONE",
        "notification",
    }
    # By the poller, who knows first, and again once it is in jobs-api's answers: the same in other words would undo itself.
    done, again = (frame for frame in heard if frame["data"].get("status") == "DONE" and frame["event"] == "item.updated")
    assert {done["at"], again["at"]} == {envelopes[4].time, envelopes[5].time}
    assert done["data"] == again["data"]
    assert (done["data"]["jobId"], done["data"]["itemId"]) == (JOB, ITEM)
    assert done["data"]["optimizedImageUrl"].startswith("http://darkroom.localhost/media/results/")


async def test_one_topics_events_come_in_their_order(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    async with page(notifier.url, token=token_for(tenant)) as open_page:
        await ground.log.publish(*[example(ItemCompleted, tenant, item_id=item) for item in range(400)])
        frames = await open_page.frames(400)
    assert [frame["data"]["itemId"] for frame in frames] == list(range(400))


async def test_of_a_flood_of_progress_every_item_shows_its_latest(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    async with page(notifier.url, token=token_for(tenant)) as open_page:
        # An item's two events are neighbours, so that they are taken together, however slowly all of them are put into the log.
        story = [example(kind, tenant, item_id=item) for item in range(200) for kind in (ItemStarted, PredictionCreated)]
        await ground.log.publish(*story)
        states: dict[int, str] = {}
        count = 0
        while list(states.values()).count("PROCESSING") < 200:
            (frame,) = await open_page.frames(1)
            states[frame["data"]["itemId"]] = frame["data"]["status"]
            count += 1
    assert count < 400, "what was overtaken while it was held is not told"


async def test_each_tenant_sees_its_own_alone(ground: Ground, notifier: NotifierProcess, tenant: str, other_tenant: str) -> None:
    async with page(notifier.url, token=token_for(tenant)) as one, page(notifier.url, token=token_for(other_tenant)) as other:
        for number in range(20):
            await ground.log.publish(example(ItemStarted, tenant, job_id=1, item_id=number))
            await ground.log.publish(example(ItemStarted, other_tenant, job_id=2, item_id=number))
        seen = await one.frames(20), await other.frames(20)
    assert [{frame["data"]["jobId"] for frame in frames} for frames in seen] == [{1}, {2}]


async def test_all_sockets_of_a_tenant_see_the_same(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    token = token_for(tenant)
    async with page(notifier.url, token=token) as one, page(notifier.url, token=token) as other:
        await ground.log.publish(*[example(ItemStarted, tenant, item_id=number) for number in range(5)])
        assert await one.frames(5) == await other.frames(5)


async def test_a_repeated_event_gives_no_second_frame(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    event = example(ItemStarted, tenant, item_id=1)
    (envelope,) = await ground.log.publish(event)
    async with page(notifier.url, token=token_for(tenant)) as open_page:
        await ground.log.send([(event, envelope)] * 3)
        await ground.log.publish(example(ItemStarted, tenant, item_id=2))
        frames = await open_page.frames(1) if open_page.offset else await open_page.frames(2)
    assert [frame["data"]["itemId"] for frame in frames][-1] == 2
    assert frames[-1]["offset"] == 2


async def test_an_unreadable_message_stops_nobody(ground: Ground, notifier: NotifierProcess, tenant: str) -> None:
    async with page(notifier.url, token=token_for(tenant)) as open_page:
        await ground.log.send_raw("darkroom.items", b"{", key=tenant.encode(), headers=[("ce_id", b"1")])
        await ground.log.publish(example(ItemCompleted, tenant))
        (frame,) = await open_page.frames(1)
    assert frame["data"]["status"] == "DONE"
