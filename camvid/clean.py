"""Labels that smoothing or JPEG changed, back to one class for every pixel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camvid.composites.clean import clean_label
from camvid.labels import ColorLabels, IndexLabels, Labels, Mask, say_outside, stored_values
from camvid.layouts.label_content import APART, FEW
from camvid.taxonomy import IGNORE_INDEX

BAND, MARGIN = 64, 16  # rows that are cleaned at a time, and rows beside them that take part: more than a JPEG block


def clean(picture: Image.Image, labels: Labels, lossy: bool = False) -> tuple[Mask, int]:
    """A mask, and how many pixels of the label had no value or colour of the list and got the nearest one's class.

    Args:
        picture: the label.
        labels: its decoder.
        lossy: its format changes pixels; else only a label with many colours beyond the list is cleaned.

    Raises:
        ValueError: a few values or colours beyond the list, as a forgotten class has them, or values that JPEG mixes.
    """
    mask, outside = labels.decode(picture)
    if not lossy and len(outside) <= FEW:
        if outside:
            raise ValueError(f"{say_outside(outside, 'the classes')}; list them, or give --ignore")
        return mask, 0
    nearest = _nearest_color(picture, labels) if isinstance(labels, ColorLabels) else _nearest_value(picture, labels)
    return nearest, sum(outside.values())


def _nearest_color(picture: Image.Image, labels: ColorLabels) -> Mask:
    palette = np.array([color for color, _ in labels.colors], np.uint8)
    classes = np.array([index for _, index in labels.colors], np.uint8)
    pixels = np.asarray(picture.convert("RGB"))
    bands = [_band(pixels, begin, palette) for begin in range(0, len(pixels), BAND)]
    return classes[np.concatenate(bands)]


def _band(pixels: NDArray[np.uint8], begin: int, palette: NDArray[np.uint8]) -> Mask:
    """The rows from `begin` on, cleaned with those beside them, so that a large label needs little memory."""
    first = max(0, begin - MARGIN)
    cleaned = clean_label(pixels[first : begin + BAND + MARGIN], palette)
    return cleaned[begin - first : begin - first + BAND]


def _nearest_value(picture: Image.Image, labels: IndexLabels) -> Mask:
    known = sorted(labels.known)
    for low, high in pairwise(known):
        if high - low < APART and high != IGNORE_INDEX:
            raise ValueError(
                f"its values {low} and {high} lie too near to each other: JPEG or smoothing mixes them, and which is "
                "which is lost; export the labels as PNG, or in colours"
            )
    values = stored_values(picture)
    assert values is not None  # it was decoded
    places = np.array(known)
    nearest = np.abs(np.arange(int(values.max()) + 1)[:, None] - places).argmin(1)
    classes: Mask = np.array([labels.known[value] for value in known], np.uint8)
    mask: Mask = classes[nearest[values]]
    return mask
