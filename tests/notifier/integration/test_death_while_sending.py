"""A notifier is killed between the vendor's taking a mail and the commit of that: the vendor's report says the rest, once."""

from pathlib import Path

from darkroom_contracts.notifications import NotificationSent
from support.kafka import Log
from support.notifier_process import Ground
from support.ports import free_port
from support.running_sandbox import running_sandbox
from support.service import eventually, migrated
from support.told_people import job_finished, telling_notifier

ANSWER_SECONDS = 5.0
"""Time enough to kill who waits for the answer. The report follows, and comes again and again until the heir listens."""


async def test_what_a_dead_sender_sent_is_not_sent_again(
    log: Log, database_url: str, redis_url: str, tenant: str, tmp_path: Path
) -> None:
    ground = Ground(log, await migrated("notifier", database_url), redis_url)
    email = f"anna@{tenant}.example"
    port = free_port()
    with running_sandbox(tmp_path) as sandbox:
        async with telling_notifier(ground, sandbox, port=port) as doomed:
            await doomed.prefer(tenant, email=email)
            before = len(sandbox.calls(vendor="sendgrid", kind="send"))
            await doomed.set("sendgrid", seconds=ANSWER_SECONDS)
            await log.publish(job_finished(tenant, 7))

            async def asked() -> bool:
                return len(sandbox.calls(vendor="sendgrid", kind="send")) == before + 1

            await eventually(asked)
            doomed.process.process.kill()
            await doomed.process.process.wait()
        async with telling_notifier(ground, sandbox, port=port) as heir:
            (mail,) = await heir.wait_sent("mail", email)

            def sent(_seen: object) -> bool:
                return bool(sent_about_the_job(log, tenant))

            await log.events(sent, instance_id=tenant)
            (event,) = sent_about_the_job(log, tenant)
            assert mail["customArgs"] == {"darkroom_message_id": event.message_id}
            assert event.provider_message_id == mail["id"]
            assert len(sandbox.calls(vendor="sendgrid", kind="send")) == before + 1


def sent_about_the_job(log: Log, tenant: str) -> list[NotificationSent]:
    """What was published as sent, besides the confirmation of the address."""
    events = [one.event for one in log.seen(tenant)]
    return [event for event in events if isinstance(event, NotificationSent) and event.kind == "job.done"]
