"""What the colours of a picture mean: swatches with names, in lines as wide as the picture."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TypeAlias

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from eval.writers.colors import Picture

Entry: TypeAlias = tuple[str, tuple[int, ...]]  # a name and its RGB

INK, PAPER, EDGE = (31, 41, 51), (255, 255, 255), (200, 205, 210)
SMALLEST = 240  # pixels; a narrower picture gets a legend of this width
MARGIN = 8  # around a legend that stands below a picture
LETTERS = (12, 64)  # least height of the letters below a picture, and letters in its width


def class_entries(class_names: Sequence[str], colors: Picture) -> tuple[Entry, ...]:
    """Names (C) and colours (C, 3) uint8 as the entries of a legend."""
    return tuple((name, tuple(color)) for name, color in zip(class_names, colors.tolist(), strict=True))


def legend(entries: Sequence[Entry], width: int, letters: int = 14) -> Image.Image:
    """Swatches with names, wrapped to ``width`` pixels; ``letters`` is the height of the letters in pixels."""
    lines, step = _wrap(entries, width, letters), line_height(letters)
    strip = Image.new("RGB", (width, step * len(lines)), PAPER)
    draw = ImageDraw.Draw(strip)
    for number, line in enumerate(lines):
        top = number * step + (step - letters) // 2
        for left, text, color in line:
            draw.rectangle((left, top, left + letters, top + letters), color, outline=EDGE)
            draw.text((left + round(1.4 * letters), top + letters // 2), text, INK, font(letters), anchor="lm")
    return strip


def with_legend(picture: Picture, entries: tuple[Entry, ...]) -> Picture:
    """The picture (H, W, 3) uint8 with a legend below it; both sides of the result are even, as video codecs want."""
    return above(picture, _strip(entries, strip_width(picture)))


def above(picture: Picture, strip: Picture) -> Picture:
    """A picture (H, W, 3) above a strip that is at least as wide; both sides of the result are even."""
    height, width = picture.shape[:2]
    sheet = np.full((_even(height + len(strip)), strip.shape[1], 3), PAPER, dtype=np.uint8)
    sheet[:height, :width] = picture
    sheet[height : height + len(strip)] = strip
    return sheet


def strip_width(picture: Picture) -> int:
    """The even width of what stands below a picture."""
    return _even(max(picture.shape[1], SMALLEST))


def letters_below(width: int) -> int:
    """The height of the letters below a picture of a width."""
    return max(LETTERS[0], width // LETTERS[1])


@lru_cache(maxsize=16)
def _strip(entries: tuple[Entry, ...], width: int) -> Picture:
    return framed(legend(entries, width - 2 * MARGIN, letters_below(width)))


def framed(drawn: Image.Image) -> Picture:
    """What was drawn, with a margin around it."""
    strip = Image.new("RGB", (drawn.width + 2 * MARGIN, drawn.height + 2 * MARGIN), PAPER)
    strip.paste(drawn, (MARGIN, MARGIN))
    return np.asarray(strip)


def _even(side: int) -> int:
    return side + side % 2


def line_height(letters: int) -> int:
    """Pixels from one line of a legend to the next."""
    return round(24 / 14 * letters)


def _wrap(entries: Sequence[Entry], width: int, letters: int) -> list[list[tuple[int, str, tuple[int, ...]]]]:
    """Lines of (left, text, colour), each at most ``width`` pixels wide where its entries are."""
    lines: list[list[tuple[int, str, tuple[int, ...]]]] = [[]]
    left = 0
    for text, color in entries:
        length = round(1.4 * letters + font(letters).getlength(text))
        if lines[-1] and left + length > width:
            lines.append([])
            left = 0
        lines[-1].append((left, text, color))
        left += length + round(1.4 * letters)
    return lines


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib brings along: the same on every machine."""
    weight = "bold" if bold else "normal"
    path = font_manager.findfont(font_manager.FontProperties(family="DejaVu Sans", weight=weight))
    return ImageFont.truetype(path, size)
