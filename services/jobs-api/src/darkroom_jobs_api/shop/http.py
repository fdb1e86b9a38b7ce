"""The routes of the shop's products. The tenant comes from the token; the shop's outage is a `503` with Retry-After."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import structlog
from darkroom_servicekit.auth import Principal
from darkroom_servicekit.problems import NUL, NUL_RULE, Problem, invalid
from fastapi import APIRouter, Depends, Query, Response

from darkroom_jobs_api.answers import json_answer, problems
from darkroom_jobs_api.jobs.paging import read_page
from darkroom_jobs_api.shop.products import (
    ProductNotFound,
    ProductPage,
    ProductSource,
    ShopProduct,
    ShopUnavailable,
    UnknownCursor,
)

RETRY_AFTER_SECONDS = 5
SEARCH_CHARACTERS_MAX = 100
CURSOR_CHARACTERS_MAX = 500
PRODUCT_ID_CHARACTERS_MAX = 200

log = structlog.get_logger()


def shop_routes(source: ProductSource, principal: Callable[..., Awaitable[Principal]]) -> APIRouter:
    """Search the shop's products, read one."""
    router = APIRouter(prefix="/api/products", tags=["products"])

    @router.get("", response_model=ProductPage, responses=problems(400, 401, 429, 503))
    async def products(
        who: Annotated[Principal, Depends(principal)],
        search: Annotated[str | None, Query(description="words of the name")] = None,
        cursor: Annotated[str | None, Query(description="`nextCursor` of the page before")] = None,
        limit: Annotated[str | None, Query(description="1 to 100, default 20")] = None,
    ) -> Response:
        """The shop's products with all their pictures."""
        page = read_page(None, limit, None)
        if isinstance(page, list):
            raise invalid(page[0].field, page[0].rule)
        _check("search", search, SEARCH_CHARACTERS_MAX)
        _check("cursor", cursor, CURSOR_CHARACTERS_MAX)
        try:
            return json_answer(await source.search(who.instance_id, search=search, cursor=cursor, limit=page.limit))
        except UnknownCursor as error:
            raise invalid("cursor", "must be a nextCursor of this list") from error
        except ShopUnavailable as error:
            raise _unavailable(error) from error

    @router.get("/{product_id}", response_model=ShopProduct, responses=problems(401, 404, 429, 503))
    async def product(product_id: str, who: Annotated[Principal, Depends(principal)]) -> Response:
        """One product of the shop with all its pictures."""
        if NUL in product_id or len(product_id) > PRODUCT_ID_CHARACTERS_MAX or set(product_id) <= {"."}:
            raise _no_such_product()
        try:
            return json_answer(await source.product(who.instance_id, product_id))
        except ProductNotFound as error:
            raise _no_such_product() from error
        except ShopUnavailable as error:
            raise _unavailable(error) from error

    return router


def _check(field: str, value: str | None, characters_max: int) -> None:
    if value and len(value) > characters_max:
        raise invalid(field, f"must have at most {characters_max} characters")
    if value and NUL in value:
        raise invalid(field, NUL_RULE)


def _no_such_product() -> Problem:
    return Problem(404, "No such product", kind="/problems/not-found")


def _unavailable(error: ShopUnavailable) -> Problem:
    log.warning("shop does not answer", error=str(error)[:200])
    return Problem(
        503,
        "The shop does not answer",
        "The shop's catalogue cannot be read at the moment.",
        kind="/problems/shop-unavailable",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
