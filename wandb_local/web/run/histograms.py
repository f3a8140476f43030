"""Histograms as a run logs them, drawn as far as their edges and values are numbers."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from wandb_local.web.charts.extremes import drawn_one
from wandb_local.web.charts.figure import COLORS, GRID, PAPER
from wandb_local.web.documents import is_number


def histogram(item: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """The figure of a logged histogram, or None if it has no bar that can be drawn; and what to say of it."""
    values = item.get("values")
    heights = [_finite(value) for value in values] if isinstance(values, list) else []
    edges = _edges(item, len(heights))
    bars = [
        bar for (low, high), height in zip(pairwise(edges), heights, strict=False) if (bar := _bar(low, high, height))
    ]
    if not bars:
        return None, "This histogram has no bars that can be drawn."
    lost = max(len(heights), len(edges) - 1) - len(bars)
    x, y, width = (list(column) for column in zip(*bars, strict=True))
    drawn = {"type": "bar", "x": x, "y": y, "width": width, "marker": {"color": COLORS[0]}}
    said = (
        f"{lost:,} of {lost + len(bars):,} bars are left out, because an edge or the value is not finite."
        if lost
        else ""
    )
    return {"data": [drawn], "layout": {**PAPER, "bargap": 0, "yaxis": GRID}}, said


def _edges(item: Mapping[str, Any], bars: int) -> list[float]:
    """The edges as logged; of ``packedBins`` those of as many bars as there are values, whatever its count says."""
    packed = item.get("packedBins")
    if isinstance(packed, dict):
        first, size = _finite(packed.get("min")), _finite(packed.get("size"))
        return [first + size * place for place in range(bars + 1)]
    edges = item.get("bins")
    return [_finite(edge) for edge in edges] if isinstance(edges, list) else []


def _bar(low: float, high: float, height: float) -> tuple[float, float, float] | None:
    """Center, height and width."""
    bar = (drawn_one(low / 2 + high / 2), height, drawn_one(high - low))
    return bar if all(map(math.isfinite, bar)) and bar[2] >= 0 else None


def _finite(value: Any) -> float:
    """A number; NaN for other values, and for a whole number that is larger than any float."""
    try:
        return float(value) if is_number(value) else math.nan
    except OverflowError:
        return math.nan
