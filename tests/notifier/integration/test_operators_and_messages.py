"""Operators see what was given up, send it again and lift suppressions; Twilio's STOP and START count; foreign events do not."""

import json
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from darkroom_sandbox.messages.mail_events import signed_headers as mail_headers
from darkroom_sandbox.messages.twilio import signed_headers as sms_headers
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_jwt
from support.notifier_process import Ground
from support.service import eventually
from support.told_people import TWILIO_TOKEN, TellingNotifier, job_finished

LIFE = timedelta(minutes=5)


async def operate(telling: TellingNotifier, method: str, path: str, **content: Any) -> httpx.Response:
    olga = f"olga-{uuid4().hex}"  # another one at each call: who asks again and again meets the request limit
    token = make_jwt("operators", key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=LIFE, subject=olga, roles=("operator",))
    url = f"{telling.process.http}/api/operator/{path}"
    return await telling.client.request(method, url, headers={"Authorization": f"Bearer {token}"}, **content)


async def suppressed(telling: TellingNotifier, address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await operate(telling, "GET", "suppressions", params={"address": address})).json()[
        "suppressions"
    ]
    return found


async def test_a_suppressed_message_is_listed_lifted_and_sent_again(
    told_ground: Ground, telling: TellingNotifier, tenant: str
) -> None:
    address = f"bounce@{tenant}.example"
    await telling.prefer(tenant, email=address)  # the confirmation bounces

    async def bounced() -> bool:
        return bool(await suppressed(telling, address))

    await eventually(bounced)
    await told_ground.log.publish(job_finished(tenant, 1))

    async def failed() -> list[dict[str, Any]]:
        query = {"status": "failed", "instanceId": tenant}
        found: list[dict[str, Any]] = (await operate(telling, "GET", "messages", params=query)).json()["messages"]
        return found

    async def one_failed() -> bool:
        return len(await failed()) == 1

    await eventually(one_failed)
    (message,) = await failed()
    assert (message["code"], message["to"], message["status"]) == ("suppressed", "b…@s…", "failed")
    lifted = await operate(telling, "DELETE", f"suppressions/{address}", params={"reason": "the mailbox is back"})
    assert [one["reason"] for one in lifted.json()["lifted"]] == ["bounced"]
    assert (await operate(telling, "DELETE", f"suppressions/{address}", params={"reason": "again"})).status_code == 404
    retried = await operate(telling, "POST", "messages/retry", json={"ids": [message["id"]], "reason": "lifted"})
    assert (retried.status_code, retried.json()) == (202, {"retried": 1})
    await telling.wait_sent("mail", address)

    async def sent() -> bool:
        return not await failed()

    await eventually(sent)

    async def refused() -> bool:
        answer = await operate(telling, "POST", "messages/retry", json={"ids": [message["id"]]})
        return answer.status_code == 409 and "sent" in answer.json()["detail"]

    await eventually(refused)


async def test_messages_wait_out_an_outage_of_the_vendor_and_are_then_sent_once(
    told_ground: Ground, telling: TellingNotifier, tenant: str
) -> None:
    address = f"anna@{tenant}.example"
    await telling.prefer(tenant, email=address)

    async def paused() -> bool:
        return bool((await operate(telling, "GET", "messages")).json()["pausedAccounts"])

    async def all_queued() -> bool:
        return len(await messages("pending", "sending")) == 25

    async def messages(*states: str) -> list[dict[str, Any]]:
        query = {"instanceId": tenant, "limit": "100"}
        found = (await operate(telling, "GET", "messages", params=query)).json()["messages"]
        return [one for one in found if one["status"] in states]

    await telling.set("sendgrid", failRate=1)
    try:
        await told_ground.log.publish(*[job_finished(tenant, job) for job in range(1, 6)])
        await eventually(paused)
        await told_ground.log.publish(*[job_finished(tenant, job) for job in range(6, 26)])
        await eventually(all_queued)
    finally:
        await telling.set("sendgrid", failRate=0)
    mails = await telling.wait_sent("mail", address, 25)
    assert len({mail["customArgs"]["darkroom_message_id"] for mail in mails}) == len(mails) == 25

    async def all_sent() -> bool:
        return len(await messages("sent")) == 26  # with the confirmation of the address

    await eventually(all_sent)
    # Whoever came during the outage was not tried in vain, but for a trial or two.
    assert sorted(one["attempts"] for one in await messages("sent"))[:18] == [1] * 18
    assert not await paused()


