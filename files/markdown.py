"""Tables as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

MISSING = "–"


def markdown_table(head: Iterable[Any], rows: Iterable[Iterable[Any]], *, texts: int | None = None) -> str:
    """A table; numbers are short, what is missing is a dash.

    Args:
        head: names of the columns.
        rows: a cell for each column.
        texts: number of columns of text, which come first; the other columns are numbers and right-aligned. Each
            column is as wide as its longest cell, for a terminal. None: nothing is aligned.
    """
    lines = [[markdown_cell(name) for name in head], *([markdown_cell(cell) for cell in row] for row in rows)]
    rule = ["---"] * len(lines[0])
    if texts is not None:
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        lines = [_aligned(line, widths, texts) for line in lines]
        rule = ["-" * width if i < texts else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join(markdown_line(line) for line in (lines[0], rule, *lines[1:]))


def markdown_line(cells: Iterable[str]) -> str:
    """One line of a table, of cells that are written already."""
    return f"| {' | '.join(cells)} |"


def markdown_cell(value: Any) -> str:
    """A value as text, escaped so that it does not end the cell or open an HTML tag."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _aligned(cells: Sequence[str], widths: Sequence[int], texts: int) -> list[str]:
    return [
        cell.ljust(width) if column < texts else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
