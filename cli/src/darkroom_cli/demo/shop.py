"""The REST API as a shop uses it, for the sample job. Raises `DemoFailed` with words that say what to do."""

from dataclasses import dataclass
from typing import Any

import httpx

from darkroom_cli.stack.errors import StackError

REQUEST_SECONDS_MAX = 15.0
PAGE = 100
PRODUCTS_SEEN_MAX = 1000


class DemoFailed(StackError):
    """The sample job cannot go on; the message says why and what mends it."""


@dataclass(frozen=True)
class Photograph:
    """One picture of the shop's product."""

    id: str
    url: str


@dataclass(frozen=True)
class ShopProduct:
    """A product of the sample shop with its photographs."""

    id: str
    name: str
    photographs: tuple[Photograph, ...]


class Shop:
    """One tenant at the API."""

    def __init__(self, web: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=web, headers=headers, timeout=REQUEST_SECONDS_MAX, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def choose_product(self, images: int) -> ShopProduct:
        """The first product with at least `images` photographs, else the one with most."""
        products: list[ShopProduct] = []
        cursor: str | None = None
        while len(products) < PRODUCTS_SEEN_MAX:
            page = self._get("/api/products", {"limit": PAGE} | ({"cursor": cursor} if cursor else {}))
            products += [_product(product) for product in page["products"]]
            cursor = page["nextCursor"]
            if not cursor:
                break
        if not products:
            raise DemoFailed("the sample shop has no products; is the sandbox running? `darkroom logs sandbox`")
        enough = [product for product in products if len(product.photographs) >= images]
        return enough[0] if enough else max(products, key=lambda product: len(product.photographs))

    def available_credits(self) -> int:
        """Credits that can be spent now."""
        return int(self._get("/api/credits", {})["available"])

    def send(self, product: ShopProduct, photographs: tuple[Photograph, ...], prompt: str) -> dict[str, Any]:
        """Ask for the photographs to be optimised; the accepted job."""
        body = {
            "productId": product.id,
            "productName": product.name,
            "images": [{"imageId": one.id, "imageUrl": one.url, "prompt": prompt} for one in photographs],
        }
        answer = self._http.post("/api/image-optimization", json=body)
        if answer.status_code not in {201, 202}:
            raise DemoFailed(f"the job was not accepted ({answer.status_code}): {_words(answer)}")
        job: dict[str, Any] = answer.json()["job"]
        return job

    def job(self, job_id: int) -> dict[str, Any]:
        """A job with its items, as the REST API shows it."""
        return self._get(f"/api/image-optimization/jobs/{job_id}", {})

    def download(self, url: str) -> bytes:
        """The bytes behind an address of the API's answers (ours, or the shop's own photographs)."""
        answer = httpx.get(self._http.base_url.join(url), timeout=REQUEST_SECONDS_MAX, trust_env=False)
        if answer.status_code != 200:
            raise DemoFailed(f"a picture could not be fetched ({answer.status_code}): {url}")
        return answer.content

    def _get(self, path: str, parameters: dict[str, Any]) -> dict[str, Any]:
        answer = self._http.get(path, params=parameters)
        if answer.status_code != 200:
            raise DemoFailed(f"{path} answered {answer.status_code}: {_words(answer)}")
        body: dict[str, Any] = answer.json()
        return body


def _product(product: dict[str, Any]) -> ShopProduct:
    photographs = tuple(Photograph(image["id"], image["url"]) for image in product["images"])
    return ShopProduct(product["id"], product["name"], photographs)


def _words(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200]
    return str(problem.get("detail") or problem.get("title") or problem)
