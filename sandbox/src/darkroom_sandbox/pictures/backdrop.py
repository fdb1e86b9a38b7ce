"""What the background would look like behind the subject, and which parts of a first mask are only that.

Takes cast shadows and the openings of handles out of a mask: both have the colour of the background near by.
"""

import cv2
import numpy as np
from cv2.typing import MatLike

from darkroom_sandbox.pictures.barrier import Floats
from darkroom_sandbox.pictures.codec import Picture

NEAR_PIXELS, FAR_PIXELS = 7.0, 28.0
SHADOW_DARKEST = 0.62
"""A soft shadow keeps at least this share of the light; darker is taken for the subject itself."""
CONTACT_DARKEST, BASE_FROM = 0.3, 0.7
"""The same at the line of contact, reached between this share of the subject's height and its foot."""
TOLERANCE_DEVIATIONS, TOLERANCE_LEAST = 1.6, 5.0
EDGE_LEAST = 4.0
"""Change of colour (Lab units a pixel) that divides two surfaces."""
HANDLE_SHARE = 0.15
"""Thickest handle a background may be seen behind, as a share of the subject's size."""
SIDE_SHARE, MIDDLE_REACH = 0.22, 0.5
"""Handles with thick openings are at the sides; in the middle, what looks like background is content rather."""
SHADE = 0.93
"""Share of the background's light below which a place is taken for shaded."""
FOOT_SHARE, FOOT_AREA_MAX = 0.22, 0.12
"""How high shade is looked for, and how much of the subject may at most be taken for it."""
LOST_SHARE_MIN, ENCLOSED_SHARE_MIN = 0.015, 0.6
SURFACE_PIXELS_MIN, SURFACE_SHARE_MAX, ALIKE_SHARE_MIN = 12, 0.18, 0.6

Mask = MatLike


def looks_like_background(small: Picture, region: Mask, clutter: Floats) -> tuple[Mask, Mask]:
    """Pixels (0 or 1) of the region coloured as the background around it, and those of them that are clearly in shade.

    `clutter` (0 to 1) is not counted as background.
    """
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 0.8), cv2.COLOR_BGR2LAB).astype(np.float32)
    around = (cv2.dilate(region, np.ones((7, 7), np.uint8)) == 0).astype(np.float32)
    expected, deviation = _expected(lab, around * (1 - np.clip(clutter * 2, 0, 1)))
    tolerance = TOLERANCE_DEVIATIONS * deviation + TOLERANCE_LEAST
    # Shade takes colour away as it takes light away.
    share = np.clip(lab[..., :1] / np.maximum(expected[..., :1], 1), 0, 1)
    shaded = (expected[..., 1:] - 128) * share + 128
    same_hue = (np.abs(lab[..., 1:] - shaded) < tolerance[..., 1:]).all(axis=2)
    not_brighter = lab[..., 0] < expected[..., 0] + tolerance[..., 0]
    not_too_dark = lab[..., 0] > _darkest(region) * expected[..., 0] - deviation[..., 0]
    alike = same_hue & not_brighter & not_too_dark & (region > 0)
    return np.asarray(alike, np.uint8), np.asarray(alike & (share[..., 0] < SHADE), np.uint8)


def _darkest(region: Mask) -> Floats:
    """Per row, the share of light a shadow keeps: under the subject it may be much darker than beside it."""
    rows = np.flatnonzero(region.any(axis=1))
    place = np.clip((np.arange(region.shape[0]) - rows[0]) / max(int(rows[-1] - rows[0]), 1), 0, 1)
    deep = np.clip((place - BASE_FROM) / (1 - BASE_FROM), 0, 1)
    darkest = SHADOW_DARKEST + (CONTACT_DARKEST - SHADOW_DARKEST) * deep
    return np.asarray(darkest[:, None], np.float32)


