"""The sample store through its HTTP doors: what it shows, how it is searched and walked, what it refuses."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from darkroom_sandbox.store import store_routes
from starlette.applications import Starlette

URL = "http://sandbox.test"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=store_routes(tmp_path, URL))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        yield client


async def walk(store: httpx.AsyncClient, **query: str) -> list[dict[str, Any]]:
    products: list[dict[str, Any]] = []
    for _ in range(100):
        page = (await store.get("/store/products", params=query)).raise_for_status().json()
        products += page["products"]
        if page["nextCursor"] is None:
            return products
        query["cursor"] = page["nextCursor"]
    raise AssertionError("the cursor never ends")


async def names(store: httpx.AsyncClient, **query: str) -> list[str]:
    return [product["name"] for product in await walk(store, **query)]


async def test_the_store_sells_enough_to_look_like_a_shop(store: httpx.AsyncClient) -> None:
    products = await walk(store, limit="100")

    assert len(products) >= 30
    assert all(1 <= len(product["images"]) <= 12 for product in products)
    assert sum(len(product["images"]) for product in products) >= 120
    assert any(len(product["images"]) >= 10 for product in products if product["id"] == "ceramic-mug")


async def test_every_picture_is_served_and_has_the_stated_size(store: httpx.AsyncClient) -> None:
    for product in await walk(store, limit="100"):
        for image in product["images"]:
            answer = await store.get(image["url"])
            decoded = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
            assert answer.status_code == 200, image
            assert decoded is not None, image
            assert decoded.shape == (image["height"], image["width"], 3), image
            assert len(answer.content) < 700_000, image
            assert image["id"].startswith(product["id"])


async def test_a_cursor_walks_every_product_once_and_in_the_same_order(store: httpx.AsyncClient) -> None:
    at_once = [product["id"] for product in await walk(store, limit="100")]
    by_seven = [product["id"] for product in await walk(store, limit="7")]

    assert by_seven == at_once
    assert len(set(at_once)) == len(at_once)


async def test_a_page_has_twenty_products_unless_told(store: httpx.AsyncClient) -> None:
    page = (await store.get("/store/products")).json()

    assert len(page["products"]) == 20
    assert page["nextCursor"]


@pytest.mark.parametrize("search", ["ceramic", "MUG", "mug cera", "  Ceramic   Mug "])
async def test_search_goes_by_the_words_of_the_name_in_any_case_and_order(store: httpx.AsyncClient, search: str) -> None:
    assert await names(store, search=search) == ["Ceramic mug"]


async def test_search_knows_tags_and_all_words_must_fit(store: httpx.AsyncClient) -> None:
    assert "Ceramic mug" in await names(store, search="pottery")
    assert await names(store, search="ceramic zebra") == []
    assert len(await names(store, search="")) >= 30


async def test_search_with_a_cursor_shows_each_hit_once(store: httpx.AsyncClient) -> None:
    found = await names(store, search="wood", limit="1")

    assert len(found) > 3
    assert found == await names(store, search="wood", limit="100")


async def test_sample_shops_sell_different_parts_and_any_other_shop_everything(store: httpx.AsyncClient) -> None:
    everything = set(await names(store))
    shops = [set(await names(store, instance=shop)) for shop in ("shop-a", "shop-b", "shop-c", "demo")]

    assert all(len(shop) >= 10 and shop < everything for shop in shops)
    assert len({frozenset(shop) for shop in shops}) == 4
    assert set.union(*shops) == everything
    assert all("Ceramic mug" in shop for shop in shops)
    assert set(await names(store, instance="3f1c")) == everything


async def test_a_product_is_shown_as_in_the_list(store: httpx.AsyncClient) -> None:
    listed = (await walk(store, search="mug"))[0]

    assert (await store.get("/store/products/ceramic-mug")).json() == listed
    assert set(listed) == {"id", "name", "images"}
    assert listed["images"][2]["id"] == "ceramic-mug-03"
    assert listed["images"][2]["url"] == f"{URL}/store/pictures/ceramic-mug-03.jpg"


async def test_what_is_unknown_or_not_sold_by_the_shop_is_not_found(store: httpx.AsyncClient) -> None:
    assert (await store.get("/store/products/stool", params={"instance": "shop-b"})).status_code == 200
    for path in ("/store/products/unicorn", "/store/products/stool?instance=shop-a", "/store/pictures/unicorn-01.jpg"):
        answer = await store.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", ""),
        ("limit", "٣"),
        ("limit", "9" * 5000),
        ("cursor", ""),
        ("cursor", "unicorn"),
        ("cursor", "dW5pY29ybg=="),
        ("cursor", "é"),
        ("search", "m" * 101),
    ],
)
async def test_a_wrong_query_is_refused_naming_field_and_rule(store: httpx.AsyncClient, field: str, value: str) -> None:
    answer = await store.get("/store/products", params={field: value})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    error = answer.json()["errors"][0]
    assert error["field"] == field
    assert error["rule"].startswith("must be")
    assert field in answer.json()["detail"]


@pytest.mark.parametrize(
    "name",
    ["../catalogue.json", "..%2Fcatalogue.json", "%2e%2e%2fcatalogue.json", "..%5ccatalogue.json", "%2Fetc%2Fpasswd"],
)
async def test_no_path_leads_out_of_the_pictures(store: httpx.AsyncClient, name: str) -> None:
    answer = await store.get(httpx.URL(f"{URL}/store/pictures/{name}"))

    assert answer.status_code == 404
    assert b"products" not in answer.content


async def test_pictures_are_kept_for_ever_and_not_sent_twice(store: httpx.AsyncClient) -> None:
    first = await store.get("/store/pictures/ceramic-mug-01.jpg")
    again = await store.get("/store/pictures/ceramic-mug-01.jpg", headers={"If-None-Match": first.headers["etag"]})
    other = await store.get("/store/pictures/ceramic-mug-01.jpg", headers={"If-None-Match": '"other"'})

    assert first.headers["content-type"] == "image/jpeg"
    assert "immutable" in first.headers["cache-control"]
    assert (again.status_code, again.content) == (304, b"")
    assert (other.status_code, other.content) == (200, first.content)


async def test_a_catalogue_in_the_home_replaces_the_samples(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    own = '{"products":[{"id":"hat","name":"Felt hat","tags":[],"shops":[],"images":[]}]}'
    (tmp_path / "store" / "catalogue.json").write_text(own)
    app = Starlette(routes=store_routes(tmp_path, URL))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        assert await names(client) == ["Felt hat"]
