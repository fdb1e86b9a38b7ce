"""The guided filter (He, Sun and Tang, ECCV 2010): smooths a map so that its edges are those of a picture."""

import cv2
import numpy as np

from darkroom_sandbox.pictures.barrier import Floats


def guided_filter(guide: Floats, target: Floats, *, radius: int, smoothness: float) -> Floats:
    """Guided filter with a colour guide taken channel by channel, the channels averaged by how well they explain."""
    size = (2 * radius + 1, 2 * radius + 1)
    mean_t = cv2.blur(target, size)
    total: Floats = np.zeros_like(target)
    weights: Floats = np.full_like(target, 1e-6)
    for channel in cv2.split(guide):
        mean_c = cv2.blur(channel, size)
        covariance = cv2.blur(channel * target, size) - mean_c * mean_t
        variance = cv2.blur(channel * channel, size) - mean_c * mean_c
        slope = covariance / (variance + smoothness)
        explained = covariance * slope + 1e-6
        offset = mean_t - slope * mean_c
        total += explained * (cv2.blur(slope, size) * channel + cv2.blur(offset, size))
        weights += explained
    return np.asarray(total / weights, np.float32)