def foreign_surfaces(mask: Mask, alike: Mask, edges: Floats) -> Mask:
    """Whole surfaces (parts of the mask between edges) that are not the subject's.

    They are coloured like the background and lie at the outline or behind a handle.
    A patch that ends within an even surface is the subject's own, and so is a large surface such as a label.
    """
    foreign = np.zeros_like(mask)
    total = np.count_nonzero(mask)
    filled = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    depth = cv2.distanceTransform(filled, cv2.DIST_L2, 3)
    reach = HANDLE_SHARE * float(np.sqrt(total))
    even = ((edges < EDGE_LEAST) & (mask > 0)).astype(np.uint8)
    columns = np.flatnonzero(mask.any(axis=0))
    middle, wide = float(columns[0] + columns[-1]) / 2, float(columns[-1] - columns[0])
    count, parts, facts, centres = cv2.connectedComponentsWithStats(even, connectivity=4)
    for part in range(1, count):
        if not SURFACE_PIXELS_MIN <= facts[part, cv2.CC_STAT_AREA] <= SURFACE_SHARE_MAX * total:
            continue
        inside = parts == part
        sideways = abs(float(centres[part][0]) - middle) > SIDE_SHARE * wide
        if depth[inside].min() <= reach * (1 if sideways else MIDDLE_REACH) and alike[inside].mean() >= ALIKE_SHARE_MIN:
            foreign[inside] = 1
    return np.where(mask > 0, cv2.dilate(foreign, np.ones((3, 3), np.uint8)), 0).astype(np.uint8)


def shade_at_the_foot(mask: Mask, shade: Mask) -> Mask:
    """Shade on the ground that clings to the subject's foot: low, and open to the outside."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = int(rows[-1] - FOOT_SHARE * (rows[-1] - rows[0]))
    low = np.where(mask > 0, shade, 0).astype(np.uint8)
    low[:first] = 0
    low = np.asarray(cv2.morphologyEx(low, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    if np.count_nonzero(low) > FOOT_AREA_MAX * np.count_nonzero(mask):
        return np.zeros_like(mask)
    found = np.zeros_like(mask)
    outside = cv2.dilate((mask == 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, parts = cv2.connectedComponents(low, connectivity=4)
    for part in range(1, count):
        inside = parts == part
        if outside[inside].any():
            found[inside] = 1
    return found


def lost_surfaces(mask: Mask, region: Mask, alike: Mask) -> Mask:
    """Parts between mask and region that are unlike the background and mostly enclosed by the mask: a label, say."""
    found = np.zeros_like(mask)
    missing = np.asarray((region > 0) & (mask == 0) & (alike == 0), np.uint8)
    missing = np.asarray(cv2.morphologyEx(missing, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)
    count, parts, facts, _ = cv2.connectedComponentsWithStats(missing, connectivity=4)
    near = cv2.dilate(mask, np.ones((7, 7), np.uint8))
    for part in range(1, count):
        if facts[part, cv2.CC_STAT_AREA] < LOST_SHARE_MIN * np.count_nonzero(mask):
            continue
        inside = np.asarray(parts == part, np.uint8)
        rim = (cv2.dilate(inside, np.ones((3, 3), np.uint8)) > 0) & (inside == 0)
        if float((near[rim] > 0).mean()) >= ENCLOSED_SHARE_MIN:
            found[inside > 0] = 1
    return found


def edge_strength(small: Picture) -> Floats:
    """Steepest change of colour near each pixel, in Lab units a pixel."""
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 0.8), cv2.COLOR_BGR2LAB).astype(np.float32)
    across = cv2.Sobel(lab, cv2.CV_32F, 1, 0, scale=0.25)
    down = cv2.Sobel(lab, cv2.CV_32F, 0, 1, scale=0.25)
    return np.asarray(np.sqrt((across * across + down * down).sum(axis=2)), np.float32)


def _expected(lab: Floats, outside: Floats) -> tuple[Floats, Floats]:
    """Mean and deviation of the background's colours, spread from outside over the whole picture."""
    total = np.zeros(lab.shape, np.float32)
    squares = np.zeros(lab.shape, np.float32)
    weight = np.full(outside.shape, 1e-6, np.float32)
    # The nearest background speaks loudest; the far one only where there is none near.
    for sigma, voice in ((NEAR_PIXELS, 1.0), (FAR_PIXELS, 0.02)):
        weight += voice * cv2.GaussianBlur(outside, (0, 0), sigma)
        total += voice * cv2.GaussianBlur(lab * outside[..., None], (0, 0), sigma)
        squares += voice * cv2.GaussianBlur(lab * lab * outside[..., None], (0, 0), sigma)
    mean = total / weight[..., None]
    variance = np.maximum(squares / weight[..., None] - mean * mean, 0)
    return np.asarray(mean, np.float32), np.asarray(np.sqrt(variance), np.float32)
