"""A lineage as an SVG picture: sources on the left, the run, the model, and what was decided about it."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from html import escape
from itertools import accumulate, pairwise
from unicodedata import east_asian_width

from artifacts.lineage import Lineage, Node

WIDTH, GAP, PAD, LINE, LETTER = 300, 60, 14, 18, 7.2  # pixels; a letter's mean width at 13 px
COLORS = {"data": "#1f7a5c", "sweep": "#8a5a00", "code": "#4a5568", "run": "#2457a6", "model": "#8b1e3f"}
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2933}.kind{font-size:11px;letter-spacing:.08em}"
    ".name{font-size:15px;font-weight:600}.box{fill:#fff;stroke-width:1.5}.arrow{fill:none;stroke:#9aa5b1;stroke-width:1.5}"
)


def draw_lineage(found: Lineage) -> str:
    """The picture's SVG; boxes link to W&B's pages, what does not fit is cut and shown whole on hovering."""
    columns = [list(found.sources), [found.run] if found.run else [], [found.model], list(found.decisions)]
    columns = [column for column in columns if column]
    tall = max(sum(_height(node) for node in column) + PAD * (len(column) - 1) for column in columns)
    placed = [_place(column, index * (WIDTH + GAP) + PAD, tall) for index, column in enumerate(columns)]
    arrows = [
        _arrow(x, y + _height(node) / 2, x_next, y_next + _height(following) / 2)
        for left, right in pairwise(placed)
        for x, y, node in left
        for x_next, y_next, following in right
    ]
    boxes = [_box(x, y, node) for column in placed for x, y, node in column]
    width, height = len(columns) * (WIDTH + GAP) - GAP + 2 * PAD, tall + 2 * PAD
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>Lineage of {escape(found.model.name)}</title><style>{STYLE}</style>"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#9aa5b1"/></marker></defs>'
        f'<rect width="{width}" height="{height}" fill="#f7f8fa"/>{"".join(arrows)}{"".join(boxes)}</svg>\n'
    )


def _height(node: Node) -> int:
    return 2 * PAD + LINE * (2 + len(node.lines))


def _place(column: Sequence[Node], x: int, tall: int) -> list[tuple[int, float, Node]]:
    """The nodes one under the other, the column centred."""
    y = PAD + (tall - sum(_height(node) for node in column) - PAD * (len(column) - 1)) / 2
    placed = []
    for node in column:
        placed.append((x, y, node))
        y += _height(node) + PAD
    return placed


def _arrow(x: int, y: float, x_next: int, y_next: float) -> str:
    start, end = x + WIDTH, x_next - 2
    middle = (start + end) / 2
    path = f"M{start} {y:g}C{middle:g} {y:g} {middle:g} {y_next:g} {end} {y_next:g}"
    return f'<path class="arrow" marker-end="url(#tip)" d="{path}"/>'


def _box(x: int, y: float, node: Node) -> str:
    color = COLORS.get(node.kind, COLORS["model"])
    rows = [("kind", node.kind.upper(), 1.0), ("name", node.name, 1.35), *(("line", line, 1.0) for line in node.lines)]
    text = "".join(
        f'<text class="{style}" x="{x + PAD}" y="{y + PAD + LINE * (row + 0.75):g}"'
        f"{f' style={chr(34)}fill:{color}{chr(34)}' if style == 'kind' else ''}>{_cut(content, scale)}</text>"
        for row, (style, content, scale) in enumerate(rows)
    )
    box = (
        f'<rect class="box" x="{x}" y="{y:g}" width="{WIDTH}" height="{_height(node)}" rx="6" stroke="{color}"/>{text}'
    )
    return f'<a href="{escape(node.url)}">{box}</a>' if node.url else f"<g>{box}</g>"


def _cut(text: str, scale: float) -> str:
    """Text that fits in a box, escaped; a longer one ends in … and has the whole as its title."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)  # XML holds no control characters
    room = int((WIDTH - 2 * PAD) / (LETTER * scale))
    ends = list(accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in text))
    if not text or ends[-1] <= room:
        return escape(text)
    return f"{escape(text[: bisect(ends, room - 1)])}…<title>{escape(text)}</title>"
