"""Whoever watches hears where a job stands each time the queue has notably moved."""

from datetime import UTC, datetime, timedelta

from darkroom_contracts.envelope import utc_text
from darkroom_contracts.predictions import ItemStarted
from darkroom_contracts.queue import Lane, ProviderQueue, QueueLine, QueueMeasured, TenantPlace, TenantQueueMeasured
from darkroom_contracts.queue_place import UNIT
from darkroom_contracts.topics import PLATFORM_KEY
from support.notifier_process import Ground, Message, NotifierProcess, Page, example, page, token_for

JOB = 71


def measured(tenant: str, at: datetime, *, ahead: int, paused: bool = False) -> tuple[TenantQueueMeasured, QueueMeasured]:
    """A queue that starts one a second, each done in ten; another tenant has `ahead` starts before the first of three of ours."""
    other = QueueLine(tenant="0", tag=0, step=1, waiting=ahead) if ahead else None
    own = QueueLine(tenant=tenant, tag=UNIT, step=UNIT, waiting=3)
    queue = ProviderQueue(
        provider="replicate",
        epoch=1,
        virtual=0,
        starts_per_minute=60,
        usual_seconds=10,
        waiting=3 + ahead,
        in_flight=0,
        lines=(other, own) if other else (own,),
    )
    place = TenantPlace(
        provider="replicate", epoch=1, tag=UNIT, step=UNIT, waiting=3, paused=paused, fresh=Lane(jobs=((JOB, 3),))
    )
    return (
        TenantQueueMeasured(instance_id=tenant, measured_at=at, places=(place,)),
        QueueMeasured(instance_id=PLATFORM_KEY, measured_at=at, queues=(queue,)),
    )


async def told(open_page: Page, expected: Message) -> None:
    """Hear until this was said; a measurement may have been read in halves, so something else may come before."""
    while True:
        (frame,) = await open_page.frames(1)
        assert (frame["event"], frame["data"]["jobId"]) == ("job.updated", JOB)
        if frame["data"] == {"jobId": JOB} | expected:
            return


async def test_the_place_and_the_finish_follow_the_queue(
    ground: Ground, notifier: NotifierProcess, tenant: str, other_tenant: str
) -> None:
    at = datetime.now(UTC) + timedelta(minutes=10)  # later than now, so that nothing is due already
    async with page(notifier.url, token=token_for(tenant)) as mine, page(notifier.url, token=token_for(other_tenant)) as other:
        await ground.log.publish(*measured(tenant, at, ahead=11))
        # 11 go before, then ours: the last of three starts after 13 others, a second each, and is done ten seconds later.
        await told(mine, {"position": 12, "expectedFinishAt": utc_text(at + timedelta(seconds=23))})

        later = at + timedelta(seconds=1)
        await ground.log.publish(*measured(tenant, later, ahead=0))
        await told(mine, {"position": 1, "expectedFinishAt": utc_text(later + timedelta(seconds=12))})

        await ground.log.publish(*measured(tenant, later + timedelta(seconds=1), ahead=0, paused=True))
        await told(mine, {"position": 1, "expectedFinishAt": None})

        # What changed for one tenant is told although the queue was not measured anew: from then on, that of a second ago holds.
        resumed, _ = measured(tenant, later + timedelta(seconds=2), ahead=0)
        await ground.log.publish(resumed)
        await told(mine, {"position": 1, "expectedFinishAt": utc_text(later + timedelta(seconds=13))})
        await ground.log.publish(example(ItemStarted, other_tenant))
        (first,) = await other.frames(1)
        assert (first["offset"], first["event"]) == (1, "item.updated"), "nobody hears of another's place"
