"""What the sample store sells: products with their photographs, read once, found by shop, by words and by cursor.

Invariant: the order of products never changes while the process lives, so a cursor walks each of them once.
"""

import base64
import binascii
import importlib.util
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict

CATALOGUE = Path(__file__).parent / "catalogue"
SAMPLE_SHOPS = ("demo", "shop-a", "shop-b", "shop-c")
PACKAGE_MARK = "skimage:"


class CursorNotGiven(ValueError):
    """The cursor is none that this store has handed out."""


class Image(BaseModel):
    """One photograph; `file` is a path below the catalogue, or a file of an installed package (`skimage:…`)."""

    model_config = ConfigDict(frozen=True)

    id: str
    file: str
    width: int
    height: int
    etag: str

    @property
    def name(self) -> str:
        """The last part of the picture's address."""
        return self.id + Path(self.file).suffix


class Product(BaseModel):
    """One product of the store and the sample shops that sell it."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    tags: tuple[str, ...]
    shops: frozenset[str]
    images: tuple[Image, ...]

    def answers(self, words: list[str]) -> bool:
        """Whether every word begins a word of the name or a tag."""
        own = [*_words(self.name), *self.tags]
        return all(any(mine.startswith(word) for mine in own) for word in words)

    def sold_by(self, instance: str | None) -> bool:
        """A sample shop sells its own part; any other instance sells everything."""
        return instance not in SAMPLE_SHOPS or instance in self.shops


class _Listing(BaseModel):
    products: tuple[Product, ...]


@dataclass(frozen=True)
class Page:
    """Some products in order, and the cursor after the last when there are more."""

    products: list[Product]
    next_cursor: str | None


class Catalogue:
    """All products of one `catalogue.json`; picture files are found by their name in it and by nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._products = _Listing.model_validate_json((folder / "catalogue.json").read_bytes()).products
        self._places = {product.id: place for place, product in enumerate(self._products)}
        self._images = {image.name: image for product in self._products for image in product.images}

    def page(self, *, search: str, cursor: str | None, limit: int, instance: str | None) -> Page:
        """The next `limit` products that fit. Raises `CursorNotGiven`."""
        start = 0 if cursor is None else self._place_after(cursor)
        words = _words(search)
        fitting = (p for p in self._products[start:] if p.sold_by(instance) and p.answers(words))
        found = list(islice(fitting, limit + 1))
        shown = found[:limit]
        return Page(shown, _cursor(shown[-1].id) if len(found) > limit else None)

    def product(self, product_id: str, instance: str | None) -> Product | None:
        """The product, if there is one and the instance sells it."""
        place = self._places.get(product_id)
        found = None if place is None else self._products[place]
        return found if found is not None and found.sold_by(instance) else None

    def picture(self, name: str) -> tuple[Image, Path] | None:
        """A picture by the last part of its address, and the file that holds it."""
        image = self._images.get(name)
        return None if image is None else (image, self._path(image))

    def _path(self, image: Image) -> Path:
        if image.file.startswith(PACKAGE_MARK):
            return _package_data() / image.file.removeprefix(PACKAGE_MARK)
        return self._folder / image.file

    def _place_after(self, cursor: str) -> int:
        try:
            product_id = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError) as broken:
            raise CursorNotGiven(cursor) from broken
        if product_id not in self._places:
            raise CursorNotGiven(cursor)
        return self._places[product_id] + 1


def _package_data() -> Path:
    """The folder of scikit-image's photographs, without importing the package (that costs 50 MB)."""
    spec = importlib.util.find_spec("skimage")
    assert spec is not None, "scikit-image is a dependency of the sandbox"
    assert spec.origin is not None, "scikit-image is installed as files"
    return Path(spec.origin).parent / "data"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _cursor(product_id: str) -> str:
    return base64.urlsafe_b64encode(product_id.encode()).decode()
