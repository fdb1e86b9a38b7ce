"""A question to the sample store ends in its time, also where the answer never does."""

import asyncio

import pytest
from darkroom_jobs_api.shop import sample_store
from darkroom_jobs_api.shop.products import ShopUnavailable
from darkroom_jobs_api.shop.sample_store import SampleStore
from support.dripping_server import dripping_server


async def test_a_store_that_drips_its_answer_holds_no_request_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_store, "REQUEST_SECONDS_MAX", 0.3)
    async with dripping_server() as address, sample_store.build_client() as client:
        with pytest.raises(ShopUnavailable):
            await asyncio.wait_for(SampleStore(client, address).product("shop-1", "mug"), 30)
