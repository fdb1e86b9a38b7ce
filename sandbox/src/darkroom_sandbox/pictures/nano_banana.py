"""The painter of `google/nano-banana`: the subject cut out, cleaned up and set before a studio background."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from darkroom_sandbox.pictures.barrier import Floats
from darkroom_sandbox.pictures.codec import Picture, read_picture, write_picture
from darkroom_sandbox.pictures.cutout import find_subject
from darkroom_sandbox.pictures.matte import own_colours, soft_matte
from darkroom_sandbox.pictures.studio import compose, place
from darkroom_sandbox.pictures.tone import balance_gains, clean_up, develop
from darkroom_sandbox.pictures.wishes import Wishes, read_wishes

LONG_SIDE = 1_024
EMPTY_SIZE = (LONG_SIDE, LONG_SIDE)


def paint(order: Mapping[str, Any], content: bytes) -> bytes:
    """The edited picture as a file; without a picture an empty studio in the prompt's colour."""
    wishes = read_wishes(str(order.get("prompt", "")))
    aspect = "1:1" if wishes.square else str(order.get("aspect_ratio", "match_input_image"))
    picture = _bounded(read_picture(content)) if content else None
    size = _frame(aspect, (picture.shape[1], picture.shape[0]) if picture is not None else EMPTY_SIZE)
    if picture is None:
        nothing = np.zeros((size[1], size[0], 3), np.float32)
        painted = compose(nothing, nothing[..., 0], background=wishes.background, shadow=0)
    else:
        painted = _studio_shot(picture, size, wishes)
    return write_picture(painted, png=order.get("output_format") == "png")


def _studio_shot(picture: Picture, size: tuple[int, int], wishes: Wishes) -> Picture:
    gains = balance_gains(picture)
    mask = find_subject(picture) if wishes.cut_out else None
    if mask is None:
        return _cleaned_whole(picture, size, gains, wishes)
    matte = soft_matte(picture, mask)
    subject = develop(own_colours(clean_up(picture), matte), matte, gains, wishes)
    subject, matte = place(subject, matte, size=size, fill=wishes.fill)
    return compose(subject, matte, background=wishes.background, shadow=wishes.shadow)


def _cleaned_whole(picture: Picture, size: tuple[int, int], gains: Floats, wishes: Wishes) -> Picture:
    """The picture with its background: cleaned up, and padded to the frame."""
    everything = np.ones(picture.shape[:2], np.float32)
    developed = develop(clean_up(picture).astype(np.float32), everything, gains, wishes)
    width, height = size
    scale = min(width / picture.shape[1], height / picture.shape[0])
    fitted = cv2.resize(developed, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:height, :width]
    frame = np.empty((height, width, 3), np.float32)
    frame[:] = wishes.background
    top, left = (height - fitted.shape[0]) // 2, (width - fitted.shape[1]) // 2
    frame[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return frame.astype(np.uint8)


def _bounded(picture: Picture) -> Picture:
    """At most the result's size: more detail could not be seen."""
    scale = LONG_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _frame(aspect: str, given: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the result: long side `LONG_SIDE`, of the ratio asked for or of the picture given."""
    across, colon, down = aspect.partition(":")
    width, height = (int(across), int(down)) if colon else given
    scale = LONG_SIDE / max(width, height)
    return max(16, round(width * scale)), max(16, round(height * scale))
