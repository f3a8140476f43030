"""Depth on W&B: pictures with a scale in metres, the error, and point clouds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import wandb
from numpy.typing import NDArray
from PIL import Image

from artifacts.leaving import MAX_SIDE
from artifacts.masks import Mask
from camvid.taxonomy import IGNORE_INDEX, Taxonomy
from eval.evaluate import Evaluation, Sample
from eval.inference import resize_image
from eval.points import predicted_cloud
from eval.writers.colors import Picture, colorize
from eval.writers.depth import depth_error_picture, depth_picture, with_depth_scale, with_error_scale
from eval.writers.legend import strip_width

CLOUDS = 4  # frames that get clouds, two each
POINTS = 40_000  # of such a cloud, 1.5 MB
PICTURES, OBJECTS = ("depth", "depth_error_map"), ("cloud", "class_cloud")  # columns


def depth_columns(evaluation: Evaluation) -> tuple[str, ...]:
    """The columns of depth in the edge-case table; none if the model predicts no depth."""
    if evaluation.depth is None:
        return ()
    return (*PICTURES, *(OBJECTS if evaluation.has_classes else OBJECTS[:1]))


def depth_cells(
    evaluation: Evaluation, position: int, sample: Sample, taxonomy: Taxonomy, *, clouds: bool
) -> dict[str, Any]:
    """The pictures and clouds of a frame by column; one that cannot be made is left out.

    Args:
        evaluation: from `eval.evaluate`, with depth.
        position: of the frame in the split.
        sample: the frame.
        taxonomy: names and colours of the classes.
        clouds: whether to make clouds.
    """
    assert evaluation.depth
    depth = evaluation.depth.predictions[position]
    cells: dict[str, Any] = {"depth": _picture(depth_picture(depth), with_depth_scale)}
    if sample.depth is not None:
        cells["depth_error_map"] = _picture(depth_error_picture(depth, sample.depth), with_error_scale)
    return cells | (_clouds(evaluation, position, sample, taxonomy) if clouds else {})


def _clouds(evaluation: Evaluation, position: int, sample: Sample, taxonomy: Taxonomy) -> dict[str, wandb.Object3D]:
    """The points of a frame in metres, x to the right, y up, z towards the camera; in two kinds of colours.

    Pixels whose true class is void make none.
    """
    assert evaluation.depth
    if (camera := evaluation.depth.cameras.get(position)) is None:
        return {}
    depth = evaluation.depth.predictions[position]
    mask = _nearest(evaluation.predictions[position], depth.shape) if evaluation.has_classes else None
    void = _nearest(sample.mask, depth.shape) == IGNORE_INDEX  # such as the bonnet below; all if no class is known
    points, pixels = predicted_cloud(depth, camera, mask, taxonomy.names, None if void.all() else void, POINTS)
    if not len(points):
        return {}
    colored = {"cloud": resize_image(sample.image, sample.frame_size)}
    colored |= {} if mask is None else {"class_cloud": colorize(mask, taxonomy.colors)}
    return {
        column: wandb.Object3D(np.hstack([points.round(2).astype(float), rgb.reshape(-1, 3)[pixels]]))
        for column, rgb in colored.items()
    }


def _nearest(mask: Mask, size: tuple[int, ...]) -> Mask:
    height, width = size
    return np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST))


def _shrunk(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = min(1.0, MAX_SIDE / max(height, width))
    return resize_image(picture, (max(1, round(height * scale)), max(1, round(width * scale))))


def _picture(picture: NDArray[np.uint8], with_scale: Callable[[Picture], Picture]) -> wandb.Image:
    """The picture with its scale; without one if it is too narrow, so that it stays as wide as the frame."""
    small = _shrunk(picture)
    return wandb.Image(with_scale(small) if strip_width(small) <= small.shape[1] + 1 else small, file_type="jpg")
