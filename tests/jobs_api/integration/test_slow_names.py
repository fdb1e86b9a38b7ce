"""A shop whose names are in a zone that never answers: the other shops' jobs are taken, its own may be tried again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from darkroom_servicekit import resolver
from support.jobs_api import JobsApi, Shop, picture, request_body, running_jobs_api
from support.name_server import NameServer, running_name_server
from support.service import eventually
from support.stack import StackAddresses

GOOD = "http://good.test:9/picture.jpg"
SHARE = 4
JOBS_BEHIND_SLOW_NAMES = 3


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    async with running_name_server({"good.test.": ["127.0.0.1"], "private.test.": ["10.0.0.1"]}) as running:
        yield running


@pytest.fixture
async def jobs_api(parts: StackAddresses, server: NameServer) -> AsyncIterator[JobsApi]:
    """The service with that name server, which lets pictures lie on `good.test:9`."""
    async with running_jobs_api(parts, dns_servers=server.place, fetch_allow="good.test:9") as service:
        yield service


def _pictures_at(*urls: str) -> dict[str, object]:
    return request_body(images=[picture(number, imageUrl=url) for number, url in enumerate(urls)])


async def _post_slow_names_for_ever(shop: Shop, client: int) -> None:
    while True:
        await shop.submit(_pictures_at(*(f"http://{client}-{number}.slow.test/" for number in range(10))))


async def test_jobs_of_other_shops_are_taken_while_one_shop_posts_names_that_never_answer(
    jobs_api: JobsApi, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "LOOK_UP_SECONDS_MAX", 60.0)
    slow, good = jobs_api.shop("slow"), jobs_api.shop("good")
    posting = [asyncio.create_task(_post_slow_names_for_ever(slow, client)) for client in range(3)]

    async def its_share_is_taken() -> bool:
        return len({name for name, _ in server.asked if name.endswith("slow.test.")}) >= SHARE

    try:
        await eventually(its_share_is_taken)
        for _ in range(JOBS_BEHIND_SLOW_NAMES):
            answer = await good.submit(_pictures_at(GOOD))
            assert answer.status_code == 202, answer.text
        assert not any(task.done() for task in posting)
    finally:
        for task in posting:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_name_that_could_not_be_looked_up_is_a_503_that_names_the_field(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    before = await jobs_api.counts(shop)
    answer = await shop.submit(_pictures_at(GOOD, "http://x.slow.test/"), key="again")
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "5"
    problem = answer.json()
    assert problem["type"] == "/problems/unavailable"
    [error] = problem["errors"]
    assert error == {"field": "images[1].imageUrl", "rule": "names a host that could not be looked up; try again"}
    assert await jobs_api.counts(shop) == before


async def test_a_server_failure_is_a_503_and_the_same_request_is_taken_later(jobs_api: JobsApi, server: NameServer) -> None:
    shop = jobs_api.shop()
    server.failing.add("good.test.")
    assert (await shop.submit(_pictures_at(GOOD), key="again")).status_code == 503
    server.failing.clear()
    assert (await shop.submit(_pictures_at(GOOD), key="again")).status_code == 202


async def test_a_name_that_does_not_exist_is_a_400_even_beside_one_that_does_not_answer(jobs_api: JobsApi) -> None:
    answer = await jobs_api.shop().submit(_pictures_at("http://none.test/", "http://x.slow.test/", "http://private.test/"))
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"] == [
        {"field": "images[0].imageUrl", "rule": "names a host that cannot be found"},
        {"field": "images[2].imageUrl", "rule": "must be on the public internet"},
    ]
