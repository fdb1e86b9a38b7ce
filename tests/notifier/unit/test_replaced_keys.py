"""Vendors' keys while one replaces another: a report signed with either is accepted, and calls carry the first."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from darkroom_notifier.channels.choose import choose_doors
from darkroom_notifier.channels.door import Outgoing
from darkroom_notifier.measures import Measures
from darkroom_notifier.settings import NotifierSettings
from darkroom_notifier.tell_people import report_routes
from darkroom_servicekit.database import UnitOfWork, build_engine
from darkroom_servicekit.problems import install_problem_handlers
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from twilio.request_validator import RequestValidator

PUBLIC_URL = "https://darkroom.example"
NEW_TOKEN, OLD_TOKEN, FOREIGN_TOKEN = "new-token-of-twilio", "old-token-of-twilio", "foreign-token-0123"
NEW_KEY, OLD_KEY, FOREIGN_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
NO_DATABASE = "postgresql://nobody@127.0.0.1:1/none"
"""Reports that say nothing reach no database."""


def shown(key: ec.EllipticCurvePrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def some(**given: Any) -> NotifierSettings:
    return NotifierSettings(
        **{"kafka_bootstrap_servers": "k:1", "database_url": NO_DATABASE, "redis_url": "redis://r", "public_url": PUBLIC_URL}
        | {"twilio_account_sid": "AC1", "twilio_auth_token": f"{NEW_TOKEN}, {OLD_TOKEN}"}
        | {"sendgrid_webhook_key": f"{shown(NEW_KEY)},{shown(OLD_KEY)}"}
        | given
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    engine = build_engine(NO_DATABASE, pool_size=2)
    unit_of_work = UnitOfWork(engine, service="notifier", clock=lambda: datetime.now(UTC), wake_relay=lambda: None)
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(report_routes(unit_of_work, some(), Measures(CollectorRegistry())).router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC_URL) as http:
        yield http
    await engine.dispose()


@pytest.mark.parametrize(("key", "status"), [(NEW_KEY, 204), (OLD_KEY, 204), (FOREIGN_KEY, 403)])
async def test_sendgrids_events_are_accepted_with_each_of_our_keys(
    client: httpx.AsyncClient, key: ec.EllipticCurvePrivateKey, status: int
) -> None:
    timestamp, body = "1772600000", b"[]"
    headers = {
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(
            key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
        ).decode(),
    }
    assert (await client.post("/webhooks/sendgrid", content=body, headers=headers)).status_code == status


@pytest.mark.parametrize(("token", "status"), [(NEW_TOKEN, 204), (OLD_TOKEN, 204), (FOREIGN_TOKEN, 403)])
async def test_twilios_reports_are_accepted_with_each_of_our_tokens(client: httpx.AsyncClient, token: str, status: int) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "queued"}
    signature = RequestValidator(token).compute_signature(f"{PUBLIC_URL}/webhooks/twilio", form)
    answer = await client.post("/webhooks/twilio", data=form, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == status


async def test_an_sms_leaves_with_the_first_token() -> None:
    requests = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        body = b'{"sid":"SM1"}'
        writer.write(b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        door = choose_doors(some(twilio_base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))["sms"]
        assert await door.send(Outgoing(message_id=str(uuid4()), to="+4915100000000", text="Done.")) == "SM1"
        await door.close()
    first = base64.b64encode(f"AC1:{NEW_TOKEN}".encode()).decode()
    assert f"Basic {first}\r\n" in requests[0]


@pytest.mark.parametrize("name", ["sendgrid_webhook_key", "twilio_auth_token"])
@pytest.mark.parametrize(
    "value", [",", "long-enough-0123456789,short", ",".join(f"long-enough-0123456789-{n}" for n in range(11))]
)
def test_what_is_no_list_of_keys_is_refused_at_the_start(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name):
        some(**{name: value})
