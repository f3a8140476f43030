"""Images with masks as W&B shows them: overlays that are switched on and off, class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import wandb
from numpy.typing import NDArray
from PIL import Image

from artifacts.leaving import MAX_SIDE
from camvid.taxonomy import IGNORE_INDEX, MAX_CLASSES, VOID_NAME, Taxonomy
from eval.writers.colors import ERROR_COLORS, VOID_COLOR

Mask = NDArray[np.uint8]

# The ids lie above every class index: the client merges the labels of all overlays of an image into one list.
CORRECT, OTHER_ERROR, HALLUCINATED, MISSED = range(MAX_CLASSES, MAX_CLASSES + 4)
ERROR_LABELS = {
    CORRECT: "correct",
    OTHER_ERROR: "other error",
    HALLUCINATED: "priority class hallucinated",
    MISSED: "priority class missed",
    IGNORE_INDEX: VOID_NAME,
}
CROP_MARGIN = 24  # pixels around an object at least
_CORRECT_COLOR = (128, 128, 128, 70)  # a light veil, so that what is wrong stands out


def class_colors(taxonomy: Taxonomy) -> dict[str, str]:
    """Colours by class name (``#rrggbb``, with opacity ``#rrggbbaa``), for the metadata of an artifact with overlays.

    W&B's app draws its own colours; ``wandb_local`` draws these.
    """
    known = {
        **{name: tuple(color) for name, color in zip(taxonomy.names, taxonomy.colors.tolist(), strict=True)},
        **ERROR_COLORS,
        ERROR_LABELS[CORRECT]: _CORRECT_COLOR,
        VOID_NAME: VOID_COLOR,
    }
    return {name: "#" + bytes(color).hex() for name, color in known.items()}


def class_labels(class_names: Sequence[str]) -> dict[int, str]:
    """Names by value in a mask, void included."""
    return {**dict(enumerate(class_names)), IGNORE_INDEX: VOID_NAME}


def error_mask(truth: Mask, pred: Mask, priority: Sequence[int]) -> Mask:
    """What kind of error each pixel is, by the ids of `ERROR_LABELS`.

    A pixel where one priority class is taken for another counts as missed.

    Args:
        truth: (H, W) uint8 class indices, void 255.
        pred: (H, W) uint8 class indices.
        priority: indices of the priority classes.
    """
    errors = np.where(truth == pred, CORRECT, OTHER_ERROR).astype(np.uint8)
    wrong = truth != pred
    errors[wrong & np.isin(pred, priority)] = HALLUCINATED
    errors[wrong & np.isin(truth, priority)] = MISSED
    errors[truth == IGNORE_INDEX] = IGNORE_INDEX
    return errors


def evaluation_image(
    image: NDArray[np.uint8],
    truth: Mask,
    pred: Mask,
    class_names: Sequence[str],
    priority: Sequence[int],
    max_side: int,
) -> wandb.Image:
    """An image with the overlays `ground_truth`, `prediction` and `error`, no side longer than `max_side` pixels.

    Args:
        image: (H, W, 3) uint8 RGB; brought to the masks' size.
        truth: (H, W) uint8 class indices, void 255.
        pred: (H, W) uint8 class indices.
        class_names: C names.
        priority: indices of the priority classes.
        max_side: pixels.
    """
    small, truth, pred = shrunk(image, truth, pred, max_side=max_side)
    labels = class_labels(class_names)
    errors = error_mask(truth, pred, priority)
    overlays = {"ground_truth": (truth, labels), "prediction": (pred, labels), "error": (errors, ERROR_LABELS)}
    return masked_image(small, overlays)


def crop_image(
    image: NDArray[np.uint8],
    truth: Mask,
    pred: Mask,
    box: tuple[int, ...],
    class_names: Sequence[str],
    priority: Sequence[int],
) -> wandb.Image:
    """What lies in a box and around it, by half its longer side, with the overlays of `evaluation_image`.

    Args:
        image: (H, W, 3) uint8 RGB; brought to the masks' size.
        truth: (H, W) uint8 class indices, void 255.
        pred: (H, W) uint8 class indices.
        box: x, y, width and height in pixels of the masks.
        class_names: C names.
        priority: indices of the priority classes.
    """
    x, y, width, height = box
    margin = max(CROP_MARGIN, max(width, height) // 2)
    window = np.s_[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin]
    image, truth, pred = (part[window] for part in shrunk(image, truth, pred, max_side=max(truth.shape)))
    return evaluation_image(image, truth, pred, class_names, priority, MAX_SIDE)


def shrunk(image: NDArray[np.uint8], *masks: Mask, max_side: int) -> tuple[NDArray[np.uint8], ...]:
    """An image and its masks at one size, that of the masks or smaller, no side longer than `max_side` pixels.

    Args:
        image: (H, W, 3) uint8 RGB.
        masks: (H', W') uint8, all of one size.
        max_side: pixels.
    """
    height, width = masks[0].shape
    scale = min(1.0, max_side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
    return small, *(np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST)) for mask in masks)


def masked_image(image: NDArray[np.uint8] | str, overlays: Mapping[str, tuple[Mask, dict[int, str]]]) -> wandb.Image:
    """An image with masks over it.

    Args:
        image: (H, W, 3) uint8 RGB, stored as JPEG; or a picture's path, whose file is taken as it is.
        overlays: by title, a mask (H, W) uint8 and the names of its values.
    """
    masks: dict[str, Any] = {
        title: {"mask_data": mask, "class_labels": labels} for title, (mask, labels) in overlays.items()
    }
    picture = wandb.Image(image, masks=masks, file_type="jpg")
    for mask in masks.values():
        del mask["mask_data"]  # written to a file by now; hundreds of images would keep theirs in memory
    return picture
