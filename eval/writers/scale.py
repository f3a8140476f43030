"""What a range of colours means: a bar with numbers below it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from eval.writers.colors import Picture
from eval.writers.legend import INK, PAPER, font


def scale(palette: Picture, ticks: Mapping[str, float], width: int, letters: int = 14) -> Image.Image:
    """A bar of colours with what some of them mean.

    Args:
        palette: (256, 3) RGB, from the left to the right.
        ticks: by text, its place from 0, left, to 1, right.
        width: of the whole in pixels.
        letters: their height in pixels.
    """
    margin = 1 + round(max(map(font(letters).getlength, ticks)) / 2)  # so that texts below the ends are whole
    strip = Image.new("RGB", (width, round(2.6 * letters)), PAPER)
    length = max(2, width - 2 * margin)
    row = palette[np.linspace(0, len(palette) - 1, length).astype(int)]
    strip.paste(Image.fromarray(np.repeat(row[None], letters, axis=0)), (margin, 0))
    draw = ImageDraw.Draw(strip)
    for text, place in ticks.items():
        left = margin + round(place * (length - 1))
        draw.line((left, letters, left, round(1.3 * letters)), INK, 1)
        draw.text((left, round(1.4 * letters)), text, INK, font(letters), anchor="ma")
    return strip
