"""From a coarse mask to a soft matte at full size, and the subject's own colours up to its edge.

Edges by the guided filter, which lets the matte follow the picture's edges.
"""

import cv2
import numpy as np

from darkroom_sandbox.pictures.backdrop import Mask
from darkroom_sandbox.pictures.barrier import Floats
from darkroom_sandbox.pictures.codec import Picture
from darkroom_sandbox.pictures.guided import guided_filter

GUIDE_RADIUS = 6
GUIDE_SMOOTHNESS = 1e-4
SOFT_FROM, SOFT_TO = 0.25, 0.80
"""The filter's values between which the matte rises from 0 to 1: a little inside, so that no old background shows."""


def soft_matte(picture: Picture, mask: Mask) -> Floats:
    """Opacity 0 to 1 of the subject for every pixel of the picture."""
    height, width = picture.shape[:2]
    enlarged = cv2.resize(mask, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    coarse = cv2.GaussianBlur(enlarged, (0, 0), max(width, height) / 640)
    coarse = np.asarray(np.clip((coarse - 0.5) * 3 + 0.5, 0, 1), np.float32)
    guided = guided_filter(picture.astype(np.float32) / 255, coarse, radius=GUIDE_RADIUS, smoothness=GUIDE_SMOOTHNESS)
    matte = np.clip((guided - SOFT_FROM) / (SOFT_TO - SOFT_FROM), 0, 1)
    return np.asarray(matte * matte * (3 - 2 * matte), np.float32)


def own_colours(picture: Picture, matte: Floats) -> Floats:
    """The picture with the old background's colour taken out of the subject's edge pixels."""
    colours = picture.astype(np.float32)
    sure = (cv2.erode(matte, np.ones((3, 3), np.uint8)) > 0.97).astype(np.float32)
    weight = cv2.GaussianBlur(sure, (0, 0), 3)
    spread = cv2.GaussianBlur(colours * sure[..., None], (0, 0), 3) / np.maximum(weight, 1e-3)[..., None]
    take = ((1 - sure) * np.minimum(weight * 20, 1))[..., None]
    return np.asarray(colours * (1 - take) + spread * take, np.float32)
