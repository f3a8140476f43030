"""Tables as Markdown."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd


def markdown_table(table: pd.DataFrame) -> str:
    """A data frame as a Markdown table; numbers are short, what is missing is a dash."""
    lines = [_line(table.columns), _line(["---"] * len(table.columns))]
    lines += [_line([_cell(value) for value in row]) for row in table.itertuples(index=False, name=None)]
    return "\n".join(lines)


def _line(cells: Any) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value).replace("|", "\\|").replace("\n", " ")
