"""Cleans labels that smoothing or JPEG changed, so that each pixel has one class again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camvid.composites.clean import clean_label
from camvid.labels import ColorLabels, IndexLabels, Labels, Mask, say_outside, stored_values
from camvid.layouts.label_content import APART, FEW
from camvid.taxonomy import IGNORE_INDEX

BAND, MARGIN = (
    64,
    16,
)  # rows that are cleaned at a time, and rows on both sides that are read too: more than a JPEG block


def clean(picture: Image.Image, labels: Labels, lossy: bool = False) -> tuple[Mask, int]:
    """A mask, and how many pixels had an unlisted value or colour. These pixels got the class of the nearest one.

    Args:
        picture: the label.
        labels: its decoder.
        lossy: whether its format changes pixels. If not, only a label with many unlisted colours is cleaned.

    Raises:
        ValueError: there are only a few unlisted values or colours, so a class may be missing in the list; or the
            listed values are so near to each other that JPEG mixes them.
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
    """BAND rows from `begin` on, cleaned together with the rows beside them. So a large label needs little memory."""
    first = max(0, begin - MARGIN)
    cleaned = clean_label(pixels[first : begin + BAND + MARGIN], palette)
    return cleaned[begin - first : begin - first + BAND]


def _nearest_value(picture: Image.Image, labels: IndexLabels) -> Mask:
    known = sorted(labels.known)
    for low, high in pairwise(known):
        if high - low < APART and high != IGNORE_INDEX:
            raise ValueError(
                f"its values {low} and {high} are too near to each other: JPEG or smoothing mixes them, so they cannot "
                "be told apart; export the labels as PNG, or in colours"
            )
    values = stored_values(picture)
    assert values is not None  # it was decoded
    places = np.array(known)
    nearest = np.abs(np.arange(int(values.max()) + 1)[:, None] - places).argmin(1)
    classes: Mask = np.array([labels.known[value] for value in known], np.uint8)
    mask: Mask = classes[nearest[values]]
    return mask
