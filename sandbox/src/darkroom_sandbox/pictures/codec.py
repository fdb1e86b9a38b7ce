"""Reading and writing of pictures, bounded in pixels. Pictures are 8-bit BGR arrays, upright."""

import os

PIXELS_MAX = 60_000_000
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(PIXELS_MAX)  # OpenCV reads it when it is loaded

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from cv2.typing import MatLike  # noqa: E402

cv2.setNumThreads(1)  # the pool's processes are the parallelism

JPEG_QUALITY = 90

Picture = MatLike


class UnreadablePicture(Exception):
    """The bytes are no picture we can read."""


def read_picture(content: bytes) -> Picture:
    """The picture, turned upright by its EXIF mark, transparency laid on white."""
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    except cv2.error as error:
        raise UnreadablePicture("the picture is too large or broken") from error
    if decoded is None:
        raise UnreadablePicture("the file is not a picture")
    return np.asarray(decoded, np.uint8)


def write_picture(picture: Picture, *, png: bool) -> bytes:
    """The picture as a JPEG or PNG file."""
    parameters = [] if png else [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    done, encoded = cv2.imencode(".png" if png else ".jpg", picture, parameters)
    assert done, "encoding a valid array cannot fail"
    return bytes(encoded)
