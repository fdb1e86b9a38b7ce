"""A request to a vendor ends in its time, also where the vendor's answer never does."""

import asyncio

import pytest
from darkroom_notifier.channels import http_vendor
from darkroom_notifier.channels.door import SendFailed, confirm_nothing
from support.dripping_server import dripping_server


async def test_a_vendor_that_drips_its_answer_holds_no_message_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_vendor, "REQUEST_SECONDS_MAX", 0.3)
    async with dripping_server() as address:
        client = http_vendor.vendor_client(address)
        with pytest.raises(SendFailed) as failed:
            await asyncio.wait_for(http_vendor.post(client, "the vendor", "/send", confirm=confirm_nothing, json={}), 30)
        await client.aclose()
    assert failed.value.code == "vendor-silent", "it may have the message"
