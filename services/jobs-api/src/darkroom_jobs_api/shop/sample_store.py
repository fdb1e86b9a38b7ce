"""The sample store over HTTP: a shop without an account, whose answers already have our shape."""

import asyncio
from urllib.parse import quote

import httpx
from darkroom_servicekit.tls import client_tls
from pydantic import ValidationError

from darkroom_jobs_api.shop.products import ProductNotFound, ProductPage, ShopProduct, ShopUnavailable, UnknownCursor

ANSWER_SECONDS_MAX = 5.0
CONNECT_SECONDS_MAX = 2.0
REQUEST_SECONDS_MAX = 10.0
"""For a whole request. httpx' limits are for each read: a store that drips its answer would never reach them."""
CONNECTIONS_MAX = 20


def build_client() -> httpx.AsyncClient:
    """One client per process, with kept connections and bounded waits."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(ANSWER_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
        follow_redirects=False,
        verify=client_tls(),
        trust_env=False,
    )


class SampleStore:
    """A ProductSource. Without a base address there is no shop, and every question says so."""

    def __init__(self, client: httpx.AsyncClient, base_url: str | None) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/") if base_url else None

    async def search(self, instance_id: str, *, search: str | None, cursor: str | None, limit: int) -> ProductPage:
        """A page of products whose names match. Raises UnknownCursor, ShopUnavailable."""
        parameters = {"instance": instance_id, "limit": str(limit)}
        parameters |= {name: value for name, value in (("search", search), ("cursor", cursor)) if value}
        answer = await self._get("/products", parameters)
        if cursor and answer.status_code == httpx.codes.BAD_REQUEST:
            raise UnknownCursor(cursor)
        try:
            return ProductPage.model_validate_json(_good(answer).content)
        except ValidationError as error:
            raise ShopUnavailable("answered with something that is no page of products") from error

    async def product(self, instance_id: str, product_id: str) -> ShopProduct:
        """One product. Raises ProductNotFound, ShopUnavailable."""
        answer = await self._get(f"/products/{quote(product_id, safe='')}", {"instance": instance_id})
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise ProductNotFound(product_id)
        try:
            return ShopProduct.model_validate_json(_good(answer).content)
        except ValidationError as error:
            raise ShopUnavailable("answered with something that is no product") from error

    async def _get(self, path: str, parameters: dict[str, str]) -> httpx.Response:
        if self._base_url is None:
            raise ShopUnavailable("no store is connected")
        try:
            async with asyncio.timeout(REQUEST_SECONDS_MAX):
                return await self._client.get(self._base_url + path, params=parameters)
        except (httpx.HTTPError, TimeoutError) as error:
            raise ShopUnavailable(repr(error)) from error


def _good(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != httpx.codes.OK:
        raise ShopUnavailable(f"answered {answer.status_code}")
    return answer
