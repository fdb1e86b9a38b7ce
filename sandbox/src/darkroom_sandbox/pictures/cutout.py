"""Finds the subject of a picture: a mask by GrabCut, seeded by what stands out from the frame and lies near the middle.

Works at reduced size; `matte.py` brings the mask back to full size with soft edges.
"""

import cv2
import numpy as np

from darkroom_sandbox.pictures.backdrop import (
    Mask,
    edge_strength,
    foreign_surfaces,
    looks_like_background,
    lost_surfaces,
    shade_at_the_foot,
)
from darkroom_sandbox.pictures.barrier import Floats, barrier_distance
from darkroom_sandbox.pictures.codec import Picture
from darkroom_sandbox.pictures.focus import focus_map
from darkroom_sandbox.pictures.symmetry import mended

LONG_SIDE = 320
FIRST_ROUNDS, SECOND_ROUNDS = 2, 3
NO_RECTANGLE = (0, 0, 1, 1)
OUT_OF_FOCUS = 0.2
BAY_SHARE = 0.8
"""Widest bay in an outline that may be a lost part, as a share of the subject's size."""
OUTLINE_SMOOTHING = 1.6
"""In pixels at the reduced size: products have smooth outlines, their surroundings have grain."""
SUBJECT_SHARE_MIN = 0.008
SUBJECT_SHARE_MAX = 0.9
"""Outside of these shares of the picture there is no subject we can trust."""


def find_subject(picture: Picture) -> Mask | None:
    """Mask (0 or 255) of the subject at reduced size, or None when no subject can be told from its background."""
    scale = LONG_SIDE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    focus = focus_map(picture, small)
    saliency = _saliency(small, focus)
    labels = _seeds(saliency)
    labels[(focus < OUT_OF_FOCUS) & (labels != cv2.GC_BGD)] = cv2.GC_PR_BGD
    if not (labels == cv2.GC_FGD).any():
        return None
    mask = _main_part(_grab(small, labels, FIRST_ROUNDS))
    region = _without_bays(mask)
    alike, shade = looks_like_background(small, region, saliency * (1 - mask))
    foreign = foreign_surfaces(mask, alike, edge_strength(small))
    lost = lost_surfaces(mask, region, alike)
    labels[(mask == 0) & (labels == cv2.GC_PR_FGD)] = cv2.GC_PR_BGD
    labels[foreign > 0] = cv2.GC_BGD
    labels[lost > 0] = cv2.GC_FGD
    if (labels == cv2.GC_FGD).any():
        mask = _grab(small, labels, SECOND_ROUNDS)
    whole = _main_part(np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _disc(3)), np.uint8))
    whole[shade_at_the_foot(whole, shade) > 0] = 0
    mask = _clean(mended(whole, _without_bays(whole), alike), foreign)
    share = float(np.count_nonzero(mask)) / mask.size
    return mask if SUBJECT_SHARE_MIN <= share <= SUBJECT_SHARE_MAX else None


def _saliency(small: Picture, focus: Floats) -> Floats:
    """0 to 1 per pixel: distinct from the frame, sharp, and near the middle."""
    smooth = cv2.bilateralFilter(small, 5, 30, 5)
    lab = cv2.cvtColor(smooth, cv2.COLOR_BGR2LAB).astype(np.float32)
    # Colour tells subject from shadow better than light does.
    weighted = (lab * np.array([1, 1.6, 1.6])).astype(np.float32)
    barrier = cv2.GaussianBlur(barrier_distance(weighted), (0, 0), 1.5)
    value = np.clip(barrier / max(float(np.percentile(barrier, 99)), 1.0), 0, 1)
    value = value * _middle(small.shape[0], small.shape[1]) * (0.25 + 0.75 * focus)
    return np.asarray(value / max(float(value.max()), 1e-3), np.float32)


def _middle(height: int, width: int) -> Floats:
    """A broad hill: 1 in the middle (a little below), falling to the frame; clutter stands at the sides."""
    down = (np.arange(height, dtype=np.float32)[:, None] / height - 0.54) / 0.40
    across = (np.arange(width, dtype=np.float32)[None, :] / width - 0.5) / 0.36
    return np.asarray(np.exp(-0.5 * (np.abs(down) ** 2.5 + np.abs(across) ** 2.5)), np.float32)


def _seeds(saliency: Floats) -> Mask:
    """GrabCut's labels: sure subject, likely subject, likely background, sure background."""
    levels = (saliency * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    labels = np.full(levels.shape, cv2.GC_PR_BGD, np.uint8)
    labels[levels < threshold * 0.35] = cv2.GC_BGD
    labels[levels >= threshold] = cv2.GC_PR_FGD
    core = _main_part((levels >= threshold * 1.25).astype(np.uint8))
    labels[cv2.erode(core, _disc(3)) > 0] = cv2.GC_FGD
    return labels


def _main_part(mask: Mask) -> Mask:
    """The component with most weight in the middle of the picture."""
    count, parts, _, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return mask
    weights = np.bincount(parts.ravel(), weights=_middle(*mask.shape).ravel() ** 2, minlength=count)
    weights[0] = 0
    return np.asarray(parts == int(np.argmax(weights)), np.uint8)


def _grab(small: Picture, labels: Mask, rounds: int) -> Mask:
    """GrabCut from the labels; the mask is 0 or 1."""
    models = np.zeros((1, 65), np.float64), np.zeros((1, 65), np.float64)
    cv2.setRNGSeed(1)  # the same picture gives the same result
    cut = labels.copy()
    cv2.grabCut(small, cut, NO_RECTANGLE, models[0], models[1], rounds, cv2.GC_INIT_WITH_MASK)
    return np.asarray((cut == cv2.GC_FGD) | (cut == cv2.GC_PR_FGD), np.uint8)


def _clean(mask: Mask, alike: Mask) -> Mask:
    """Drops crumbs and other objects, closes holes that are not background, smooths the outline. 0 or 255."""
    opened = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _disc(3)), np.uint8)
    main = np.asarray(_main_part(opened) * 255, np.uint8)
    count, parts, facts, _ = cv2.connectedComponentsWithStats(255 - main, connectivity=4)
    total = int(np.count_nonzero(main))
    for part in range(1, count):
        inside = parts == part
        touches = inside[0].any() or inside[-1].any() or inside[:, 0].any() or inside[:, -1].any()
        small = facts[part, cv2.CC_STAT_AREA] < 0.004 * total
        if not touches and (small or float(alike[inside].mean()) < 0.5):
            main[inside] = 255
    smooth = cv2.GaussianBlur(main, (0, 0), OUTLINE_SMOOTHING)
    return np.where(smooth > 127, 255, 0).astype(np.uint8)


def _without_bays(mask: Mask) -> Mask:
    """The mask with its bays filled: what a subject of simple outline would cover."""
    size = int(BAY_SHARE * np.sqrt(np.count_nonzero(mask))) | 1
    padded = cv2.copyMakeBorder(mask, size, size, size, size, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return np.asarray(closed[size:-size, size:-size], np.uint8)


def _disc(size: int) -> Mask:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)
