"""The catalogue's rows. Prices are versioned: the newest that is valid at the time counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_jobs_api.catalogue.product import Option, Product

log = structlog.get_logger()

PRODUCTS = text(
    """
    SELECT p.*, price.version AS price_version, price.credits AS price_credits
    FROM catalogue_products p
    CROSS JOIN LATERAL (
        SELECT version, credits FROM catalogue_prices
        WHERE product = p.name AND valid_from <= :now ORDER BY valid_from DESC, version DESC LIMIT 1
    ) price
    WHERE p.name = ANY(CAST(:names AS text[]))
    """
)


class ProductNotInCatalogue(Exception):
    """There is no such product, or it has no price."""


class CatalogueStore:
    """Reads products. `models` puts other model ids in the place of the rows' own."""

    def __init__(self, models: Mapping[str, str]) -> None:
        self._models = models

    async def products(self, connection: AsyncConnection, names: Sequence[str], *, now: datetime) -> dict[str, Product]:
        """Products by name, with the price that is valid now. Raises ProductNotInCatalogue."""
        found = await self.known(connection, names, now=now)
        if missing := set(names) - found.keys():
            raise ProductNotInCatalogue(", ".join(sorted(missing)))
        return found

    async def known(self, connection: AsyncConnection, names: Sequence[str], *, now: datetime) -> dict[str, Product]:
        """Those of the products that are in the catalogue, can be read and have a price now."""
        found = {}
        for row in (await connection.execute(PRODUCTS, {"names": list(names), "now": now})).all():
            try:
                found[row.name] = self._product(row)
            except (ValueError, LookupError, TypeError, AttributeError) as error:  # one wrong row concerns its own jobs alone
                log.error("a product's row cannot be read", product=row.name, error=f"{type(error).__name__}: {error}"[:300])
        return found

    async def product(self, connection: AsyncConnection, name: str, *, now: datetime) -> Product:
        """One product. Raises ProductNotInCatalogue."""
        return (await self.products(connection, [name], now=now))[name]

    def _product(self, row: Any) -> Product:  # a database row
        return Product(
            name=row.name,
            provider=row.provider,
            model=self._models.get(row.name, row.model),
            input=row.input,
            options={name: Option(tuple(one["allowed"]), one["default"]) for name, one in row.options.items()},
            images_max=row.images_max,
            prompt_characters_max=row.prompt_characters_max,
            attempts_max=row.attempts_max,
            backoff_seconds=tuple(row.backoff_seconds),
            failed_items_refunded=row.failed_items_refunded,
            expected_seconds=row.expected_seconds,
            cancel_after_seconds=row.cancel_after_seconds,
            price_version=row.price_version,
            price_credits=row.price_credits,
            output=row.output,
        )
