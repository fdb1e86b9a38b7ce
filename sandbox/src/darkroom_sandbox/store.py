"""The sample store's doors under `/store`: products with search and cursor, one product, and their photographs.

Read-only. A picture is served only by a name that stands in the catalogue, so no path can lead out of it.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from darkroom_sandbox.store_catalogue import CATALOGUE, Catalogue, CursorNotGiven, Product

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
SEARCH_CHARACTERS_MAX = 100
IMMUTABLE = "public, max-age=31536000, immutable"
MEDIA_TYPES = {".jpg": "image/jpeg", ".png": "image/png"}


class WrongQuery(ValueError):
    """A query parameter breaks its rule."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field} {rule}")
        self.field, self.rule = field, rule


def store_routes(home: Path, public_url: str) -> list[BaseRoute]:
    """The routes of the store; `public_url` is the sandbox' address, which picture addresses begin with.

    A folder `store` in `home` with its own `catalogue.json` replaces the sample catalogue.
    """
    own = home / "store"
    doors = _Doors(Catalogue(own if (own / "catalogue.json").is_file() else CATALOGUE), public_url.rstrip("/"))
    return [
        Route("/store/products", doors.products),
        Route("/store/products/{product_id}", doors.product),
        Route("/store/pictures/{name}", doors.picture),
    ]


class _Doors:
    def __init__(self, catalogue: Catalogue, public_url: str) -> None:
        self._catalogue = catalogue
        self._public_url = public_url

    async def products(self, request: Request) -> Response:
        query = request.query_params
        try:
            page = self._catalogue.page(
                search=_search(query.get("search", "")),
                cursor=query.get("cursor"),
                limit=_limit(query.get("limit")),
                instance=query.get("instance"),
            )
        except CursorNotGiven:
            return _wrong(WrongQuery("cursor", "must be a nextCursor of this list"))
        except WrongQuery as wrong:
            return _wrong(wrong)
        return JSONResponse({"products": [self._shown(p) for p in page.products], "nextCursor": page.next_cursor})

    async def product(self, request: Request) -> Response:
        product_id = request.path_params["product_id"]
        found = self._catalogue.product(product_id, request.query_params.get("instance"))
        if found is None:
            return _problem(404, "Product not found", f"The store has no product {product_id!r}.")
        return JSONResponse(self._shown(found))

    async def picture(self, request: Request) -> Response:
        name = request.path_params["name"]
        found = self._catalogue.picture(name)
        if found is None:
            return _problem(404, "Picture not found", f"The store has no picture {name!r}.")
        image, path = found
        headers = {"Cache-Control": IMMUTABLE, "ETag": f'"{image.etag}"'}
        if _has_already(request, image.etag):
            return Response(status_code=304, headers=headers)
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=headers)

    def _shown(self, product: Product) -> dict[str, object]:
        images = [
            {
                "id": image.id,
                "url": f"{self._public_url}/store/pictures/{image.name}",
                "width": image.width,
                "height": image.height,
            }
            for image in product.images
        ]
        return {"id": product.id, "name": product.name, "images": images}


def _limit(given: str | None) -> int:
    if given is None:
        return LIMIT_DEFAULT
    if not (given.isascii() and given.isdigit() and len(given) <= len(str(LIMIT_MAX)) and 1 <= int(given) <= LIMIT_MAX):
        raise WrongQuery("limit", f"must be a whole number from 1 to {LIMIT_MAX}")
    return int(given)


def _search(given: str) -> str:
    if len(given) > SEARCH_CHARACTERS_MAX:
        raise WrongQuery("search", f"must be at most {SEARCH_CHARACTERS_MAX} characters")
    return given


def _has_already(request: Request, etag: str) -> bool:
    """RFC 9110, 13.1.2: If-None-Match compares weakly and may list several."""
    held = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return "*" in held or f'"{etag}"' in held


def _wrong(wrong: WrongQuery) -> Response:
    errors = [{"field": wrong.field, "rule": wrong.rule}]
    return _problem(400, "Invalid request", f"{wrong}.", errors=errors)


def _problem(status: int, title: str, detail: str, **more: object) -> Response:
    """RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")
