"""All doors for e-mail, and the one for SMS, keep the same promises: taken, refused for good, refused for now, unknown."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from darkroom_notifier.channels import smtp as smtp_door
from darkroom_notifier.channels.door import Door, Outgoing, SendFailed
from darkroom_notifier.channels.sendgrid import SendGrid
from darkroom_notifier.channels.smtp import Smtp
from darkroom_notifier.channels.twilio import Twilio
from support.ports import free_port, refusing_port
from support.running_sandbox import ANSWER_SECONDS, running_sandbox

FROM = "Darkroom <no-reply@darkroom.example>"
ACCOUNT = "AC" + "c" * 32


@dataclass(frozen=True)
class World:
    """A sandbox with an SMTP port."""

    url: str
    smtp_port: int

    def put(self, vendor: str, **options: Any) -> None:
        httpx.put(f"{self.url}/sandbox/{vendor}", json=options, timeout=ANSWER_SECONDS).raise_for_status()

    def sent(self, box: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/sandbox/{box}", timeout=ANSWER_SECONDS)
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found


@dataclass(frozen=True)
class Case:
    """One vendor: how to make its door, an address that works, one that never will, and where the message is seen."""

    name: str
    box: str
    make: Callable[[World, str], Door]
    good: str
    never: str


def sendgrid(world: World, key: str) -> Door:
    return SendGrid(api_key=key, base_url=f"{world.url}/sendgrid", sender=FROM)


def smtp(world: World, key: str) -> Door:
    return Smtp(f"smtp://apikey:{key}@127.0.0.1:{world.smtp_port}", sender=FROM, clock=time.time)


def twilio(world: World, key: str) -> Door:
    return Twilio(account_sid=ACCOUNT, auth_token=key, base_url=f"{world.url}/twilio", sender="+15005550006", report_url=None)


CASES = (
    Case("sendgrid", "mail", sendgrid, "anna@shop.example", "anna@nowhere"),
    Case("smtp", "mail", smtp, "anna@shop.example", "bounce@shop.example"),
    Case("twilio", "sms", twilio, "+4915112345678", "+15005550001"),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    port = free_port()
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), DARKROOM_SANDBOX_SMTP_PORT=str(port)) as sandbox:
        yield World(sandbox.url, port)


@pytest.fixture
def world(running: World) -> World:
    httpx.post(f"{running.url}/sandbox/reset", timeout=ANSWER_SECONDS).raise_for_status()
    return running


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
async def door(case: Case, world: World) -> AsyncIterator[Door]:
    made = case.make(world, "a-good-key")
    yield made
    await made.close()


def outgoing(to: str) -> Outgoing:
    return Outgoing(
        message_id="0193f4a2-a111-7b22-8c33-9d44ae55bf66",
        to=to,
        subject="Ihre Bilder: Größe „M“",
        text="Fertig: äöü.",
        html="<p>Fertig: <b>äöü</b>.</p>",
        unsubscribe_url="https://darkroom.example/u?token=t",
    )


async def failure_of(door: Door, to: str) -> SendFailed:
    with pytest.raises(SendFailed) as failed:
        await door.send(outgoing(to))
    return failed.value


async def test_a_message_is_taken_as_it_was_written(case: Case, door: Door, world: World) -> None:
    vendor_id = await door.send(outgoing(case.good))
    assert vendor_id
    (seen,) = world.sent(case.box)
    if case.box == "sms":
        assert (seen["sid"], seen["to"], seen["body"]) == (vendor_id, case.good, "Fertig: äöü.")
        return
    assert [person["email"] for person in seen["to"]] == [case.good]
    assert (seen["subject"], seen["text"].strip()) == ("Ihre Bilder: Größe „M“", "Fertig: äöü.")
    assert seen["html"].strip() == "<p>Fertig: <b>äöü</b>.</p>"
    assert seen["headers"]["List-Unsubscribe"] == "<https://darkroom.example/u?token=t>"
    assert seen["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_an_address_that_never_works_is_not_tried_again(case: Case, door: Door) -> None:
    failure = await failure_of(door, case.never)
    assert (failure.code, failure.again) == ("bad-address", "never")


async def test_a_wrong_key_waits_for_an_operator(case: Case, world: World) -> None:
    door = case.make(world, "invalid-key")
    try:
        failure = await failure_of(door, case.good)
    finally:
        await door.close()
    assert (failure.code, failure.again) == ("vendor-refused-key", "later")


async def test_a_vendor_that_is_away_is_tried_again_soon(case: Case, world: World) -> None:
    with refusing_port() as port:
        door = case.make(World(f"http://127.0.0.1:{port}", port), "a-good-key")
        try:
            failure = await failure_of(door, case.good)
        finally:
            await door.close()
    assert (failure.code, failure.again) == ("vendor-unreachable", "soon")


async def test_many_at_once_all_go(case: Case, door: Door, world: World) -> None:
    await asyncio.gather(*(door.send(outgoing(case.good)) for _ in range(20)))
    assert len(world.sent(case.box)) == 20


@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=lambda case: case.name)
async def test_http_vendors_faults_are_told_apart(case: Case, world: World) -> None:
    door = case.make(world, "a-good-key")
    try:
        world.put(case.name, failRate=1)
        assert (await failure_of(door, case.good)).code == "vendor-error"
        world.put(case.name, failRate=0, limitPerMinute=0)
        busy = await failure_of(door, case.good)
        assert (busy.code, busy.again) == ("vendor-busy", "soon")
        assert busy.after_seconds is not None
        world.put(case.name, limitPerMinute=1000, lostAnswerRate=1)
        assert (await failure_of(door, case.good)).code == "vendor-silent"
    finally:
        await door.close()
    assert len(world.sent(case.box)) == 1, "the lost answer was to a message that was taken"


async def test_smtp_says_for_now_and_for_good(world: World) -> None:
    door = smtp(world, "a-good-key")
    assert (await failure_of(door, "busy@shop.example")).again == "soon"
    assert (await failure_of(door, "bounce@shop.example")).suppress == "bounced"


async def test_who_told_twilio_to_stop_is_not_written_to_again(world: World) -> None:
    door = twilio(world, "a-good-key")
    try:
        assert (await failure_of(door, "+15005550004")).suppress == "unsubscribed"
    finally:
        await door.close()


async def test_smtp_faults_of_the_sandbox_are_told_apart(world: World) -> None:
    door = smtp(world, "a-good-key")
    listed = await failure_of(door, "listed@shop.example")
    assert (listed.code, listed.suppress, listed.blames) == ("vendor-refused-sender", None, "tenant")
    world.put("smtp", refuseSender=True)
    refused = await failure_of(door, "anna@shop.example")
    assert (refused.code, refused.blames) == ("vendor-refused-sender", "account")
    world.put("smtp", refuseSender=False, failRate=1)
    assert (await failure_of(door, "anna@shop.example")).code == "vendor-busy"
    world.put("smtp", failRate=0, commandSeconds=0.1)
    assert await door.send(outgoing("anna@shop.example"))
    assert len(world.sent("mail")) == 1


async def test_a_mail_server_silent_after_the_message_may_have_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_door, "SEND_SECONDS_MAX", 1.0)
    world.put("smtp", silentAfterData=True)
    silent = await failure_of(smtp(world, "a-good-key"), "anna@shop.example")
    assert (silent.code, silent.again) == ("vendor-silent", "unknown")
    assert len(world.sent("mail")) == 1
