"""Light and colour: white balance, exposure, and the small clean-ups every product photograph gets."""

import cv2
import numpy as np

from darkroom_sandbox.pictures.barrier import Floats
from darkroom_sandbox.pictures.codec import Picture
from darkroom_sandbox.pictures.wishes import Wishes

BALANCE_STRENGTH = 0.55
"""How much of the measured cast is taken out; all of it would bleach what is meant to be warm."""
BALANCE_MAX = 1.22
BRIGHT_TARGET, GAIN_MIN, GAIN_MAX = 236.0, 0.9, 1.6
MIDDLE_TARGET = 118.0
STEP = 0.12
SHARPEN = 0.55


def balance_gains(picture: Picture) -> Floats:
    """Gains for blue, green and red that take out the light's cast (shades of grey: Finlayson and Trezzi, 2004)."""
    linear = picture[::4, ::4].reshape(-1, 3).astype(np.float32) / 255
    light = np.power(np.mean(np.power(linear, 6), axis=0), 1 / 6) + 1e-3
    gains = np.power(float(light.mean()) / light, BALANCE_STRENGTH)
    return np.asarray(np.clip(gains, 1 / BALANCE_MAX, BALANCE_MAX), np.float32)


def develop(colours: Floats, weight: Floats, gains: Floats, wishes: Wishes) -> Floats:
    """The colours balanced and exposed so that what `weight` covers looks well lit; 0 to 255."""
    warm = np.array([1 - 0.5 * STEP * wishes.warmth, 1, 1 + 0.5 * STEP * wishes.warmth], np.float32)
    balanced = colours * gains * warm
    light = balanced[::2, ::2].mean(axis=2)[weight[::2, ::2] > 0.9]
    if light.size:
        balanced *= float(np.clip(BRIGHT_TARGET / max(float(np.percentile(light, 98.5)), 1), GAIN_MIN, GAIN_MAX))
    unit = np.clip(balanced / 255, 0, 1)
    middle = float(np.median(unit[::2, ::2].mean(axis=2)[weight[::2, ::2] > 0.9])) if light.size else 0.5
    gamma = np.clip(np.log(MIDDLE_TARGET / 255) / np.log(min(max(middle, 0.05), 0.95)), 0.78, 1.0)
    unit = np.power(unit, float(gamma) * (1 - STEP * wishes.brightness))
    grey = unit.mean(axis=2, keepdims=True)
    unit = grey + (unit - grey) * (1.04 + 1.5 * STEP * wishes.vividness)
    return np.asarray(np.clip(unit, 0, 1) * 255, np.float32)


def clean_up(picture: Picture) -> Picture:
    """Less noise on even surfaces, crisper edges."""
    calm = cv2.bilateralFilter(picture, 5, 14, 3)
    soft = cv2.GaussianBlur(calm, (0, 0), 1.4)
    return np.asarray(cv2.addWeighted(calm, 1 + SHARPEN, soft, -SHARPEN, 0), np.uint8)
