"""How sharp each part of a picture is: a photographer's subject is in focus, the clutter behind it often is not.

Source: Zhuo and Sim, "Defocus map estimation from a single image", 2011: the ratio of an edge's gradient before and
after a known blur tells how blurred the edge was already.
"""

import cv2
import numpy as np

from darkroom_sandbox.pictures.barrier import Floats
from darkroom_sandbox.pictures.codec import Picture
from darkroom_sandbox.pictures.guided import guided_filter

LONG_SIDE = 640
FINE, COARSE = 1.0, 2.0
SPREAD_SHARE = 0.022
"""How far an edge speaks for its surroundings, as a share of the long side."""
SURFACE_PIXELS = 12
NOISE = 1.2
BLURRED, SHARP = 1.11, 1.21
"""Ratios of an edge out of focus, and of one in focus; a step that is perfectly sharp has 1.8."""


def focus_map(picture: Picture, small: Picture) -> Floats:
    """0 (blurred) to 1 (in focus) by the nearest edges of `picture`, at the size of `small`, its reduced self."""
    scale = min(1.0, LONG_SIDE / max(picture.shape[:2]))
    reduced = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    light = cv2.cvtColor(reduced, cv2.COLOR_BGR2GRAY).astype(np.float32)
    fine, coarse = _gradient(light, FINE), _gradient(light, COARSE)
    ratio = fine / np.maximum(coarse, NOISE)
    steepness = np.where(coarse > NOISE, np.minimum(coarse, 25), 0).astype(np.float32)
    ratio = np.clip(ratio, 1.0, 2.0)
    spread = SPREAD_SHARE * max(ratio.shape)
    near, wide = cv2.GaussianBlur(steepness, (0, 0), spread), cv2.GaussianBlur(steepness, (0, 0), spread * 3)
    sharp = cv2.GaussianBlur(ratio * steepness, (0, 0), spread)
    sharp_wide = cv2.GaussianBlur(ratio * steepness, (0, 0), spread * 3)
    # Where there is no edge near by, the wider surroundings speak.
    value = (sharp + 0.05 * sharp_wide) / (near + 0.05 * wide + 1e-3)
    scaled = np.clip((value - BLURRED) / (SHARP - BLURRED), 0, 1)
    # An even surface has no edges of its own: it is as sharp as the rest of that surface, not as what stands before it.
    guide = small.astype(np.float32) / 255
    smooth = guided_filter(guide, _resized(scaled, (small.shape[1], small.shape[0])), radius=SURFACE_PIXELS, smoothness=1e-3)
    return np.asarray(np.clip(smooth, 0, 1), np.float32)


def _resized(values: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _gradient(light: Floats, sigma: float) -> Floats:
    smooth = cv2.GaussianBlur(light, (0, 0), sigma)
    return np.asarray(
        cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.25)),
        np.float32,
    )
