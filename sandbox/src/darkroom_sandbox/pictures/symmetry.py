"""Mends a mask by symmetry: most products are as wide to the left of their axis as to the right.

Only bays are mended, so a handle on one side never grows a ghost on the other.
"""

import cv2
import numpy as np

from darkroom_sandbox.pictures.backdrop import Mask

AXIS_REACH, AXIS_STEPS = 0.15, 15
"""Where the axis is looked for: this share of the width to either side of the middle."""
LIKENESS_MIN = 0.72
"""Overlap (intersection over union) of a mask and its mirror image from which it counts as symmetric."""
ALIKE_SHARE_MAX = 0.5


def mended(mask: Mask, region: Mask, alike: Mask) -> Mask:
    """The mask (0 or 1) with those parts of its bays (`region`) that its mirror image has and that are no background."""
    mirror = _best_mirror(mask)
    if mirror is None:
        return mask
    missing = np.asarray((mirror > 0) & (region > 0) & (mask == 0), np.uint8)
    missing = np.asarray(cv2.morphologyEx(missing, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    result = np.asarray(mask, np.uint8).copy()
    count, parts = cv2.connectedComponents(missing, connectivity=4)
    for part in range(1, count):
        inside = parts == part
        if alike[inside].mean() <= ALIKE_SHARE_MAX:
            result[inside] = 1
    return result


def _best_mirror(mask: Mask) -> Mask | None:
    columns = np.flatnonzero(mask.any(axis=0))
    if columns.size < 2:
        return None
    middle, wide = float(columns[0] + columns[-1]), float(columns[-1] - columns[0])
    best: Mask | None = None
    best_likeness = LIKENESS_MIN
    for shift in np.linspace(-AXIS_REACH, AXIS_REACH, AXIS_STEPS):
        move = np.array([[-1, 0, middle + 2 * shift * wide], [0, 1, 0]], np.float32)
        mirror = cv2.warpAffine(mask, move, (mask.shape[1], mask.shape[0]), flags=cv2.INTER_NEAREST)
        both = float(np.count_nonzero((mirror > 0) & (mask > 0)))
        likeness = both / max(float(np.count_nonzero((mirror > 0) | (mask > 0))), 1.0)
        if likeness >= best_likeness:
            best, best_likeness = mirror, likeness
    return best
