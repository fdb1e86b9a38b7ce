"""Credits through the platform's one address: never more jobs than credits, and credits for money."""

import asyncio
import json
import time
from typing import Any

import httpx
import stripe
from darkroom_servicekit.development import DEVELOPMENT_WEBHOOK_SECRET
from support.platform import HTTP_SECONDS_MAX, Platform, Tenant

PRICE = 15
CREDITS_SECONDS_MAX = 60.0


async def until_available(tenant: Tenant, credits: int) -> None:
    deadline = time.monotonic() + CREDITS_SECONDS_MAX
    while (await tenant.credits())["available"] != credits:
        assert time.monotonic() < deadline, await tenant.credits()
        await asyncio.sleep(0.05)


async def test_sixty_four_posts_at_once_with_credits_for_seven_accept_exactly_seven(quick: Platform) -> None:
    async with quick.tenant(credits=7 * PRICE + 14) as shop:
        [image] = await quick.photographs(1)
        answers = await asyncio.gather(*[shop.send([image]) for _ in range(64)])
        assert {answer.status_code for answer in answers} <= {201, 202, 402}
        # 202: on a busy machine the decision came after the longest wait; the job's end tells it.
        jobs = [answer.json()["job"]["id"] for answer in answers if answer.status_code != 402]
        ends = [(await shop.ended(job))["job"]["status"] for job in jobs]
        assert ends.count("DONE") == 7
        assert ends.count("FAILED") + sum(answer.status_code == 402 for answer in answers) == 57
        accepted = [
            end
            for answer, end in zip([one for one in answers if one.status_code != 402], ends, strict=True)
            if answer.status_code == 201
        ]
        assert set(accepted) <= {"DONE"}
        assert {answer.json()["needed"] for answer in answers if answer.status_code == 402} <= {PRICE}
        balance = await shop.credits()
        assert (balance["available"], balance["spent"] + balance["held"]) == (14, 7 * PRICE)


async def test_credits_are_bought_by_card_spent_and_taken_back(quick: Platform) -> None:
    async with quick.tenant() as shop, httpx.AsyncClient(trust_env=False, timeout=HTTP_SECONDS_MAX) as customer:
        answer = await shop.http.post("/api/credits/checkout", json={"credits": 100})
        assert answer.status_code == 201, answer.text
        offered = answer.json()
        paid = await customer.post(offered["url"], data={"outcome": "paid"})
        assert paid.status_code == 303
        await until_available(shop, 100)
        [image] = await quick.photographs(1)
        job = (await shop.send([image])).json()["job"]
        await shop.ended(job["id"])
        calls = await quick.sandbox("GET", "calls", params={"vendor": "stripe", "kind": "checkout"})
        assert [call["id"] for call in calls["calls"]] == [offered["sessionId"]]
        await quick.sandbox("POST", f"stripe/payments/{await payment_intent(quick, offered['sessionId'])}/refund")
        await until_available(shop, 0)
        assert (await shop.settled_credits())["spent"] == PRICE
        lines = (await shop.http.get("/api/credits/transactions")).json()["transactions"]
        assert [(line["kind"], line["amount"]) for line in lines] == [("refund", -85), ("hold", -15), ("grant", 100)]


async def test_mischief_with_webhooks_leaves_exactly_what_was_paid_and_is_counted(quick: Platform) -> None:
    # Every webhook comes twice, and in any order.
    await quick.sandbox("PUT", "stripe", json={"webhook": {"repeatRate": 1, "shuffle": True}})
    async with quick.tenant() as shop:
        paid = [await checkout(shop, credits) for credits in (100, 200, 300)]
        await asyncio.gather(*[quick.sandbox("POST", f"stripe/sessions/{one}/pay", json={"outcome": "paid"}) for one in paid])
        intent = await payment_intent(quick, paid[2])
        for cents in (100, 50):
            await quick.sandbox("POST", f"stripe/payments/{intent}/refund", json={"amount": cents})
        await until_available(shop, 450)

        unpaid = await session_of(quick, await checkout(shop, 5000))
        as_paid = unpaid | {"status": "complete", "payment_status": "paid", "payment_intent": "pi_forged"}
        before = await counted(quick)
        told = [
            await tell(quick, as_paid, secret="whsec_of_a_forger"),
            await tell(quick, as_paid, at=time.time() - 3600),
            await tell(quick, as_paid | {"amount_total": 1}),
            await tell(quick, as_paid | {"currency": "huf"}),
            await tell(quick, as_paid | {"client_reference_id": "order-7"}),
            await tell(quick, await session_of(quick, paid[0])),
        ]
        assert told == [(400, None), (400, None), (200, "mismatch"), (200, "mismatch"), (200, "foreign"), (200, "nothing-new")]
        after = await counted(quick)
        risen = {word: after[word] - before.get(word, 0) for word in ("refused-forged", "refused-old", "mismatch", "foreign")}
        assert risen == {"refused-forged": 1, "refused-old": 1, "mismatch": 2, "foreign": 1}
        lines = (await shop.http.get("/api/credits/transactions")).json()["transactions"]
        moved = [(line["kind"], line["amount"]) for line in lines]
        assert sorted(one for one in moved if one[0] == "grant") == [("grant", 100), ("grant", 200), ("grant", 300)]
        # The two refunds are taken back one by one, or at once where the news of the second came first.
        assert sum(amount for kind, amount in moved if kind == "refund") == -150
        assert {kind for kind, _ in moved} == {"grant", "refund"}
        assert (await shop.credits())["available"] == 450


async def checkout(shop: Tenant, credits: int) -> str:
    answer = await shop.http.post("/api/credits/checkout", json={"credits": credits})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sessionId"])


async def tell(
    platform: Platform, session: dict[str, Any], *, secret: str = DEVELOPMENT_WEBHOOK_SECRET, at: float | None = None
) -> tuple[int, str | None]:
    """Say that a session was completed, at the platform's one address: the status, and what came of it."""
    event = {
        "id": f"evt_{time.time_ns()}",
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": session},
    }
    body = json.dumps(event)
    sign: Any = stripe.WebhookSignature.generate_signature_header
    async with httpx.AsyncClient(base_url=platform.status["web"], trust_env=False, timeout=HTTP_SECONDS_MAX) as forger:
        signature = {"Stripe-Signature": sign(body, secret, int(at or time.time()))}
        answer = await forger.post("/webhooks/stripe", content=body.encode(), headers=signature)
    return answer.status_code, answer.json().get("outcome")


async def counted(platform: Platform) -> dict[str, float]:
    """Webhooks of Stripe by what came of them."""
    async with httpx.AsyncClient(
        base_url=platform.status["services"]["credits"], trust_env=False, timeout=HTTP_SECONDS_MAX
    ) as http:
        text = (await http.get("/metrics")).text
    name = 'darkroom_credits_stripe_webhooks_total{outcome="'
    found = [line.removeprefix(name).partition('"} ') for line in text.splitlines() if line.startswith(name)]
    return {word: float(value) for word, _, value in found}


async def payment_intent(platform: Platform, session_id: str) -> str:
    return str((await session_of(platform, session_id))["payment_intent"])


async def session_of(platform: Platform, session_id: str) -> dict[str, Any]:
    """As whoever has the key of Stripe sees it: its last four characters name the account."""
    async with httpx.AsyncClient(base_url=platform.status["sandbox"], trust_env=False, timeout=HTTP_SECONDS_MAX) as http:
        answer = await http.get(f"/stripe/v1/checkout/sessions/{session_id}", headers={"Authorization": "Bearer sk_test_0001"})
        found: dict[str, Any] = answer.json()
        return found
