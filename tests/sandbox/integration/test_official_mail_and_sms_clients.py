"""The official `sendgrid` and `twilio` clients work with only their base address changed; their own checks take the webhooks."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from python_http_client.exceptions import BadRequestsError, UnauthorizedError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.mail import Attachment, CustomArg, FileContent, FileName, FileType, Mail
from support.running_sandbox import RunningSandbox, WebhookReceiver
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

ACCOUNT = "AC" + "a" * 32
TOKEN = "twilio-token-tttt"
PICTURE = base64.b64encode(b"not really a picture").decode()


class ToTheSandbox(TwilioHttpClient):  # type: ignore[misc]  # twilio has no types
    """Twilio's own transport with another base address: the library has no option for it."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def request(self, method: str, url: str, *more: Any, **options: Any) -> Response:
        return super().request(method, url.replace("https://api.twilio.com", self._base_url), *more, **options)


@pytest.fixture
def mailer(sandbox: RunningSandbox) -> SendGridAPIClient:
    return SendGridAPIClient("SG.official-ssss", host=f"{sandbox.url}/sendgrid")


@pytest.fixture
def phone(sandbox: RunningSandbox) -> Iterator[Client]:
    transport = ToTheSandbox(f"{sandbox.url}/twilio")
    yield Client(ACCOUNT, TOKEN, http_client=transport)
    transport.session.close()


def letter(to: str = "anna@shop.example") -> Mail:
    found = Mail(
        from_email=("studio@darkroom.example", "Darkroom"),
        to_emails=to,
        subject="Your pictures",
        plain_text_content="They are ready.",
        html_content="<p>They are <b>ready</b>.</p>",
    )
    found.custom_arg = CustomArg("darkroom_message_id", "m-1")
    return found


def test_an_email_is_taken_and_shown_with_its_file(mailer: SendGridAPIClient, sandbox: RunningSandbox) -> None:
    mail = letter()
    mail.attachment = Attachment(FileContent(PICTURE), FileName("one.jpg"), FileType("image/jpeg"))
    answer = mailer.send(mail)
    assert (answer.status_code, answer.body) == (202, b"")
    (shown,) = httpx.get(f"{sandbox.url}/sandbox/mail", params={"to": "anna@shop.example"}).json()["messages"]
    assert shown["id"] == answer.headers["X-Message-Id"]
    assert (shown["from"]["email"], shown["subject"], shown["text"]) == (
        "studio@darkroom.example",
        "Your pictures",
        "They are ready.",
    )
    assert shown["attachments"] == [{"filename": "one.jpg", "type": "image/jpeg", "content": PICTURE}]
    (call,) = sandbox.calls(vendor="sendgrid", kind="send")
    assert (call["account"], call["status"], call["id"]) == ("ssss", 202, shown["id"])


def test_a_wrong_email_is_refused_in_sendgrids_words(mailer: SendGridAPIClient) -> None:
    with pytest.raises(BadRequestsError) as refused:
        mailer.send(letter(to="anna@nowhere"))
    assert refused.value.to_dict["errors"] == [
        {"message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email", "help": None}
    ]


def test_a_wrong_key_is_refused(sandbox: RunningSandbox) -> None:
    with pytest.raises(UnauthorizedError):
        SendGridAPIClient("invalid-key", host=f"{sandbox.url}/sendgrid").send(letter())


def test_the_events_pass_sendgrids_own_check(
    mailer: SendGridAPIClient, sandbox: RunningSandbox, receiver: WebhookReceiver
) -> None:
    options = {"webhook": {"url": receiver.url, "delaySeconds": 0}}
    httpx.put(f"{sandbox.url}/sandbox/sendgrid", json=options).raise_for_status()
    sent = mailer.send(letter(to="bounce@shop.example")).headers["X-Message-Id"]
    key = mailer.client.user.webhooks.event.settings.signed.get().to_dict["public_key"]
    check, events = EventWebhook(key), []
    for arrived in receiver.wait_for(2):
        headers = {name.lower(): value for name, value in arrived.headers.items()}
        signature = headers["x-twilio-email-event-webhook-signature"]
        assert check.verify_signature(arrived.body, signature, headers["x-twilio-email-event-webhook-timestamp"])
        assert not check.verify_signature(arrived.body + " ", signature, headers["x-twilio-email-event-webhook-timestamp"])
        events += json.loads(arrived.body)
    assert {event["event"] for event in events} == {"processed", "bounce"}
    assert {event["darkroom_message_id"] for event in events} == {"m-1"}
    assert all(event["sg_message_id"].startswith(f"{sent}.filter") for event in events)


def test_an_sms_is_taken_and_its_callbacks_pass_twilios_own_check(
    phone: Client, sandbox: RunningSandbox, receiver: WebhookReceiver
) -> None:
    callback = f"{receiver.url}&message=m-2"
    made = phone.messages.create(to="+4915112345678", from_="+15005550006", body="Ready.", status_callback=callback)
    assert (made.status, made.num_segments, made.direction) == ("queued", "1", "outbound-api")
    assert phone.messages(made.sid).fetch().body == "Ready."
    (shown,) = httpx.get(f"{sandbox.url}/sandbox/sms").json()["messages"]
    assert (shown["sid"], shown["to"], shown["body"]) == (made.sid, "+4915112345678", "Ready.")
    statuses = set()
    for arrived in receiver.wait_for(2):
        form = dict(parse_qsl(arrived.body))
        headers = {name.lower(): value for name, value in arrived.headers.items()}
        assert RequestValidator(TOKEN).validate(callback, form, headers["x-twilio-signature"])
        statuses.add(form["MessageStatus"])
    assert statuses == {"sent", "delivered"}


@pytest.mark.parametrize(("number", "code"), [("+15005550001", 21211), ("+15005550004", 21610), ("12", 21211)])
def test_numbers_fail_as_at_twilio(phone: Client, number: str, code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        phone.messages.create(to=number, from_="+15005550006", body="Ready.")
    assert (refused.value.status, refused.value.code) == (400, code)


def test_what_was_sent_has_a_page_for_people(mailer: SendGridAPIClient, phone: Client, sandbox: RunningSandbox) -> None:
    mail = letter()
    mail.subject = "<script>alert(1)</script>"
    mailer.send(mail)
    phone.messages.create(to="+4915112345678", from_="+15005550006", body="Ready & done.")
    browser = {"accept": "text/html,application/xhtml+xml"}
    shown = httpx.get(f"{sandbox.url}/sandbox/mail", headers=browser)
    assert shown.headers["content-type"].startswith("text/html")
    assert "&lt;script&gt;alert(1)" in shown.text
    assert "<script" not in shown.text
    assert "Ready &amp; done." in httpx.get(f"{sandbox.url}/sandbox/sms", headers=browser).text


def test_faults_are_set_and_forgotten(mailer: SendGridAPIClient, sandbox: RunningSandbox) -> None:
    control = f"{sandbox.url}/sandbox/sendgrid"
    httpx.put(control, json={"failRate": 1}).raise_for_status()
    with pytest.raises(Exception, match="500"):
        mailer.send(letter())
    assert httpx.put(control, json={"failRate": 2}).json()["errors"][0]["field"] == "failRate"
    httpx.post(f"{sandbox.url}/sandbox/reset").raise_for_status()
    assert httpx.get(control).json()["failRate"] == 0
    assert httpx.get(f"{sandbox.url}/sandbox/mail").json() == {"messages": []}
    assert mailer.send(letter()).status_code == 202