async def test_only_operators_see_messages_and_suppressions(telling: TellingNotifier, tenant: str) -> None:
    for method, path in (("GET", "messages"), ("POST", "messages/retry"), ("GET", "suppressions"), ("DELETE", "suppressions/a")):
        assert (await telling.ask(method, f"/api/operator/{path}", tenant)).status_code == 403


@pytest.mark.parametrize("event", ["bounce", "unsubscribe", "group_unsubscribe", "spamreport"])
async def test_an_event_on_a_message_that_is_not_ours_suppresses_nobody(telling: TellingNotifier, event: str) -> None:
    address = f"{event}-{uuid4().hex}@shop.example"
    body = json.dumps([{"event": event, "email": address, "sg_event_id": uuid4().hex, "timestamp": 1_790_000_000}]).encode()
    answer = await telling.client.post(f"{telling.process.http}/webhooks/sendgrid", content=body, headers=mail_headers(body))
    assert answer.status_code == 204
    assert await suppressed(telling, address) == []


async def test_stop_and_start_from_a_person_count_for_their_number(telling: TellingNotifier, tenant: str) -> None:
    number = f"+49151{abs(hash(tenant)) % 10**8:08d}"
    await telling.prefer(tenant, phone=number)

    async def write(word: str) -> None:
        url = f"{telling.process.http}/webhooks/twilio"
        form = {"From": number, "To": "+15005550006", "Body": word, "SmsStatus": "received", "MessageSid": "SM1"}
        answer = await telling.client.post(url, data=form, headers=sms_headers(TWILIO_TOKEN, url, form))
        assert answer.status_code == 204

    await write(" stop ")
    assert [(one["scope"], one["reason"]) for one in await suppressed(telling, number)] == [("*", "unsubscribed")]
    await write("START")
    assert await suppressed(telling, number) == []
    await write("Stop")
    assert (await telling.prefer(tenant, resubscribe=True))["suppressed"] == {}


async def test_nobody_lifts_the_stop_of_a_number_that_is_not_confirmed_as_theirs(telling: TellingNotifier, tenant: str) -> None:
    number, path = f"+49153{abs(hash(tenant)) % 10**8:08d}", "/api/notifications/preferences"
    await telling.prefer(tenant, phone=number)
    answer = await telling.client.post(f"{telling.sandbox.url}/sandbox/twilio/incoming", json={"from": number, "body": "STOP"})
    assert answer.status_code == 202

    async def stopped() -> bool:
        return bool(await suppressed(telling, number))

    await eventually(stopped)
    stranger = await telling.ask("PUT", path, f"{tenant}-stranger", json={"phone": number, "resubscribe": True})
    assert stranger.json()["suppressed"] == {"sms": "unsubscribed"}
    assert await stopped()
    owner = await telling.ask("PUT", path, tenant, json={"phone": number, "resubscribe": True})
    assert owner.json()["suppressed"] == {}


async def test_what_people_do_at_the_vendors_later_is_heard(telling: TellingNotifier, tenant: str) -> None:
    address, number = f"anna@{tenant}.example", f"+49152{abs(hash(tenant)) % 10**8:08d}"
    await telling.prefer(tenant, email=address, phone=number)
    url, client = telling.sandbox.url, telling.client
    received = (await client.get(f"{url}/sandbox/mail", params={"to": address})).json()["messages"]

    async def report(**event: Any) -> None:
        answer = await client.post(f"{url}/sandbox/sendgrid/events", json={"to": address, "ageSeconds": 86_400, **event})
        assert answer.status_code == 202, answer.text

    async def write(word: str) -> None:
        answer = await client.post(f"{url}/sandbox/twilio/incoming", json={"from": number, "body": word})
        assert answer.status_code == 202, answer.text

    async def reasons(of: str) -> list[str]:
        return [one["reason"] for one in await suppressed(telling, of)]

    await report(event="spamreport")  # of a mail that somebody else sent with this account
    await report(event="spamreport", messageId=received[0]["id"])
    await eventually(lambda: _becomes(reasons(address), ["complained"]))
    await write("Stop")
    await eventually(lambda: _becomes(reasons(number), ["unsubscribed"]))
    await write("START")
    await eventually(lambda: _becomes(reasons(number), []))
    assert (
        await client.post(f"{url}/sandbox/sendgrid/events", json={"to": address, "event": "open", "messageId": "x"})
    ).status_code == 404


async def _becomes(found: Awaitable[list[str]], expected: list[str]) -> bool:
    return await found == expected
