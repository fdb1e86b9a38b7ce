"""From an event in Kafka to an e-mail or SMS at the vendor, once, and to an entry in the inbox; reports come back and count."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from darkroom_contracts.credits import CreditsRejected
from darkroom_contracts.envelope import wrap
from darkroom_contracts.event import Event
from darkroom_contracts.notifications import NotificationFailed, NotificationSent
from darkroom_servicekit.stages import Received
from support.notifier_process import Ground, example, notifier_process, page, token_for
from support.service import eventually
from support.stack import unique_name
from support.told_people import TellingNotifier, job_finished, settings_of

RETRY_LATE = """
    CREATE OR REPLACE FUNCTION retry_late() RETURNS trigger LANGUAGE plpgsql
    AS $$BEGIN NEW.not_before := NEW.not_before + interval '1 hour'; RETURN NEW; END$$;
    CREATE TRIGGER retry_late BEFORE UPDATE ON messages FOR EACH ROW WHEN (NEW.state = 'pending') EXECUTE FUNCTION retry_late()
"""
"""However long a vendor's report takes: it comes before the next attempt."""


@pytest.fixture
def email() -> str:
    return f"{unique_name('anna')}@shop.example"


async def outcomes(ground: Ground, tenant: str, count: int) -> list[Event]:
    """The first events about messages to the tenant's people."""

    def ends(seen: list[Received[Event]]) -> list[Event]:
        events = [one.event for one in seen if isinstance(one.event, NotificationSent | NotificationFailed)]
        return [event for event in events if event.kind != "address.confirm"]

    return ends(await ground.log.events(lambda seen: len(ends(seen)) >= count, instance_id=tenant))


async def rows(ground: Ground, sql: str, *values: object) -> list[Any]:
    connection = await asyncpg.connect(ground.database_url)
    try:
        return list(await connection.fetch(sql, *values))
    finally:
        await connection.close()


