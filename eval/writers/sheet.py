"""Contact sheets: frames below each other, each as several panels, with a caption and a legend."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from eval.inference import resize_image
from eval.writers.colors import Picture
from eval.writers.legend import INK, PAPER, font

WIDTH = 360  # pixels of one panel
GAP = 10
CAPTION = 50  # height of a frame's caption
MUTED, ALARM = (97, 110, 124), (200, 30, 45)


class Row(NamedTuple):
    """One frame of a sheet: its panels, each ``WIDTH`` pixels wide; ``alarm`` colours the note."""

    title: str
    note: str
    panels: Sequence[Image.Image]
    alarm: bool = False


def contact_sheet(
    title: str, names: Sequence[str], rows: Sequence[Row], key: Callable[[int], Image.Image]
) -> Image.Image:
    """Draw frames below each other.

    Args:
        title: headline.
        names: of the panels.
        rows: the frames, of any sizes.
        key: what the colours mean, from a width in pixels.
    """
    width = len(names) * (WIDTH + GAP) + GAP
    drawn = key(width - 2 * GAP)
    heights = [CAPTION + row.panels[0].height + GAP for row in rows]
    top = 48 + drawn.height + 30
    sheet = Image.new("RGB", (width, top + sum(heights)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 12), title, INK, font(22, bold=True))
    sheet.paste(drawn, (GAP, 48))
    for column, name in enumerate(names):
        draw.text((GAP + column * (WIDTH + GAP), top - 22), name, MUTED, font(14, bold=True))
    for row, height in zip(rows, heights, strict=True):
        _caption(draw, row, top, width - 2 * GAP)
        for column, panel in enumerate(row.panels):
            sheet.paste(panel, (GAP + column * (WIDTH + GAP), top + CAPTION))
        top += height
    return sheet


def shrunk_panels(panels: Iterable[Picture]) -> list[Image.Image]:
    """Pictures (H, W, 3) at the width of a panel."""
    return [_shrink(panel) for panel in panels]


def _shrink(picture: Picture) -> Image.Image:
    height = max(1, round(picture.shape[0] * WIDTH / picture.shape[1]))
    return Image.fromarray(resize_image(picture, (height, WIDTH)))


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


def stacked(parts: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one width below each other."""
    whole = Image.new("RGB", (parts[0].width, sum(part.height for part in parts)), PAPER)
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height
    return whole
