"""What an SMTP refusal says of the recipient, of the sender, and of the whole account; addresses outside ASCII."""

import time

import pytest
from darkroom_notifier.channels.door import Outgoing, SendFailed
from darkroom_notifier.channels.smtp import Smtp
from support.slow_mail_server import END_OF_DATA, SlowMailServer, slow_mail_server

UTF8_OFFERED = b"250-a mail server\r\n250 SMTPUTF8\r\n"


async def send(server: SlowMailServer, to: str = "anna@shop.example") -> str | None:
    door = Smtp(f"smtp://127.0.0.1:{server.port}", sender="Darkroom <mail@darkroom.example>", clock=time.time)
    return await door.send(Outgoing(message_id="m1", to=to, text="Your pictures are ready.", subject="Ready"))


async def refusal(command: str, reply: bytes) -> SendFailed:
    async with slow_mail_server(replies={command: reply + b"\r\n"}) as server:
        with pytest.raises(SendFailed) as failed:
            await send(server)
        assert server.accepted == [] or command == END_OF_DATA
    return failed.value


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
async def test_a_mailbox_that_does_not_exist_is_suppressed(status: str) -> None:
    failure = await refusal("RCPT", f"550 {status} no such mailbox".encode())
    assert (failure.code, failure.again, failure.suppress, failure.blames) == ("bad-address", "never", "bounced", "message")


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL", b"550 5.7.1 sender not authorised"),
        ("MAIL", b"550 sender not allowed"),
        ("MAIL", b"553 5.1.8 sender's domain does not exist"),
        ("RCPT", b"550 5.7.1 listed by Spamhaus"),
        ("RCPT", b"553 5.1.7 bad sender's mailbox"),
        (END_OF_DATA, b"550 5.7.26 DMARC policy"),
    ],
)
async def test_a_refused_sender_suppresses_no_recipient_and_waits_for_an_operator(command: str, reply: bytes) -> None:
    failure = await refusal(command, reply)
    assert (failure.code, failure.again, failure.suppress) == ("vendor-refused-sender", "later", None)
    assert failure.blames == ("account" if command == "MAIL" else "tenant"), "one tenant's addresses pause no other tenant"


async def test_a_refusal_without_an_enhanced_code_fails_the_message_and_suppresses_nothing() -> None:
    failure = await refusal("RCPT", b"550 requested action not taken")
    assert (failure.code, failure.again, failure.suppress) == ("bad-address", "never", None)


async def test_a_refused_content_is_final_for_the_message_alone() -> None:
    failure = await refusal(END_OF_DATA, b"554 5.6.0 malformed")
    assert (failure.code, failure.again, failure.suppress, failure.blames) == ("vendor-refused", "never", None, "message")


async def test_a_full_mailbox_is_tried_again() -> None:
    failure = await refusal("RCPT", b"552 5.2.2 mailbox full")
    assert (failure.again, failure.suppress, failure.blames) == ("later", None, "message")


@pytest.mark.parametrize(
    ("command", "reply", "blames"),
    [
        ("MAIL", b"451 4.3.0 try again", "account"),
        ("RCPT", b"451 4.7.1 greylisted", "message"),
        ("RCPT", b"421 4.3.2 shutting down", "account"),
    ],
)
async def test_a_refusal_for_now_blames_the_account_only_before_the_recipient(command: str, reply: bytes, blames: str) -> None:
    failure = await refusal(command, reply)
    assert (failure.code, failure.again, failure.blames) == ("vendor-busy", "soon", blames)


async def test_a_domain_outside_ascii_is_written_to_in_punycode() -> None:
    async with slow_mail_server() as server:
        await send(server, "anna@münchen.example")
        assert b"RCPT TO:<anna@xn--mnchen-3ya.example>" in server.lines
        assert b"To: anna@xn--mnchen-3ya.example" in server.accepted[0]


async def test_a_local_part_outside_ascii_fails_at_once_in_words() -> None:
    async with slow_mail_server() as server:
        with pytest.raises(SendFailed) as failed:
            await send(server, "änna@shop.example")
        assert (failed.value.code, failed.value.again, failed.value.blames) == ("bad-address", "never", "message")
        assert "SMTPUTF8" in failed.value.message
        assert server.accepted == []


async def test_a_local_part_outside_ascii_is_sent_where_the_server_takes_it() -> None:
    async with slow_mail_server(replies={"EHLO": UTF8_OFFERED}) as server:
        await send(server, "änna@münchen.example")
        assert "RCPT TO:<änna@xn--mnchen-3ya.example>".encode() in server.lines
