"""The painter of `google/nano-banana`."""

from collections.abc import Mapping
from typing import Any

from darkroom_sandbox.pictures.codec import read_picture, write_picture


def paint(order: Mapping[str, Any], content: bytes) -> bytes:
    """The edited picture as a file."""
    return write_picture(read_picture(content), png=order.get("output_format") == "png")
