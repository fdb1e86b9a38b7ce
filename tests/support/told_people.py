"""A notifier that sends by a sandbox of its own, and what its people and their vendors see of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from darkroom_contracts.jobs import JobFinished
from darkroom_sandbox.messages.mail_events import public_key
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token
from support.notifier_process import Ground, NotifierProcess, example, notifier_process
from support.running_sandbox import RunningSandbox

TWILIO_TOKEN = "twilio-token-nnnn"
WAIT_SECONDS_MAX = 40.0
CONFIRMATION = re.compile(r"/confirm\?token=([A-Za-z0-9_-]+)")

Json = dict[str, Any]


@dataclass(frozen=True)
class TellingNotifier:
    """The notifier, its sandbox, and clients for both."""

    process: NotifierProcess
    sandbox: RunningSandbox
    client: httpx.AsyncClient

    async def ask(self, method: str, path: str, tenant: str, *, subject: str = "owner", **content: Any) -> httpx.Response:
        """A request of a person of the tenant."""
        token = make_instance_token(tenant, key=DEVELOPMENT_KEY, now=datetime.now(UTC), ttl=timedelta(hours=1), subject=subject)
        return await self.client.request(
            method, self.process.http + path, headers={"Authorization": f"Bearer {token}"}, **content
        )

    async def prefer(self, tenant: str, *, subject: str = "owner", **wishes: Any) -> Json:
        """Set preferences and confirm new addresses from their mailboxes; as they stand then."""
        answer = await self.ask("PUT", "/api/notifications/preferences", tenant, subject=subject, json=wishes)
        assert answer.status_code == 200, answer.text
        for box, to, is_confirmed in (("mail", "email", "emailConfirmed"), ("sms", "phone", "phoneConfirmed")):
            if wishes.get(to) and not answer.json()[is_confirmed]:
                link = (await self.confirmations(box, answer.json()[to]))[-1]
                (await self.confirm(link)).raise_for_status()
        answer = await self.ask("GET", "/api/notifications/preferences", tenant, subject=subject)
        body: Json = answer.json()
        return body

    async def confirmations(self, box: str, to: str, count: int = 1) -> list[str]:
        """The tokens of the confirmations that the sandbox got for an address, once there are as many; oldest first."""
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while len(found := await self._confirmations(box, to)) < count:
                await asyncio.sleep(0.05)
        return found

    async def confirm(self, token: str) -> httpx.Response:
        """Press the button of the page behind a link; nobody is signed in there."""
        return await self.client.post(self.process.http + "/api/notifications/confirm", json={"token": token})

    async def _confirmations(self, box: str, to: str) -> list[str]:
        texts = [one["text"] if box == "mail" else one["body"] for one in await self._received(box, to)]
        return [found[1] for text in texts if (found := CONFIRMATION.search(text))]

    async def set(self, vendor: str, **options: Any) -> None:
        """`PUT /sandbox/{vendor}`"""
        (await self.client.put(f"{self.sandbox.url}/sandbox/{vendor}", json=options)).raise_for_status()

    async def sent(self, box: str, to: str) -> list[Json]:
        """What the sandbox got for an address, besides confirmations."""
        return [one for one in await self._received(box, to) if not CONFIRMATION.search(one.get("text") or one.get("body") or "")]

    async def _received(self, box: str, to: str) -> list[Json]:
        answer = await self.client.get(f"{self.sandbox.url}/sandbox/{box}", params={"to": to})
        found: list[Json] = answer.json()["messages"]
        return found

    async def wait_sent(self, box: str, to: str, count: int = 1) -> list[Json]:
        """The same, once there are as many."""
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while len(found := await self.sent(box, to)) < count:
                await asyncio.sleep(0.05)
        return found


def settings_of(sandbox: RunningSandbox, port: int, **more: str) -> dict[str, str]:
    """A notifier's settings for sending by this sandbox."""
    return {
        "DARKROOM_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DARKROOM_SENDGRID_API_KEY": "SG.notifier-nnnn",
        "DARKROOM_SENDGRID_BASE_URL": f"{sandbox.url}/sendgrid",
        "DARKROOM_SENDGRID_WEBHOOK_KEY": public_key(),
        "DARKROOM_TWILIO_ACCOUNT_SID": "AC" + "b" * 32,
        "DARKROOM_TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
        "DARKROOM_TWILIO_BASE_URL": f"{sandbox.url}/twilio",
        "DARKROOM_SMS_PER_MINUTE": "6000",
        "DARKROOM_EMAILS_PER_MINUTE": "6000",
        "DARKROOM_DIGEST_AFTER_MESSAGES": "1000",
        "DARKROOM_UNSUBSCRIBE_SECRET": "a-secret-of-the-tests",
        **more,
    }


@asynccontextmanager
async def telling_notifier(
    ground: Ground, sandbox: RunningSandbox, *, port: int | None = None, **more: str
) -> AsyncIterator[TellingNotifier]:
    """A ready notifier whose vendors are the sandbox."""
    async with (
        notifier_process(ground, lambda own: settings_of(sandbox, own, **more), port=port) as process,
        httpx.AsyncClient(timeout=30.0) as client,
    ):
        telling = TellingNotifier(process, sandbox, client)
        await telling.set("sendgrid", webhook={"url": f"{process.http}/webhooks/sendgrid", "delaySeconds": 0.05})
        await telling.set("twilio", webhook={"url": f"{process.http}/webhooks/twilio", "delaySeconds": 0.05})
        yield telling


def job_finished(tenant: str, job_id: int, **changes: Any) -> JobFinished:
    """The example of a job that is done, as one of the tenant's."""
    event = example(JobFinished, tenant, job_id=job_id, **changes)
    assert isinstance(event, JobFinished)
    return event
