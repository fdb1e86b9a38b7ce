"""Vendors' webhooks: signatures judged against the vendors' own libraries, bodies read with suspicion."""

import base64
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from darkroom_cli.stack.services import SENDGRID_WEBHOOK_KEY
from darkroom_notifier.webhooks import twilio
from darkroom_notifier.webhooks.sendgrid import BrokenReport, SendGridKey, read_events
from darkroom_sandbox.messages.mail_events import public_key
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator

NOW = datetime(2026, 3, 4, tzinfo=UTC)
MESSAGE = "0193f4a2-a111-7b22-8c33-9d44ae55bf66"
BODY = b'[{"event":"delivered"}]'


@pytest.fixture(scope="module")
def private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def shown(key: ec.EllipticCurvePrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def test_sendgrids_signature_is_taken_where_its_own_library_takes_it(private_key: ec.EllipticCurvePrivateKey) -> None:
    timestamp = "1772600000"
    signature = base64.b64encode(private_key.sign(timestamp.encode() + BODY, ec.ECDSA(SHA256()))).decode()
    ours, theirs = SendGridKey(shown(private_key)), EventWebhook(shown(private_key))
    for body, at in ((BODY, timestamp), (BODY + b" ", timestamp), (BODY, "1772600001")):
        assert ours.has_signed(body, timestamp=at, signature=signature) == theirs.verify_signature(body.decode(), signature, at)
    for broken in ("", "####", base64.b64encode(b"short").decode()):
        assert not ours.has_signed(BODY, timestamp=timestamp, signature=broken)


def test_the_local_stack_knows_the_sandboxs_key() -> None:
    assert public_key() == SENDGRID_WEBHOOK_KEY


def test_twilios_signature_is_the_one_its_own_library_makes() -> None:
    url, form = f"https://shop.example/webhooks/twilio?message={MESSAGE}", {"MessageSid": "SM1", "To": "+1 ä", "A": ""}
    signature = RequestValidator("token").compute_signature(url, form)
    assert twilio.has_signed("token", url, list(form.items()), signature)
    assert not twilio.has_signed("other", url, list(form.items()), signature)
    assert not twilio.has_signed("token", url + "x", list(form.items()), signature)
    assert not twilio.has_signed("token", url, [*form.items(), ("B", "1")], signature)
    assert not twilio.has_signed("token", url, list(form.items()), "é")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"event": "processed"}, "processed"),
        ({"event": "bounce", "type": "bounce"}, "bounced"),
        ({"event": "bounce", "type": "blocked"}, "blocked"),
        ({"event": "dropped", "reason": "Bounced Address"}, "bounced"),
        ({"event": "dropped", "reason": "Invalid"}, "dropped"),
        ({"event": "spamreport"}, "complained"),
        ({"event": "group_unsubscribe"}, "unsubscribed"),
    ],
)
def test_sendgrids_events_in_our_words(event: dict[str, str], status: str) -> None:
    about = {
        "sg_event_id": "e",
        "timestamp": 1772600000,
        "email": "a@b.example",
        "sg_message_id": "14c5.dfd.64b469.filter0001.16648",
        "darkroom_message_id": MESSAGE,
    }
    (report,) = read_events(json.dumps([about | event]).encode())
    assert (report.status, report.message_id, report.address) == (status, UUID(MESSAGE), "a@b.example")
    assert "14c5.dfd.64b469" in report.provider_ids


def test_what_is_no_event_is_passed_over_and_what_is_no_list_refused() -> None:
    strange = [
        1,
        None,
        {},
        {"event": "open"},
        {"event": ["delivered"]},
        {"event": "delivered", "timestamp": "x", "sg_event_id": 1},
    ]
    assert read_events(json.dumps(strange).encode()) == []
    for body in (b"", b"{}", b"nonsense", b"[" * 100_000):
        with pytest.raises(BrokenReport):
            read_events(body)


def test_twilios_form_in_our_words() -> None:
    report = twilio.read_form({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"}, MESSAGE, NOW)
    assert report is not None
    assert (report.event_id, report.status, report.detail) == ("SM1:undelivered", "undelivered", "error 30003")
    stopped = twilio.read_form({"SmsSid": "SM2", "SmsStatus": "failed", "ErrorCode": "21610", "To": "+49151"}, None, NOW)
    assert stopped is not None
    assert (stopped.status, stopped.message_id, stopped.address) == ("unsubscribed", None, "+49151")
    assert twilio.read_form({"MessageSid": "SM1", "MessageStatus": "queued"}, MESSAGE, NOW) is None
