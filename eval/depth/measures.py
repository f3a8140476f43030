"""Errors of depth as sums over pixels, by true class and by distance, from which every figure follows.

With d the prediction and t the truth in metres (Eigen et al., "Depth map prediction from a single image using a
multi-scale deep network", NeurIPS 2014): AbsRel is the mean of |d - t| / t, SqRel that of (d - t)² / t, RMSE the root
of the mean of (d - t)², RMSE log that of (ln d - ln t)², and delta1 to delta3 are the shares of pixels with
max(d / t, t / d) below 1.25, 1.25² and 1.25³. SILog is the standard deviation of ln d - ln t, so a wrong scale costs
nothing; KITTI's benchmark multiplies it by 100. Pixels whose true depth is unknown or beyond ``CAP`` do not count, and
a prediction beyond it is taken as ``CAP``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from eval.samples import Depth

CAP = 80.0  # metres
LEAST = 1e-3  # metres; a prediction is never taken as less
BANDS = {"0-10m": 10.0, "10-20m": 20.0, "20-40m": 40.0, "40-80m": CAP}  # upper ends; each holds its own
FIGURES = {
    "abs_rel": "AbsRel",
    "sq_rel": "SqRel (m)",
    "rmse": "RMSE (m)",
    "rmse_log": "RMSE log",
    "silog": "SILog",
    "delta1": "δ < 1.25",
    "delta2": "δ < 1.25²",
    "delta3": "δ < 1.25³",
}
SUMS = 9  # pixels, then what `_terms` gives

Floats: TypeAlias = NDArray[np.float64]


def depth_sums(depth: Depth, truth: Depth | None, mask: NDArray[np.uint8], num_classes: int) -> Floats:
    """Sums over the pixels of a frame.

    Args:
        depth: (H, W) predicted metres.
        truth: (H, W) metres, NaN where unknown; None if nothing is known.
        mask: true class indices, void 255, brought to (H, W) by nearest.
        num_classes: C.

    Returns:
        (C + 1, bands, ``SUMS``), void as the last class.
    """
    shape = num_classes + 1, len(BANDS), SUMS
    if truth is None:
        return np.zeros(shape)
    if mask.shape != truth.shape:
        mask = np.asarray(cv2.resize(mask, truth.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
    counted = (truth > 0) & (truth <= CAP)
    true = truth[counted].astype(np.float64)
    found = np.clip(depth[counted].astype(np.float64), LEAST, CAP)
    band = np.searchsorted([*BANDS.values()], true)
    group = np.minimum(mask[counted], num_classes).astype(np.int64) * len(BANDS) + band
    count = shape[0] * shape[1]
    sums = [np.bincount(group, minlength=count), *(np.bincount(group, term, count) for term in _terms(found, true))]
    return np.stack(sums, axis=-1).astype(np.float64).reshape(shape)


def _terms(found: Floats, true: Floats) -> list[Floats]:
    """The terms of each sum, (N,) each, of predicted and true metres (N,)."""
    difference, logs = found - true, np.log(found / true)
    near = [(np.abs(logs) < power * np.log(1.25)).astype(np.float64) for power in (1, 2, 3)]
    return [np.abs(difference) / true, difference**2 / true, difference**2, logs**2, logs, *near]


def figures(sums: Floats) -> dict[str, Floats]:
    """The figures (...) of sums (..., ``SUMS``), by the keys of ``FIGURES``; NaN where no pixel counts."""
    pixels = sums[..., :1]
    means = np.divide(sums[..., 1:], pixels, out=np.full_like(sums[..., 1:], np.nan), where=pixels > 0)
    relative, square_relative, squares, log_squares, logs, *near = np.moveaxis(means, -1, 0)
    variance = np.maximum(log_squares - logs**2, 0)  # below 0 only by rounding
    values = [relative, square_relative, *map(np.sqrt, (squares, log_squares, variance)), *near]
    return dict(zip(FIGURES, values, strict=True))


def flat(values: Mapping[str, Floats]) -> dict[str, float]:
    """The figures of one group under their flat keys, ``depth/abs_rel`` and so on."""
    return {f"depth/{key}": float(value) for key, value in values.items()}
