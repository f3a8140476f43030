"""Contact sheets: frames below each other, each as image, truth, prediction and error, with a caption and a legend."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from eval.writers.colors import ERROR_COLORS, VOID_COLOR, Picture, error_map, overlay
from eval.writers.legend import INK, PAPER, class_entries, font, legend

WIDTH = 360  # pixels of one panel
GAP = 10
CAPTION = 50  # height of a frame's caption
PANELS = ("Image", "Truth", "Prediction", "Error")
LETTERS = 16  # height of those of the legend, which a page shows smaller
MUTED, ALARM = (97, 110, 124), (200, 30, 45)


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
    key = _legend(class_names, colors, priority, width - 2 * GAP)
    heights = [CAPTION + row_panels[0].height + GAP for row_panels in panels]
    top = 48 + key.height + 30
    sheet = Image.new("RGB", (width, top + sum(heights)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 12), title, INK, font(22, bold=True))
    sheet.paste(key, (GAP, 48))
    for column, name in enumerate(PANELS):
        draw.text((GAP + column * (WIDTH + GAP), top - 22), name, MUTED, font(14, bold=True))
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
    return Image.fromarray(picture).resize((WIDTH, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _caption(draw: ImageDraw.ImageDraw, row: Row, top: int, width: int) -> None:
    line = (238, 240, 243)
    draw.line((GAP, top, GAP + width, top), line, 1)
    draw.text((GAP, top + 6), row.title, INK, font(15, bold=True))
    draw.text((GAP, top + 26), _fit(row.note, width, font(14)), ALARM if row.alarm else MUTED, font(14))


def _fit(text: str, width: int, letters: ImageFont.FreeTypeFont) -> str:
    """Cut ``text`` with an ellipsis so that it is at most ``width`` pixels wide."""
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"


def _legend(class_names: Sequence[str], colors: Picture, priority: Sequence[int], width: int) -> Image.Image:
    """The classes, and below them what the colours of the error panel mean."""
    names = [f"{name} ★" if index in priority else name for index, name in enumerate(class_names)]
    errors = [(f"error: {name}", color) for name, color in ERROR_COLORS.items()]
    parts = [
        legend(entries, width, LETTERS) for entries in ([*class_entries(names, colors), ("void", VOID_COLOR)], errors)
    ]
    both = Image.new("RGB", (width, sum(part.height for part in parts)), PAPER)
    both.paste(parts[0], (0, 0))
    both.paste(parts[1], (0, parts[0].height))
    return both
