"""Contact sheets: frames below each other, each as image, truth, prediction and error, with a caption and a legend."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from eval.colors import ERROR_COLORS, VOID_COLOR, Picture, error_map, overlay

WIDTH = 360  # pixels of one panel
GAP = 10
CAPTION = 50  # height of a frame's caption
PANELS = ("Image", "Truth", "Prediction", "Error")
INK, MUTED, ALARM, PAPER = (31, 41, 51), (97, 110, 124), (200, 30, 45), (255, 255, 255)


class Row(NamedTuple):
    """One frame of a sheet; ``image`` (H, W, 3), ``truth`` and ``pred`` (H, W); ``alarm`` colours the note."""

    title: str
    note: str
    image: Picture
    truth: Picture
    pred: Picture
    alarm: bool = False


def contact_sheet(
    title: str, rows: Sequence[Row], class_names: Sequence[str], colors: Picture, priority: Sequence[int]
) -> Image.Image:
    """Draw frames below each other.

    Args:
        title: headline.
        rows: the frames, of any sizes; masks have their truth's size.
        class_names: C names for the legend.
        colors: (C, 3) uint8 RGB.
        priority: indices of the priority classes, marked in the legend.
    """
    panels = [[_shrink(panel) for panel in _panels(row, len(class_names), colors, priority)] for row in rows]
    width = len(PANELS) * (WIDTH + GAP) + GAP
    legend = _legend(class_names, colors, priority, width - 2 * GAP)
    heights = [CAPTION + row_panels[0].height + GAP for row_panels in panels]
    top = 48 + legend.height + 30
    sheet = Image.new("RGB", (width, top + sum(heights)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 12), title, INK, _font(22, bold=True))
    sheet.paste(legend, (GAP, 48))
    for column, name in enumerate(PANELS):
        draw.text((GAP + column * (WIDTH + GAP), top - 22), name, MUTED, _font(14, bold=True))
    for row, row_panels, height in zip(rows, panels, heights, strict=True):
        _caption(draw, row, top, width - 2 * GAP)
        for column, panel in enumerate(row_panels):
            sheet.paste(panel, (GAP + column * (WIDTH + GAP), top + CAPTION))
        top += height
    return sheet


def _panels(row: Row, num_classes: int, colors: Picture, priority: Sequence[int]) -> list[Picture]:
    height, width = row.truth.shape
    image = np.asarray(Image.fromarray(row.image).resize((width, height), Image.Resampling.BOX))
    truth, pred = (overlay(image, mask, colors, opacity=0.75) for mask in (row.truth, row.pred))
    return [image, truth, pred, error_map(image, row.truth, row.pred, num_classes, priority)]


def _shrink(picture: Picture) -> Image.Image:
    height = max(1, round(picture.shape[0] * WIDTH / picture.shape[1]))
    return Image.fromarray(picture).resize((WIDTH, height), Image.Resampling.LANCZOS)


def _caption(draw: ImageDraw.ImageDraw, row: Row, top: int, width: int) -> None:
    line = (238, 240, 243)
    draw.line((GAP, top, GAP + width, top), line, 1)
    draw.text((GAP, top + 6), row.title, INK, _font(15, bold=True))
    draw.text((GAP, top + 26), _fit(row.note, width, _font(14)), ALARM if row.alarm else MUTED, _font(14))


def _fit(text: str, width: int, font: ImageFont.FreeTypeFont) -> str:
    """Cut ``text`` with an ellipsis so that it is at most ``width`` pixels wide."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"


def _legend(class_names: Sequence[str], colors: Picture, priority: Sequence[int], width: int) -> Image.Image:
    """Swatches with names, wrapped to ``width``: the classes, then what the colours of the error panel mean."""
    classes = [
        (f"{name} ★" if index in priority else name, tuple(int(v) for v in colors[index]))
        for index, name in enumerate(class_names)
    ]
    lines = _wrap([*classes, ("void", VOID_COLOR)], width)
    lines += _wrap([(f"error: {name}", color) for name, color in ERROR_COLORS.items()], width)
    legend = Image.new("RGB", (width, 24 * len(lines)), PAPER)
    draw = ImageDraw.Draw(legend)
    for number, line in enumerate(lines):
        for left, text, color in line:
            y = 24 * number
            draw.rectangle((left, y + 3, left + 14, y + 17), color, outline=(200, 205, 210))
            draw.text((left + 20, y + 1), text, INK, _font(14))
    return legend


def _wrap(entries: Sequence[tuple[str, tuple[int, ...]]], width: int) -> list[list[tuple[int, str, tuple[int, ...]]]]:
    """Lines of (left, text, colour), each line at most ``width`` pixels wide."""
    lines: list[list[tuple[int, str, tuple[int, ...]]]] = [[]]
    left = 0
    for text, color in entries:
        length = 40 + int(_font(14).getlength(text))
        if lines[-1] and left + length > width:
            lines.append([])
            left = 0
        lines[-1].append((left, text, color))
        left += length
    return lines


@cache
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib brings along: the same on every machine."""
    weight = "bold" if bold else "normal"
    path = font_manager.findfont(font_manager.FontProperties(family="DejaVu Sans", weight=weight))
    return ImageFont.truetype(path, size)
