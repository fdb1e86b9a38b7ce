"""Puts a cut-out subject before a studio background: placed in its frame, standing on a soft contact shadow."""

from dataclasses import dataclass

import cv2
import numpy as np

from darkroom_sandbox.pictures.barrier import Floats
from darkroom_sandbox.pictures.codec import Picture
from darkroom_sandbox.pictures.wishes import Colour

ENLARGE_MAX = 1.6
BASE_SHARE = 0.12
"""The lowest part of a subject that touches the ground, as a share of its height."""
FLATNESS = 0.16
"""Height of the shadow under a foot, as a share of the foot's width: how far from above the camera looks."""
MIDDLE_DOWN = 0.52
"""Where the subject's middle stands, as a share of the frame's height."""


@dataclass(frozen=True, slots=True)
class Box:
    """A subject's bounds in its picture."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, matte: Floats) -> "Box":
        """The smallest box that holds everything visible."""
        rows, columns = np.flatnonzero(matte.max(axis=1) > 0.1), np.flatnonzero(matte.max(axis=0) > 0.1)
        return cls(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def place(subject: Floats, matte: Floats, *, size: tuple[int, int], fill: float) -> tuple[Floats, Floats]:
    """Subject and matte scaled and moved into a frame of `size` (width, height); cut edges stay at the frame's edge."""
    box, (width, height) = Box.around(matte), size
    wide, high = box.right - box.left, box.bottom - box.top
    scale = min(fill * width / wide, fill * height / high, ENLARGE_MAX)
    left, top = (width - wide * scale) / 2, height * MIDDLE_DOWN - high * scale / 2
    if box.bottom >= matte.shape[0] - 2:
        top = height - high * scale
    move = np.array([[scale, 0, left - box.left * scale], [0, scale, top - box.top * scale]], np.float32)
    quality = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    moved = cv2.warpAffine(subject, move, size, flags=quality, borderMode=cv2.BORDER_REPLICATE)
    moved_matte = cv2.warpAffine(matte, move, size, flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.float32), np.asarray(moved_matte, np.float32)


def compose(subject: Floats, matte: Floats, *, background: Colour, shadow: float) -> Picture:
    """The finished picture."""
    ground = _backdrop(matte.shape[0], matte.shape[1], background)
    if shadow > 0:
        ground = ground * (1 - shadow * _contact_shadow(matte)[..., None])
    opacity = matte[..., None]
    return np.asarray(np.clip(subject * opacity + ground * (1 - opacity), 0, 255), np.uint8)


def _backdrop(height: int, width: int, colour: Colour) -> Floats:
    """White stays pure white, as shops ask for; a coloured backdrop falls off a little towards the top."""
    plain = np.empty((height, width, 3), np.float32)
    plain[:] = colour
    if min(colour) < 250:
        plain *= np.linspace(0.95, 1.03, height, dtype=np.float32)[:, None, None]
    return plain


def _contact_shadow(matte: Floats) -> Floats:
    """Darkness 0 to 1 of the ground: deep and narrow at the line of contact, faint and wide around it."""
    height = matte.shape[0]
    box = Box.around(matte)
    if box.bottom >= height - 2:
        return np.zeros_like(matte)  # cut by the frame: it stands on nothing we can see
    high, wide = box.bottom - box.top, box.right - box.left
    base = np.zeros_like(matte)
    first = box.bottom - max(3, int(BASE_SHARE * high))
    stands = (matte[first : box.bottom].max(axis=0) > 0.5).astype(np.uint8)
    # One flat ellipse under each foot, its front edge on the contact line.
    edges = np.flatnonzero(np.diff(np.concatenate(([0], stands, [0])).astype(np.int8)))
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        half = (right - left) / 2
        lowest = first + int(np.flatnonzero(matte[first : box.bottom, left:right].max(axis=1) > 0.5)[-1])
        flat = max(2.0, FLATNESS * half)
        centre = (int((left + right) / 2), int(lowest - 0.55 * flat))
        cv2.ellipse(base, centre, (int(half * 1.02) + 1, int(flat) + 1), 0, 0, 360, 1.0, -1)
    tight = cv2.GaussianBlur(base, (0, 0), max(2.0, 0.014 * wide))
    broad = cv2.GaussianBlur(base, (0, 0), max(5.0, 0.075 * wide), sigmaY=max(4.0, 0.04 * wide))
    return np.asarray(np.clip(0.42 * tight + 0.40 * broad, 0, 1), np.float32)
