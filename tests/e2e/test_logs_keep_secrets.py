"""No log of any process has a secret in it, a token, an address of a person or a link that works: searched after a busy run."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psutil
from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_instance_token
from support.platform import HOME, Platform, Tenant
from support.service import eventually
from support.stack import unique_name

SECRET_SETTING = re.compile(r"(KEY|KEYS|SECRET|TOKEN|TOKENS|PASSWORD)$")
URL_PASSWORD = re.compile(r"://[^/@\s]*:([^/@\s]+)@")
TELLING_LENGTH = 8
"""A shorter value is no secret, and stands in any log by chance."""
LONG_SECONDS = 90.0


def secrets_of_processes(platform: Platform) -> set[str]:
    """What the processes were given in confidence: keys, and the passwords in addresses."""
    found: set[str] = set()
    for process in platform.status["processes"]:
        for name, value in psutil.Process(process["pid"]).environ().items():
            if not name.startswith("DARKROOM_"):
                continue
            if SECRET_SETTING.search(name):
                found |= set(value.split(","))
            found |= set(URL_PASSWORD.findall(value))
    return {secret for secret in found if len(secret) >= TELLING_LENGTH}


def texts_of_logs() -> dict[str, str]:
    return {log.name: log.read_text(errors="replace") for log in sorted((HOME / "logs").glob("*.log*"))}


async def test_no_log_has_a_secret_a_token_or_a_link_that_works(quick: Platform, shop: Tenant) -> None:
    now = datetime.now(UTC)
    given_back = make_instance_token(shop.instance_id, key=DEVELOPMENT_KEY, now=now, ttl=timedelta(hours=1))
    foreign = make_instance_token(shop.instance_id, key=unique_name("foreign"), now=now, ttl=timedelta(hours=1))
    address = f"{unique_name('canary')}@example.com"
    prompt = unique_name("canary")
    await quick.sandbox("PUT", "replicate", json={"transientRate": 0.5})
    await quick.sandbox("PUT", "sendgrid", json={"limitPerMinute": 0})  # until an attempt has failed, which the log tells
    await shop.http.put("/api/notifications/preferences", json={"email": address, "locale": "en"})
    pictures = [picture | {"prompt": prompt} for picture in await quick.photographs(3)]
    await shop.ended((await shop.send(pictures)).json()["job"]["id"])
    await use_badly(quick, shop, [foreign, given_back])
    await eventually(lambda: refused_mails(quick), seconds=LONG_SECONDS)
    await quick.sandbox("PUT", "sendgrid", json={"limitPerMinute": 6000})
    links = await links_that_work(quick, prompt, address)

    canaries = {
        "the shop's token": shop.token,
        "a token given back": given_back,
        "a foreign token": foreign,
        "an address": address,
        **{f"link {number}": link for number, link in enumerate(links)},
        **{f"setting {number}": secret for number, secret in enumerate(sorted(secrets_of_processes(quick)))},
    }
    assert len(canaries) > 10
    logs = texts_of_logs()
    of_notifier = "".join(text for log, text in logs.items() if log.startswith("notifier.log"))
    assert told_since(now, "message not sent", of_notifier), "these are not the logs of this run"
    leaks = [f"{name} in {log}" for log, text in logs.items() for name, canary in canaries.items() if canary in text]
    assert leaks == []


def told_since(since: datetime, event: str, log: str) -> bool:
    """Only the lines with the event's name are read: of the others one may be half written, or cut off by a kill."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{") and line.endswith("}") and event in line]
    return any(line["event"] == event and datetime.fromisoformat(line["at"]) >= since for line in lines)


async def use_badly(platform: Platform, shop: Tenant, tokens: list[str]) -> None:
    """Tokens where they do not belong: in addresses, as another scheme, in broken bodies; and one given back, used again."""
    async with httpx.AsyncClient(base_url=platform.status["web"], timeout=LONG_SECONDS, trust_env=False) as client:
        await client.delete("/api/session", headers={"Authorization": f"Bearer {tokens[-1]}"})
        for token in (shop.token, *tokens):
            await client.get("/", params={"instance": token})
            await client.get("/api/credits", params={"token": token, "instance": token})
            await client.get("/api/credits", headers={"Authorization": f"Bearer {token}"})
            await client.get("/api/credits", headers={"Authorization": f"Basic {token}"})
            await client.post("/api/session", headers={"Authorization": f"Bearer {token}"})
            await client.post("/api/image-optimization", headers={"Authorization": f"Bearer {token}"}, content=f'{{"{token}":')
            await client.put("/api/notifications/preferences", headers={"Authorization": f"Bearer {token}"}, json={token: 1})
            await client.get("/api/notifications/unsubscribe", params={"token": token})
            await client.post("/api/notifications/confirm", json={"token": token})
            await client.post("/webhooks/replicate/1", params={"token": token}, json={})
            await client.post("/webhooks/stripe", headers={"Stripe-Signature": token}, json={})
            await client.post("/webhooks/twilio", params={"message": token}, data={"MessageSid": token})


async def refused_mails(platform: Platform) -> bool:
    calls = (await platform.sandbox("GET", "calls", params={"vendor": "sendgrid"}))["calls"]
    return any(call["status"] == 429 for call in calls)


async def links_that_work(platform: Platform, prompt: str, address: str) -> list[str]:
    """The tokens in the webhooks' addresses and in the mail's links to confirm and to unsubscribe."""
    mails: list[dict[str, Any]] = []

    async def mailed() -> bool:
        answer = await platform.sandbox("GET", "mail")
        mails[:] = [mail for mail in answer["messages"] if address in str(mail)]
        return bool(mails)

    await eventually(mailed, seconds=LONG_SECONDS)
    webhooks = [call["webhook"] for call in await platform.creations(prompt) if call.get("webhook")]
    found = re.findall(r"[?&]token=([\w.~-]+)", " ".join([*webhooks, str(mails)]))
    assert len(webhooks) >= 3
    assert len(set(found)) > len(set(webhooks))
    return sorted(set(found))
