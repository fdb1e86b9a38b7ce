"""Names of stored results: content-addressed, in a folder per tenant that tells nothing of the tenant. Pure."""

import hmac
import re

FOLDER_HEX_DIGITS = 20
RESULT_KEY = re.compile(r"results/[0-9a-f]{20}/(?P<sha256>[0-9a-f]{64})(?:-thumb)?\.(?:jpg|png|webp)")


def tenant_folder(instance_id: str, *, media_secret: str) -> str:
    """A name that only the holder of the secret can work out from the tenant's."""
    return hmac.digest(media_secret.encode(), instance_id.encode(), "sha256").hex()[:FOLDER_HEX_DIGITS]


def result_key(folder: str, sha256: str, extension: str) -> str:
    """Where a picture stands."""
    return f"results/{folder}/{sha256}.{extension}"


def thumbnail_key(folder: str, sha256: str) -> str:
    """Where the thumbnail of the picture with this digest stands; it follows from the picture, so it is as immutable."""
    return f"results/{folder}/{sha256}-thumb.jpg"


def is_result_key(key: str) -> bool:
    """Whether `key` is one that this module makes; nothing else is served."""
    return RESULT_KEY.fullmatch(key) is not None
