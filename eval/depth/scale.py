"""Canonical depth: metres as if an image had been taken with the focal length that the network has learned.

A network sees pixels and not a camera: a car that is twice as far through a lens twice as long looks the same. So it
learns ``canonical = metres * focal / f``, where f is the focal length of the image at the network's input, in pixels,
and ``focal`` is the one of the training (Yin et al., "Metric3D", ICCV 2023).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from torch import nn

from eval.samples import Depth, Sample
from files.camera import Camera

Size = tuple[int, int]  # height and width


def focal_of(model: nn.Module) -> float:
    """The focal length that a model has learned, in pixels of its input; NaN if it has none."""
    return float(getattr(model, "focal", math.nan))


def metres_per_canonical(camera: Camera | None, frame: Size, size: Size, focal: float) -> float:
    """Metres for one canonical metre of a frame that the network sees at another size; 1 if a focal length is unknown.

    Args:
        camera: of the frame, or None.
        frame: the frame's own height and width.
        size: height and width of the network's input.
        focal: of the training; NaN if it is unknown.
    """
    return 1.0 if camera is None or math.isnan(focal) else camera.resized(frame, size).focal / focal


def assumed_camera(frame: Size, size: Size, focal: float) -> Camera:
    """The camera of a frame whose camera is unknown: the focal length of the training, and the middle of the frame."""
    at_frame = focal / math.sqrt(size[0] / frame[0] * size[1] / frame[1])
    return Camera(at_frame, at_frame, (frame[1] - 1) / 2, (frame[0] - 1) / 2, frame)


def camera_of(sample: Sample, size: Size, focal: float) -> Camera | None:
    """The camera of a sample, or the assumed one; None if neither is known. ``size``: the network's input."""
    if sample.camera is not None or math.isnan(focal):
        return sample.camera
    return assumed_camera(sample.frame_size, size, focal)


def canonical_truth(sample: Sample, size: Size, focal: float) -> Depth:
    """True depth at the network's input (h, w), as training sees it: canonical, nearest, NaN where unknown."""
    if sample.depth is None:
        return np.full(size, np.nan, np.float32)
    small = cv2.resize(sample.depth, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    scale = metres_per_canonical(sample.camera, sample.frame_size, size, focal)
    return np.asarray(small / np.float32(scale), np.float32)
