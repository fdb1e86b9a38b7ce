"""Turn rendered masters into the store's JPEGs and `catalogue.json`: `python build_catalogue.py MASTERS`.

Also makes the further snapshots (`derived`): closer, tilted a little, in other light, never mirrored. Runs in the
project's own environment (OpenCV). A product with no master yet is left out.
"""

import argparse
import hashlib
import json
import random
import zlib
from pathlib import Path

import cv2
import numpy as np
from shots import ROWS

CATALOGUE = Path(__file__).parents[1] / "src" / "darkroom_sandbox" / "catalogue"
QUALITY = 86
EVERYWHERE_SHOPS = ["demo", "shop-a", "shop-b", "shop-c"]
EVERYWHERE = {"ceramic-mug", "teapot", "gift-box", "scented-candle", "succulent"}
# Photographs that come with an installed package are served from there instead of being copied.
PACKAGED = [
    ("coffee-cup", "Coffee at the bar", ("kitchen", "coffee", "cup"), ["coffee.png"]),
    ("motorcycle", "Vintage motorcycle", ("vehicle", "garage"), ["motorcycle_left.png", "motorcycle_right.png"]),
]
# which sample shops sell a product, by its first tag
SHOPS = {
    "kitchen": ["shop-a", "demo"],
    "food": ["shop-a", "shop-c"],
    "home": ["shop-b", "demo"],
    "furniture": ["shop-b"],
    "books": ["shop-b", "shop-c"],
    "stationery": ["shop-b", "shop-c"],
    "gift": ["shop-c"],
    "bath": ["shop-a", "shop-c"],
    "craft": ["shop-b", "shop-c"],
    "toys": ["shop-c", "demo"],
    "games": ["shop-c"],
    "watch": ["shop-c", "demo"],
    "jewellery": ["shop-c"],
    "leather": ["shop-c", "demo"],
    "electronics": ["shop-b", "demo"],
    "beauty": ["shop-a", "shop-c"],
    "music": ["shop-b"],
    "accessories": ["shop-a", "shop-c"],
    "vehicle": ["shop-b"],
}

COLLECTION = "autumn-collection"
COLLECTED = (
    "cherry-jam",
    "flower-vase",
    "gift-box",
    "stoneware-bowl",
    "toy-car",
    "honey-jar",
    "pepper-mill",
    "teapot",
    "building-blocks",
    "succulent",
    "notebook",
)


