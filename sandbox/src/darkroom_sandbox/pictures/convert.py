"""Writes a picture in another format. Only a picture worker loads this; HEIC needs a library that is not installed."""

import io

import cv2
import numpy as np
from PIL import Image

from darkroom_sandbox.pictures.barrier import Floats
from darkroom_sandbox.pictures.formats import OutputFormat

QUALITY = 90
TO_16_BITS = 257
"""255 * 257 = 65,535: the whole range of 16 bits."""
FRAME_MILLISECONDS = 200
_PILLOW_NAMES: dict[OutputFormat, str] = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "tiff": "TIFF"}


def convert(content: bytes, output_format: OutputFormat) -> bytes:
    """The same picture in the format asked for. Raises KeyError for HEIC, which is shipped ready-made instead."""
    if output_format in ("png16", "gray16"):
        flag = cv2.IMREAD_COLOR if output_format == "png16" else cv2.IMREAD_GRAYSCALE
        done, encoded = cv2.imencode(".png", _decoded(content, flag).astype(np.uint16) * TO_16_BITS)
        assert done, "encoding a valid array cannot fail"
        return bytes(encoded)
    picture = Image.open(io.BytesIO(content)).convert("CMYK" if output_format == "cmyk" else "RGB")
    target = io.BytesIO()
    if output_format == "cmyk":
        picture.save(target, "JPEG", quality=QUALITY)
    elif output_format == "animated":
        frames = [picture.rotate(90), picture.rotate(180)]
        picture.save(target, "WEBP", save_all=True, append_images=frames, duration=FRAME_MILLISECONDS)
    else:
        picture.save(target, _PILLOW_NAMES[output_format], quality=QUALITY)
    return target.getvalue()


def _decoded(content: bytes, flag: int) -> Floats:
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), flag)
    assert decoded is not None, "the picture was painted here"
    return np.asarray(decoded)