async def execute(ground: Ground, sql: str) -> None:
    connection = await asyncpg.connect(ground.database_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def test_a_finished_job_is_told_by_email_inbox_and_socket(
    told_ground: Ground, telling: TellingNotifier, tenant: str, email: str
) -> None:
    await telling.prefer(tenant, email=email, phone="+4915112345678", locale="de")
    async with page(telling.process.url, token=token_for(tenant)) as open_page:
        (envelope,) = await told_ground.log.publish(job_finished(tenant, 71, product_name="Tasse <blau>"))
        kinds = {frame["event"]: frame["data"] for frame in await open_page.frames(2)}
    (mail,) = await telling.wait_sent("mail", email)
    assert mail["subject"] == "Ihre Bilder von Tasse <blau> sind fertig"
    assert "Tasse &lt;blau&gt;" in mail["html"]
    assert f"{telling.process.http}/ongoing/71" in mail["text"]
    (sent,) = await outcomes(told_ground, tenant, 1)
    assert isinstance(sent, NotificationSent)
    assert (sent.provider_message_id, sent.attempts, sent.vendor) == (mail["id"], 1, "sendgrid")
    assert mail["customArgs"] == {"darkroom_message_id": sent.message_id}
    inbox = (await telling.ask("GET", "/api/notifications", tenant)).json()
    (entry,) = inbox["notifications"]
    assert (entry["title"], entry["jobId"], entry["read"], inbox["unread"]) == (mail["subject"], 71, False, 1)
    assert kinds["notification"]["id"] == entry["id"] == sent.notification_id
    assert kinds["notification"]["kind"] == "job.done"
    ours = [one for one in told_ground.log.seen(tenant) if isinstance(one.event, NotificationSent)]
    (told,) = [one for one in ours if isinstance(one.event, NotificationSent) and one.event.kind == "job.done"]
    assert (told.envelope.causation_id, told.envelope.correlation_id) == (envelope.id, "71")
    assert await telling.sent("sms", "+4915112345678") == []


async def test_an_event_of_years_ago_is_filed_and_nobody_is_written_to(
    told_ground: Ground, telling: TellingNotifier, tenant: str, email: str
) -> None:
    await telling.prefer(tenant, email=email)
    long_ago = datetime.now(UTC) - timedelta(days=730)
    old, new = job_finished(tenant, 91), job_finished(tenant, 92)
    await told_ground.log.send([(old, wrap(old, source="/services/jobs-api", now=long_ago))])
    await told_ground.log.publish(new)
    await telling.wait_sent("mail", email)
    await outcomes(told_ground, tenant, 1)

    inbox = (await telling.ask("GET", "/api/notifications", tenant)).json()
    assert sorted(entry["jobId"] for entry in inbox["notifications"]) == [91, 92]
    written = await rows(
        told_ground,
        "SELECT n.job_id FROM messages m JOIN notifications n ON n.id = m.notification_id WHERE m.instance_id = $1 AND n.listed",
        tenant,
    )
    assert [row["job_id"] for row in written] == [92]


async def test_an_event_that_comes_again_is_told_once(
    told_ground: Ground, telling: TellingNotifier, tenant: str, email: str
) -> None:
    await telling.prefer(tenant, email=email)
    event = job_finished(tenant, 72)
    (envelope,) = await told_ground.log.publish(event)
    await told_ground.log.send([(event, envelope)] * 3)
    await told_ground.log.publish(job_finished(tenant, 73))
    mails = await telling.wait_sent("mail", email, 2)
    await outcomes(told_ground, tenant, 2)
    assert len({mail["customArgs"]["darkroom_message_id"] for mail in mails}) == 2
    assert len(await telling.sent("mail", email)) == 2


async def test_sms_goes_to_those_who_asked_and_its_delivery_is_kept(
    told_ground: Ground, telling: TellingNotifier, tenant: str
) -> None:
    phone = f"+49151{abs(hash(tenant)) % 10**8:08d}"
    chosen = [{"channel": "sms", "kind": "job.failed", "enabled": True}]
    await telling.prefer(tenant, phone=phone, preferences=chosen)
    await told_ground.log.publish(
        job_finished(tenant, 74), job_finished(tenant, 75, status="FAILED", items_done=0, items_failed=2)
    )
    (sms,) = await telling.wait_sent("sms", phone)
    assert sms["body"].startswith("Darkroom: Your pictures of Blue mug could not be made.")
    assert sms["statusCallback"].startswith(f"{telling.process.http}/webhooks/twilio?message=")

    async def delivered() -> bool:
        sql = "SELECT delivery FROM messages WHERE instance_id = $1 AND state = 'sent' AND kind = 'job.failed'"
        return [row["delivery"] for row in await rows(told_ground, sql, tenant)] == ["delivered"]

    await eventually(delivered)


async def test_an_address_that_bounced_is_not_written_to_again(
    told_ground: Ground, telling: TellingNotifier, tenant: str
) -> None:
    address = f"bounce@{tenant}.example"
    # A confirmation to this address would bounce as well, so it stands there as an older version took it.
    await telling.prefer(tenant, email=f"anna@{tenant}.example")
    await rows(told_ground, "UPDATE recipients SET email = $2, confirmed_email = $2 WHERE instance_id = $1", tenant, address)
    await told_ground.log.publish(job_finished(tenant, 76))

    async def suppressed() -> bool:
        preferences = (await telling.ask("GET", "/api/notifications/preferences", tenant)).json()
        return bool(preferences["suppressed"] == {"email": "bounced"})

    await eventually(suppressed)
    first = await outcomes(told_ground, tenant, 2)
    assert [type(event) for event in first] == [NotificationSent, NotificationFailed]
    await told_ground.log.publish(job_finished(tenant, 77))
    last = (await outcomes(told_ground, tenant, 3))[-1]
    assert isinstance(last, NotificationFailed)
    assert (last.code, last.job_id) == ("suppressed", 77)
    assert len(await telling.sent("mail", address)) == 1


async def test_a_vendor_that_fails_is_tried_again(told_ground: Ground, telling: TellingNotifier, tenant: str, email: str) -> None:
    await telling.prefer(tenant, email=email)
    await telling.set("sendgrid", failRate=1)
    try:
        await told_ground.log.publish(job_finished(tenant, 78))

        async def tried() -> bool:
            sql = "SELECT attempts, state, error_code FROM messages WHERE instance_id = $1 AND state = 'pending' AND attempts > 0"
            return [row["error_code"] for row in await rows(told_ground, sql, tenant)] == ["vendor-error"]

        await eventually(tried)
    finally:
        await telling.set("sendgrid", failRate=0)
    (sent,) = await outcomes(told_ground, tenant, 1)
    assert isinstance(sent, NotificationSent)
    assert sent.attempts >= 2
    assert len(await telling.sent("mail", email)) == 1


async def test_an_answer_that_is_lost_costs_no_second_mail_when_the_vendor_reports_in_time(
    told_ground: Ground, telling: TellingNotifier, tenant: str, email: str
) -> None:
    await telling.prefer(tenant, email=email)
    await telling.set("sendgrid", lostAnswerRate=1, webhook={"delaySeconds": 0})
    await execute(told_ground, RETRY_LATE)
    try:
        await told_ground.log.publish(job_finished(tenant, 79))
        (sent,) = await outcomes(told_ground, tenant, 1)
    finally:
        await execute(told_ground, "DROP TRIGGER retry_late ON messages")
        await telling.set("sendgrid", lostAnswerRate=0, webhook={"delaySeconds": 0.05})
    assert isinstance(sent, NotificationSent)
    (row,) = await rows(told_ground, "SELECT state FROM messages WHERE instance_id = $1 AND kind = 'job.done'", tenant)
    assert row["state"] == "sent"
    assert len(await telling.sent("mail", email)) == 1


async def test_one_click_in_the_mail_program_ends_the_mails_and_looking_does_not(
    told_ground: Ground, telling: TellingNotifier, tenant: str, email: str
) -> None:
    await telling.prefer(tenant, email=email)
    await told_ground.log.publish(job_finished(tenant, 80))
    (mail,) = await telling.wait_sent("mail", email)
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch("<(.+)>", mail["headers"]["List-Unsubscribe"])
    assert link is not None
    seen = await telling.client.get(link[1])
    assert (seen.status_code, "<form" in seen.text) == (200, True)
    assert (await telling.ask("GET", "/api/notifications/preferences", tenant)).json()["suppressed"] == {}
    done = await telling.client.post(link[1], data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert (await telling.ask("GET", "/api/notifications/preferences", tenant)).json()["suppressed"] == {"email": "unsubscribed"}
    await told_ground.log.publish(job_finished(tenant, 81))
    last = (await outcomes(told_ground, tenant, 2))[-1]
    assert isinstance(last, NotificationFailed)
    assert len(await telling.sent("mail", email)) == 1
    assert (await telling.prefer(tenant, resubscribe=True))["suppressed"] == {}
    assert (await telling.client.post(link[1] + "x")).status_code == 400


async def test_reports_that_nobody_signed_change_nothing(telling: TellingNotifier) -> None:
    forged = [{"event": "bounce", "email": "victim@shop.example", "sg_event_id": "1", "timestamp": 1}]
    mail = await telling.client.post(f"{telling.process.http}/webhooks/sendgrid", json=forged)
    sms = await telling.client.post(f"{telling.process.http}/webhooks/twilio", data={"MessageSid": "SM1"})
    assert [answer.status_code for answer in (mail, sms)] == [403, 403]


async def test_each_person_reads_for_themselves_and_each_tenant_its_own(
    told_ground: Ground, telling: TellingNotifier, tenant: str, other_tenant: str
) -> None:
    await told_ground.log.publish(*[job_finished(tenant, 90 + n) for n in range(3)])

    async def all_there() -> bool:
        return bool((await telling.ask("GET", "/api/notifications", tenant)).json()["unread"] == 3)

    await eventually(all_there)
    first = (await telling.ask("GET", "/api/notifications?limit=2", tenant)).json()
    rest = (await telling.ask("GET", f"/api/notifications?limit=2&cursor={first['nextCursor']}", tenant)).json()
    assert [one["jobId"] for one in first["notifications"] + rest["notifications"]] == [92, 91, 90]
    assert rest["nextCursor"] is None
    path = f"/api/notifications/{first['notifications'][0]['id']}/read"
    assert (await telling.ask("POST", path, other_tenant)).status_code == 404
    assert [(await telling.ask("POST", path, tenant)).status_code for _ in range(2)] == [204, 204]
    unread = (await telling.ask("GET", "/api/notifications?unread=true", tenant)).json()
    assert [one["jobId"] for one in unread["notifications"]] == [91, 90]
    assert (await telling.ask("GET", "/api/notifications", tenant, subject="colleague")).json()["unread"] == 3
    seen = {"newest": unread["notifications"][0]["id"]}
    assert (await telling.ask("POST", "/api/notifications/read", other_tenant, json=seen)).status_code == 404
    assert [(await telling.ask("POST", "/api/notifications/read", tenant, json=seen)).status_code for _ in range(2)] == [204, 204]
    assert (await telling.ask("GET", "/api/notifications", tenant)).json()["unread"] == 0
    oldest = {"newest": rest["notifications"][0]["id"]}
    assert (await telling.ask("POST", "/api/notifications/read", tenant, subject="late", json=oldest)).status_code == 204
    assert (await telling.ask("GET", "/api/notifications", tenant, subject="late")).json()["unread"] == 2
    assert (await telling.ask("GET", "/api/notifications", other_tenant)).json()["notifications"] == []


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"phone": "0151 2345678"}, "phone"),
        ({"locale": "tlh"}, "locale"),
        ({"preferences": [{"channel": "pigeon", "kind": "job.done", "enabled": True}]}, "preferences[0].channel"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_a_wrong_wish_is_named_with_its_rule(telling: TellingNotifier, tenant: str, wishes: Any, field: str) -> None:
    answer = await telling.ask("PUT", "/api/notifications/preferences", tenant, json=wishes)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_without_a_token_nothing_is_shown(telling: TellingNotifier) -> None:
    for path in ("/api/notifications", "/api/notifications/preferences"):
        assert (await telling.client.get(telling.process.http + path)).status_code == 401


async def test_a_refusal_that_somebody_waited_for_is_no_mail_but_an_entry(
    told_ground: Ground, telling: TellingNotifier, tenant: str, email: str
) -> None:
    await telling.prefer(tenant, email=email)
    done, refused, now = job_finished(tenant, 95), example(CreditsRejected, tenant, job_id=96), datetime.now(UTC)
    asked = wrap(done, source="/t", now=now)
    # Decided at once, however long it takes to put both into the log.
    await told_ground.log.send([(done, asked), (refused, wrap(refused, source="/t", now=now, cause=asked))])
    await telling.wait_sent("mail", email)

    async def both() -> bool:
        return bool((await telling.ask("GET", "/api/notifications", tenant)).json()["unread"] == 2)

    await eventually(both)
    await outcomes(told_ground, tenant, 1)
    assert [mail["subject"] for mail in await telling.sent("mail", email)] == ["Your pictures of Blue mug are ready"]


async def test_two_replicas_share_the_queue_and_send_nothing_twice(
    told_ground: Ground, telling: TellingNotifier, tenant: str, email: str
) -> None:
    await telling.prefer(tenant, email=email)
    async with notifier_process(told_ground, lambda port: settings_of(telling.sandbox, port)):
        await told_ground.log.publish(*[job_finished(tenant, 1000 + n) for n in range(60)])
        await telling.wait_sent("mail", email, 60)
        await outcomes(told_ground, tenant, 60)
    assert len(await telling.sent("mail", email)) == 60


async def test_nothing_but_the_confirmation_goes_to_an_address_until_it_is_confirmed(
    told_ground: Ground, telling: TellingNotifier, tenant: str, email: str
) -> None:
    path = "/api/notifications/preferences"
    told = (await telling.ask("PUT", path, tenant, json={"email": email})).json()
    assert (told["email"], told["emailConfirmed"], told["phoneConfirmed"]) == (email, False, False)
    (token,) = await telling.confirmations("mail", email)
    await told_ground.log.publish(job_finished(tenant, 701))

    async def entered() -> bool:
        inbox = (await telling.ask("GET", "/api/notifications", tenant)).json()
        return bool([entry["jobId"] for entry in inbox["notifications"]] == [701])

    await eventually(entered)
    queued = await rows(told_ground, "SELECT kind FROM messages WHERE instance_id = $1", tenant)
    assert [row["kind"] for row in queued] == ["address.confirm"]

    assert (await telling.confirm(token + "A")).status_code == 404
    done = await telling.confirm(token)
    assert (done.status_code, done.json()) == (200, {"channel": "email", "address": email})
    again = await telling.confirm(token)
    assert (again.status_code, again.json()["type"]) == (410, "/problems/confirmation-used")
    assert (await telling.ask("GET", path, tenant)).json()["emailConfirmed"] is True
    await told_ground.log.publish(job_finished(tenant, 702))
    (mail,) = await telling.wait_sent("mail", email)
    assert "/ongoing/702" in mail["text"]


async def test_a_confirmation_can_be_sent_again_within_its_limits(telling: TellingNotifier, tenant: str) -> None:
    phone, path = f"+49151{abs(hash(tenant)) % 10**8:08d}", "/api/notifications/confirmations"
    assert (await telling.ask("POST", path, tenant, json={"channel": "sms"})).status_code == 409
    await telling.ask("PUT", "/api/notifications/preferences", tenant, json={"phone": phone})
    again = [await telling.ask("POST", path, tenant, json={"channel": "sms"}) for _ in range(3)]
    assert [answer.status_code for answer in again] == [204, 204, 429]
    assert int(again[-1].headers["Retry-After"]) > 3000
    tokens = await telling.confirmations("sms", phone, 3)
    assert len(tokens) == 3
    assert (await telling.confirm(tokens[0])).json() == {"channel": "sms", "address": phone}
    assert (await telling.ask("POST", path, tenant, json={"channel": "sms"})).status_code == 409
