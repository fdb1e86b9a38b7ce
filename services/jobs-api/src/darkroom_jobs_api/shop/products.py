"""The door to a shop's products, whatever shop system stands behind it."""

from typing import Protocol

from darkroom_servicekit.http import Body
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel


class Picture(Body):
    """One photograph of a product."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)

    id: str
    url: str
    width: int | None
    height: int | None


class ShopProduct(Body):
    """A product of the shop with all its photographs."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)

    id: str
    name: str
    images: list[Picture]


class ProductPage(Body):
    """A page of products."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)

    products: list[ShopProduct]
    next_cursor: str | None


class ShopUnavailable(Exception):
    """The shop does not answer, or not in a way that can be read."""


class ProductNotFound(Exception):
    """The shop has no such product."""


class UnknownCursor(Exception):
    """The shop does not take this cursor."""


class ProductSource(Protocol):
    """Reads a shop's catalogue. Raises ShopUnavailable, ProductNotFound, UnknownCursor."""

    async def search(self, instance_id: str, *, search: str | None, cursor: str | None, limit: int) -> ProductPage: ...

    async def product(self, instance_id: str, product_id: str) -> ShopProduct: ...
