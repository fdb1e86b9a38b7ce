"""Two tenants: neither can read, list, watch or guess the other's things, at any door."""

import asyncio
import json

from support.platform import Platform, Tenant


async def test_another_tenants_job_answers_like_one_that_does_not_exist(quick: Platform, shop: Tenant) -> None:
    job_id = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    async with quick.tenant() as other:
        foreign = await other.http.get(f"/api/image-optimization/jobs/{job_id}")
        absent = await other.http.get("/api/image-optimization/jobs/999999999")
        listed = await other.http.get("/api/image-optimization/jobs")

    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert foreign.json() == absent.json()
    assert listed.json()["jobs"] == []


async def test_a_socket_hears_of_its_own_tenant_alone(quick: Platform, shop: Tenant) -> None:
    async with quick.tenant(credits=100) as other, other.socket() as ear:
        theirs = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
        await shop.ended(theirs)
        own = (await other.send(await quick.photographs(1))).json()["job"]["id"]
        heard: set[int] = set()
        async with asyncio.timeout(180):
            async for message in ear:
                frame = json.loads(message)
                heard |= {frame["data"]["jobId"]} if "jobId" in frame["data"] else set()
                if frame["event"] == "job.finished":
                    break

    assert heard == {own}


async def test_balances_and_statements_are_each_tenants_own(quick: Platform, shop: Tenant) -> None:
    job_id = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    await shop.ended(job_id)
    async with quick.tenant() as other:
        balance = await other.credits()
        statement = (await other.http.get("/api/credits/transactions")).json()

    assert (balance["available"], balance["spent"]) == (0, 0)
    assert statement["transactions"] == []


async def test_an_idempotency_key_means_nothing_to_another_tenant(quick: Platform, shop: Tenant) -> None:
    async with quick.tenant(credits=100) as other:
        photographs = await quick.photographs(1)
        first = await shop.send(photographs, **{"Idempotency-Key": "same-key"})
        again = await shop.send(photographs, **{"Idempotency-Key": "same-key"})
        foreign = await other.send(photographs, **{"Idempotency-Key": "same-key"})

    assert first.json()["job"]["id"] == again.json()["job"]["id"]
    assert foreign.status_code in {201, 202}
    assert foreign.json()["job"]["id"] != first.json()["job"]["id"]


async def test_a_tenant_named_in_the_request_is_not_believed(quick: Platform, shop: Tenant) -> None:
    job_id = (await shop.send(await quick.photographs(1))).json()["job"]["id"]
    async with quick.tenant() as other:
        path = f"/api/image-optimization/jobs/{job_id}"
        by_query = await other.http.get(path, params={"instanceId": shop.instance_id, "instance": shop.instance_id})
        by_header = await other.http.get(path, headers={"X-Instance-Id": shop.instance_id})

    assert (by_query.status_code, by_header.status_code) == (404, 404)


async def test_no_door_opens_without_a_token_or_with_a_forged_one(quick: Platform, shop: Tenant) -> None:
    forged = f"Bearer {shop.token[:-4]}AAAA"
    for path in ("/api/image-optimization/jobs", "/api/credits", "/api/products", "/api/replicate-rate-limiter/stats"):
        for headers in ({"Authorization": ""}, {"Authorization": forged}):
            answer = await shop.http.get(path, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), path
