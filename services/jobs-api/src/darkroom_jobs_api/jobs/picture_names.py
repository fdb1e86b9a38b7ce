"""What a job's pictures are called in a download: by place and product, safe for any file system. Pure."""

import re
import unicodedata
from urllib.parse import quote

NAME_CHARACTERS_MAX = 60
NO_NAME = "picture"


def slug(name: str) -> str:
    """A product's name as part of a file name: letters and digits of any script, hyphens between."""
    plain = unicodedata.normalize("NFKC", name).lower()
    return re.sub(r"[\W_]+", "-", plain)[:NAME_CHARACTERS_MAX].strip("-") or NO_NAME


def picture_name(place: int, product_name: str, key: str, *, number: int = 1) -> str:
    """The file name of a picture, with the ending of what is stored: `3-ceramic-mug.jpg`, the second of one item `…-2.jpg`."""
    ending = f"-{number}" if number > 1 else ""
    return f"{place}-{slug(product_name)}{ending}.{key.rpartition('.')[2]}"


def attachment(name: str) -> str:
    """The `Content-Disposition` of a file to be saved under this name (RFC 6266; plain ASCII for those who read no other)."""
    ascii_name = name.encode("ascii", "ignore").decode()
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"
