"""The shop's products through our door, against a store that answers over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from darkroom_jobs_api.shop.products import ProductNotFound, ShopUnavailable, UnknownCursor
from darkroom_jobs_api.shop.sample_store import SampleStore
from fastapi import FastAPI, HTTPException
from fastapi.responses import Response
from support.jobs_api import JobsApi

MUG = {"id": "a/b?c", "name": "Mug", "images": [{"id": "1", "url": "http://store/1.jpg", "width": 800, "height": 600}]}
PAGE = {"products": [MUG], "nextCursor": "n 2&x=1"}


def store_app(seen: list[dict[str, Any]]) -> FastAPI:
    """A store that answers as the sample store does, or as it should not."""
    app = FastAPI()

    @app.get("/store/products", response_model=None)
    async def products(instance: str, limit: int, search: str = "", cursor: str = "") -> Response | dict[str, Any]:
        seen.append({"instance": instance, "limit": limit, "search": search, "cursor": cursor})
        match search:
            case "broken":
                return Response("<html>", media_type="text/html")
            case "wrong":
                return {"products": "none"}
            case "down":
                raise HTTPException(500)
            case "away":
                return Response(status_code=302, headers={"Location": "http://169.254.169.254/"})
        if cursor == "bad":
            raise HTTPException(400)
        return PAGE | {"extra": 1}

    @app.get("/store/products/{product_id:path}")
    async def product(product_id: str, instance: str) -> dict[str, Any]:
        seen.append({"instance": instance, "product": product_id})
        if product_id != MUG["id"]:
            raise HTTPException(404)
        return MUG

    return app


@pytest.fixture
async def calls() -> list[dict[str, Any]]:
    return []


@pytest.fixture
async def store(calls: list[dict[str, Any]]) -> AsyncIterator[SampleStore]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(store_app(calls))) as client:
        yield SampleStore(client, "http://store/store/")


async def test_a_search_carries_the_tenant_and_comes_back_in_our_shape(store: SampleStore, calls: list[dict[str, Any]]) -> None:
    page = await store.search("shop-1", search="mug & cup", cursor="n 2&x=1", limit=7)
    assert page.model_dump(by_alias=True) == PAGE
    assert calls == [{"instance": "shop-1", "limit": 7, "search": "mug & cup", "cursor": "n 2&x=1"}]


async def test_one_product_by_any_id(store: SampleStore, calls: list[dict[str, Any]]) -> None:
    assert (await store.product("shop-1", "a/b?c")).model_dump(by_alias=True) == MUG
    assert calls == [{"instance": "shop-1", "product": "a/b?c"}]
    with pytest.raises(ProductNotFound):
        await store.product("shop-1", "other")


@pytest.mark.parametrize("search", ["broken", "wrong", "down", "away"])
async def test_a_store_that_answers_badly_is_unavailable(store: SampleStore, search: str) -> None:
    with pytest.raises(ShopUnavailable):
        await store.search("shop-1", search=search, cursor=None, limit=20)


async def test_a_cursor_that_the_store_refuses_is_the_callers_error(store: SampleStore) -> None:
    with pytest.raises(UnknownCursor):
        await store.search("shop-1", search=None, cursor="bad", limit=20)


async def test_a_store_that_cannot_be_reached_is_unavailable() -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(ShopUnavailable):
            await SampleStore(client, "http://127.0.0.1:1").product("shop-1", "a")


async def test_without_a_shop_the_routes_say_503_with_retry_after(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    for path in ("/api/products", "/api/products/mug"):
        answer = await shop.get(path)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("query", "field"), [("limit=0", "limit"), ("search=" + "x" * 101, "search"), ("cursor=%00", "cursor")])
async def test_wrong_parameters_are_named(jobs_api: JobsApi, query: str, field: str) -> None:
    answer = await jobs_api.shop().get(f"/api/products?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await jobs_api.client.get("/api/products")).status_code == 401
