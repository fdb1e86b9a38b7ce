"""A request to Stripe ends in its time, also where the answer never does."""

import asyncio

import pytest
from darkroom_credits.payments import stripe_client
from darkroom_credits.payments.stripe_client import StripeClient, StripeUnavailable
from support.dripping_server import dripping_server


async def test_an_answer_that_drips_holds_no_request_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_client, "REQUEST_SECONDS_MAX", 0.3)
    monkeypatch.setattr(stripe_client, "BACKOFF_SECONDS", 0.01)
    async with dripping_server() as address:
        stripe = StripeClient(api_key="sk_test_t", base_url=address)
        with pytest.raises(StripeUnavailable):
            await asyncio.wait_for(stripe.session("cs_1"), 30)
        await stripe.close()
