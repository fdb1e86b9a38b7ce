"""Credits through the platform's one address: never more jobs than credits, and credits for money."""

import asyncio
import time

import httpx
from support.platform import Platform, Tenant

PRICE = 15
CREDITS_SECONDS_MAX = 15.0


async def until_available(tenant: Tenant, credits: int) -> None:
    deadline = time.monotonic() + CREDITS_SECONDS_MAX
    while (await tenant.credits())["available"] != credits:
        assert time.monotonic() < deadline, await tenant.credits()
        await asyncio.sleep(0.05)


async def test_sixty_four_posts_at_once_with_credits_for_seven_accept_exactly_seven(quick: Platform) -> None:
    async with quick.tenant(credits=7 * PRICE + 14) as shop:
        [image] = await quick.photographs(1)
        answers = await asyncio.gather(*[shop.send([image], Prefer="wait=20") for _ in range(64)])
        statuses = [answer.status_code for answer in answers]
        assert (statuses.count(201), statuses.count(402)) == (7, 57), statuses
        for answer in answers:
            if answer.status_code == 201:
                await shop.ended(answer.json()["job"]["id"])
        refusal = next(answer.json() for answer in answers if answer.status_code == 402)
        assert refusal["needed"] == PRICE
        balance = await shop.credits()
        assert (balance["available"], balance["spent"] + balance["held"]) == (14, 7 * PRICE)


async def test_credits_are_bought_by_card_spent_and_taken_back(quick: Platform) -> None:
    async with quick.tenant() as shop, httpx.AsyncClient(trust_env=False) as customer:
        answer = await shop.http.post("/api/credits/checkout", json={"credits": 100})
        assert answer.status_code == 201, answer.text
        offered = answer.json()
        paid = await customer.post(offered["url"], data={"outcome": "paid"})
        assert paid.status_code == 303
        await until_available(shop, 100)
        [image] = await quick.photographs(1)
        job = (await shop.send([image], Prefer="wait=20")).json()["job"]
        await shop.ended(job["id"])
        calls = await quick.sandbox("GET", "calls", params={"vendor": "stripe", "kind": "checkout"})
        assert [call["id"] for call in calls["calls"]] == [offered["sessionId"]]
        await quick.sandbox("POST", f"stripe/payments/{await payment_intent(quick, offered['sessionId'])}/refund")
        await until_available(shop, 0)
        assert (await shop.settled_credits())["spent"] == PRICE
        lines = (await shop.http.get("/api/credits/transactions")).json()["transactions"]
        assert [(line["kind"], line["amount"]) for line in lines] == [("refund", -85), ("hold", -15), ("grant", 100)]


async def payment_intent(platform: Platform, session_id: str) -> str:
    """As whoever has the key of Stripe sees it: its last four characters name the account."""
    async with httpx.AsyncClient(base_url=platform.status["sandbox"], trust_env=False) as stripe:
        answer = await stripe.get(f"/stripe/v1/checkout/sessions/{session_id}", headers={"Authorization": "Bearer sk_test_0001"})
        return str(answer.json()["payment_intent"])
