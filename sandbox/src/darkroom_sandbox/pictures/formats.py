"""The formats a picture can be answered in, whatever it was made as. No image library is loaded here."""

from typing import Literal

OutputFormat = Literal["jpg", "png", "png16", "gray16", "webp", "avif", "heic", "tiff", "cmyk", "animated"]

SUFFIXES: dict[OutputFormat, str] = {
    "jpg": ".jpg",
    "png": ".png",
    "png16": ".png",
    "gray16": ".png",
    "webp": ".webp",
    "avif": ".avif",
    "heic": ".heic",
    "tiff": ".tiff",
    "cmyk": ".jpg",
    "animated": ".webp",
}
MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".tiff": "image/tiff",
}
