"""A message by SMTP ends in its time, however slowly the server answers, and a message that was taken counts as sent."""

import asyncio
import time

import pytest
from darkroom_notifier.channels import smtp
from darkroom_notifier.channels.door import Outgoing, SendFailed
from darkroom_notifier.channels.smtp import Smtp
from darkroom_notifier.messages.send_messages import LEASE_SECONDS, LeaseLost
from support.service import eventually
from support.slow_mail_server import END_OF_DATA, SlowMailServer, slow_mail_server

MESSAGE = Outgoing(message_id="m1", to="anna@shop.example", text="Your pictures are ready.", subject="Ready")


async def send(server: SlowMailServer) -> str | None:
    door = Smtp(f"smtp://127.0.0.1:{server.port}", sender="Darkroom <mail@darkroom.example>", clock=time.time)
    return await asyncio.wait_for(door.send(MESSAGE), 30)


async def is_closed(server: SlowMailServer) -> bool:
    return server.open == 0


async def test_a_server_that_drips_its_replies_holds_no_message_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "SEND_SECONDS_MAX", 0.3)
    async with slow_mail_server(byte_seconds=0.2) as server:
        with pytest.raises(SendFailed) as failed:
            await send(server)
        assert (failed.value.code, failed.value.again) == ("vendor-slow", "soon"), "it cannot have the message"
        await eventually(lambda: is_closed(server))


async def test_a_server_that_falls_silent_after_the_message_holds_it_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "SEND_SECONDS_MAX", 1.0)
    async with slow_mail_server(silent_at=END_OF_DATA) as server:
        with pytest.raises(SendFailed) as failed:
            await send(server)
        assert (failed.value.code, failed.value.again) == ("vendor-silent", "unknown"), "it may have the message"
        await eventually(lambda: is_closed(server))


async def test_a_message_that_was_taken_is_sent_although_the_server_says_no_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "QUIT_SECONDS_MAX", 0.1)
    async with slow_mail_server(silent_at="QUIT") as server:
        assert await send(server) == "<m1@darkroom.example>"
        await eventually(lambda: is_closed(server))
        assert len(server.accepted) == 1


async def test_a_message_that_gets_no_connection_is_tried_again_and_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "CONNECTIONS_MAX", 0)
    monkeypatch.setattr(smtp, "WAIT_SECONDS_MAX", 0.1)
    async with slow_mail_server() as server:
        with pytest.raises(SendFailed) as failed:
            await send(server)
        assert (failed.value.code, failed.value.again) == ("vendor-busy", "soon")
        assert server.accepted == []


async def test_a_message_of_another_sender_is_not_handed_over() -> None:
    async def lost() -> None:
        raise LeaseLost("m1")

    async with slow_mail_server() as server:
        door = Smtp(f"smtp://127.0.0.1:{server.port}", sender="Darkroom <mail@darkroom.example>", clock=time.time)
        with pytest.raises(LeaseLost):
            await door.send(MESSAGE, confirm=lost)
        assert server.accepted == []


def test_an_attempt_ends_before_its_lease() -> None:
    assert smtp.WAIT_SECONDS_MAX + smtp.SEND_SECONDS_MAX + smtp.QUIT_SECONDS_MAX < LEASE_SECONDS