def snapshot(master: np.ndarray, dice: random.Random) -> np.ndarray:
    """Another picture of the same thing: closer, a little crooked, warmer or cooler, brighter or darker."""
    tall, wide = master.shape[:2]
    zoom, tilt = dice.uniform(1.05, 1.16), dice.choice([-1, 1]) * dice.uniform(1.5, 4.0)
    turn = cv2.getRotationMatrix2D((wide / 2, tall / 2), tilt, zoom)
    turn[:, 2] += (dice.uniform(-0.03, 0.03) * wide, dice.uniform(-0.03, 0.03) * tall)
    picture = cv2.warpAffine(master, turn, (wide, tall), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    warm = dice.choice([-1, 1]) * dice.uniform(0.05, 0.11)
    light = (picture.astype(np.float32) / 255) ** 2.2 * dice.choice([0.72, 0.8, 1.25, 1.35])
    light *= np.array([1 - warm, 1.0, 1 + warm], dtype=np.float32)
    ys, xs = np.mgrid[0 : light.shape[0], 0 : light.shape[1]].astype(np.float32)
    slope = 1 + dice.choice([-0.25, 0.25]) * (xs / light.shape[1] - 0.5) - 0.12 * (ys / light.shape[0] - 0.5)
    return np.clip((light * slope[..., None]) ** (1 / 2.2) * 255, 0, 255).astype(np.uint8)


def grain(picture: np.ndarray, seed: int) -> np.ndarray:
    """The sensor noise a phone leaves; a render without it looks like wax."""
    noise = np.random.default_rng(seed).normal(0, 1.6, picture.shape[:2])
    return np.clip(picture + cv2.GaussianBlur(noise, (0, 0), 0.6)[..., None] * 1.6, 0, 255).astype(np.uint8)


def keep(picture: np.ndarray, image_id: str) -> dict[str, object]:
    """Write one JPEG; returns its row."""
    _, data = cv2.imencode(".jpg", grain(picture, zlib.crc32(image_id.encode())), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    path = CATALOGUE / "pictures" / f"{image_id}.jpg"
    path.write_bytes(data.tobytes())
    return describe(image_id, f"pictures/{path.name}", picture, path)


def describe(image_id: str, file: str, picture: np.ndarray, path: Path) -> dict[str, object]:
    tall, wide = picture.shape[:2]
    etag = hashlib.sha256(path.read_bytes()).hexdigest()[:20]
    return {"id": image_id, "file": file, "width": wide, "height": tall, "etag": etag}


def listed(key: str, name: str, tags: tuple[str, ...], images: list[dict[str, object]]) -> dict[str, object]:
    """A product's row of the catalogue, with the sample shops that sell it."""
    sold_by = sorted(EVERYWHERE_SHOPS if key in EVERYWHERE else SHOPS[tags[0]])
    return {"id": key, "name": name, "tags": tags, "shops": sold_by, "images": images}


def rendered(masters: Path) -> list[dict[str, object]]:
    """The products that have a master, with their pictures and the snapshots made from them."""
    products: list[dict[str, object]] = []
    for row in ROWS:
        pictures = [cv2.imread(str(path)) for path in sorted(masters.glob(f"{row.id}-[0-9][0-9].png"))]
        if not pictures:
            continue
        shown = list(pictures)
        for number in range(row.derived):
            dice = random.Random(zlib.crc32(f"{row.id}/{number}".encode()))
            shown.append(snapshot(pictures[number % len(pictures)], dice))
        images = [keep(picture, f"{row.id}-{number:02d}") for number, picture in enumerate(shown, 1)]
        products.append(listed(row.id, row.name, row.tags, images))
    return products


def packaged(data: Path) -> list[dict[str, object]]:
    """The products whose photographs stay in the installed scikit-image."""
    products: list[dict[str, object]] = []
    for key, name, tags, files in PACKAGED:
        images = [
            describe(f"{key}-{number:02d}", f"skimage:{file}", cv2.imread(str(data / file)), data / file)
            for number, file in enumerate(files, 1)
        ]
        products.append(listed(key, name, tags, images))
    return products


def collection(products: list[dict[str, object]]) -> dict[str, object]:
    """A product made of other products' first pictures, a lookbook; all shops have it, and it comes first."""
    pictures = {image["id"]: image for product in products for image in product["images"]}  # type: ignore[attr-defined]
    images = [pictures[f"{key}-01"] | {"id": f"{COLLECTION}-{n:02}"} for n, key in enumerate(COLLECTED, 1)]
    shops = ["demo", "shop-a", "shop-b", "shop-c"]
    return {"id": COLLECTION, "name": "Autumn collection", "tags": ["lookbook", "gifts"], "shops": shops, "images": images}


def main() -> None:
    """Write the pictures and the catalogue anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("masters", type=Path)
    parser.add_argument("package_data", type=Path, help="the folder skimage/data of the installed package")
    wanted = parser.parse_args()
    (CATALOGUE / "pictures").mkdir(parents=True, exist_ok=True)
    for old in (CATALOGUE / "pictures").glob("*.jpg"):
        old.unlink()
    products = rendered(wanted.masters) + packaged(wanted.package_data)
    products.insert(0, collection(products))
    lines = ",\n".join(json.dumps(product, ensure_ascii=False) for product in products)
    (CATALOGUE / "catalogue.json").write_text(f'{{"products": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
