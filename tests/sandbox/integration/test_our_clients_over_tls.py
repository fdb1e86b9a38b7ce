"""Every client of the services reaches its vendor over TLS where `SSL_CERT_FILE` names the vendor's authority, and only then."""

import json
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic

import certifi
import httpx
import pytest
from darkroom_credits.payments.stripe_client import StripeClient, StripeUnavailable
from darkroom_jobs_api.shop import sample_store
from darkroom_jobs_api.shop.products import ShopUnavailable
from darkroom_notifier.channels.door import Outgoing, SendFailed
from darkroom_notifier.channels.sendgrid import SendGrid
from darkroom_notifier.channels.twilio import Twilio
from darkroom_poller.providers.door import ProviderUnavailable
from darkroom_poller.providers.replicate import Replicate as Lookups
from darkroom_predictor.providers.door import Accepted, Creation
from darkroom_predictor.providers.replicate import Replicate as Creations
from darkroom_servicekit.fetch import AddressGuard, SafeFetcher
from darkroom_servicekit.tls import client_tls
from support.ports import free_port
from support.running_sandbox import RunningSandbox, running_sandbox

VENDORS = ("replicate", "stripe", "sendgrid", "twilio", "store")
TOKEN = "r8_over_tls_tttt"
ACCOUNT = "AC" + "b" * 32
FETCH_SECONDS_MAX = 30.0
BYTES_MAX = 1_000_000


@pytest.fixture(scope="module")
def secure_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    ports = {vendor: free_port() for vendor in VENDORS}
    settings = {"DARKROOM_SANDBOX_WIRES": json.dumps(ports), "DARKROOM_SANDBOX_TLS": "1"}
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), **settings) as running:
        running.set(image="instant", seconds=0)
        yield running


@pytest.fixture
def unknown(secure_process: RunningSandbox) -> Iterator[RunningSandbox]:
    """A sandbox whose authority nobody has heard of."""
    client_tls.cache_clear()
    yield secure_process
    client_tls.cache_clear()


@pytest.fixture
def trusted(unknown: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    monkeypatch.setenv("SSL_CERT_FILE", str(unknown.home / "ca.pem"))
    return unknown


@pytest.fixture
async def fetcher() -> AsyncIterator[SafeFetcher]:
    """Made where it is used, so that the surroundings are set by then."""
    made = SafeFetcher(AddressGuard(frozenset(f"127.0.0.1:{port}" for port in range(1_024, 65_536))))
    yield made
    await made.aclose()


def creations(sandbox: RunningSandbox) -> Creations:
    base_url = f"{sandbox.wires['replicate']}/replicate"
    return Creations(
        {"replicate-1": TOKEN}, base_url=base_url, webhook_base_url=None, connect_seconds_max=10, create_seconds_max=30
    )


def creation() -> Creation:
    return Creation(
        attempt_id="a", account="replicate-1", model="google/nano-banana", input_json='{"prompt": "a mug"}',
        cancel_after_seconds=60, callback_token="t", send_before=monotonic() + 30,
    )  # fmt: skip


async def test_the_predictor_creates_and_lists(trusted: RunningSandbox) -> None:
    door = creations(trusted)
    made = await door.create(creation())
    now = datetime.now(UTC)
    page = await door.list_page(door.accounts[0], since=now - timedelta(hours=1), until=now + timedelta(hours=1), page=None)
    await door.close()
    assert isinstance(made, Accepted)
    assert made.prediction_id in {one.prediction_id for one in page.listed}


async def test_the_poller_looks_up_and_the_fetcher_fetches(trusted: RunningSandbox, fetcher: SafeFetcher) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "prefer": "wait"}
    path = "/replicate/v1/models/google/nano-banana/predictions"
    async with httpx.AsyncClient(base_url=trusted.url, headers=headers, timeout=30) as client:
        made = (await client.post(path, json={"input": {"prompt": "a mug"}})).json()
    door = Lookups(f"{trusted.wires['replicate']}/replicate", {"replicate-1": TOKEN}, seconds_max=30)
    found = await door.look_up("replicate-1", made["id"])
    await door.aclose()
    assert made["output"] in str(found)
    picture = await fetcher.fetch(made["output"], bytes_max=BYTES_MAX, timeout_seconds=FETCH_SECONDS_MAX, asker="shop-a")
    assert picture.data.startswith(b"\xff\xd8\xff")


async def test_credits_ask_stripe(trusted: RunningSandbox) -> None:
    stripe = StripeClient(api_key="sk_test_tttt", base_url=f"{trusted.wires['stripe']}/stripe")
    events = [event async for event in stripe.events(["refund.created"], since=datetime.now(UTC) - timedelta(hours=1))]
    await stripe.close()
    assert events == []


async def test_the_notifier_sends_by_both_vendors(trusted: RunningSandbox) -> None:
    mail = SendGrid(api_key="SG.tttt", base_url=f"{trusted.wires['sendgrid']}/sendgrid", sender="Darkroom <d@example.com>")
    sms = Twilio(
        account_sid=ACCOUNT,
        auth_token="tttt",
        base_url=f"{trusted.wires['twilio']}/twilio",
        sender="+15005550006",
        report_url=None,
    )
    mailed = await mail.send(Outgoing(message_id="1", to="a@example.com", text="Done.", subject="Done"))
    texted = await sms.send(Outgoing(message_id="2", to="+15005550007", text="Done."))
    await mail.close()
    await sms.close()
    assert mailed is not None
    assert texted is not None


async def test_the_shop_lists_its_products(trusted: RunningSandbox) -> None:
    async with sample_store.build_client() as client:
        store = sample_store.SampleStore(client, f"{trusted.wires['store']}/store")
        page = await store.search("shop-a", search=None, cursor=None, limit=1)
    assert len(page.products) == 1


async def test_an_authority_that_nobody_named_is_not_trusted(unknown: RunningSandbox) -> None:
    stripe = StripeClient(api_key="sk_test_tttt", base_url=f"{unknown.wires['stripe']}/stripe")
    lookups = Lookups(f"{unknown.wires['replicate']}/replicate", {"replicate-1": TOKEN}, seconds_max=30)
    mail = SendGrid(api_key="SG.tttt", base_url=f"{unknown.wires['sendgrid']}/sendgrid", sender="d@example.com")
    with pytest.raises(StripeUnavailable):
        await stripe.session("cs_1")
    with pytest.raises(ProviderUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        await lookups.look_up("replicate-1", "p")
    with pytest.raises(SendFailed):
        await mail.send(Outgoing(message_id="1", to="a@example.com", text="Done."))
    async with sample_store.build_client() as client:
        with pytest.raises(ShopUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await sample_store.SampleStore(client, f"{unknown.wires['store']}/store").product("shop-a", "p")
    await stripe.close()
    await lookups.aclose()
    await mail.close()


def test_public_authorities_stay_trusted_beside_ones_own(trusted: RunningSandbox) -> None:
    public = ssl.create_default_context(cafile=certifi.where()).get_ca_certs(binary_form=True)
    own = ssl.create_default_context(cafile=trusted.home / "ca.pem").get_ca_certs(binary_form=True)
    assert {*public, *own} <= set(client_tls().get_ca_certs(binary_form=True))
