"""A table of several trainings: mean and range of each score over the seeds of the same settings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from files.headlines import choose
from files.markdown import MISSING, markdown_table

SCORES = {score.key: f"val/{score.key}" for score in choose("miou", "priority_dice", "object_f1", "foreground_acc")}
COSTS = ("model/parameters", "model/mb", "model/latency_ms", "train/minutes")
Training = tuple[Mapping[str, Any], Mapping[str, float], str]  # its varied settings, its metrics, why it failed


def seeds_table(trainings: Sequence[Training]) -> pd.DataFrame:
    """One row for each combination of settings other than the seed.

    Returns:
        The settings, ``seeds`` (the number of complete trainings), for each score its mean, and its ``low`` and
        ``high`` over the seeds, the mean costs, and ``failed``: the reason of a failure. Missing scores are NaN.
    """
    groups: dict[str, list[Training]] = {}
    for training in trainings:
        settings = {key: value for key, value in training[0].items() if key != "seed"}
        groups.setdefault(str(settings), []).append(training)
    return pd.DataFrame([_row(group) for group in groups.values()])


def _row(group: Sequence[Training]) -> dict[str, Any]:
    settings = {key: str(value) for key, value in group[0][0].items() if key != "seed"}
    done = [metrics for _, metrics, reason in group if not reason]
    row: dict[str, Any] = {**settings, "seeds": len(done)}
    for key, name in SCORES.items():
        values = [metrics[key] for metrics in done if metrics.get(key) is not None] or [math.nan]
        row |= {name: sum(values) / len(values), f"{name} low": min(values), f"{name} high": max(values)}
    for key in COSTS:
        values = [metrics[key] for metrics in done if metrics.get(key) is not None] or [math.nan]
        row[key] = sum(values) / len(values)
    return row | {"failed": "; ".join(dict.fromkeys(reason for _, _, reason in group if reason))}


def seeds_page(table: pd.DataFrame) -> str:
    """The table as Markdown, with a score as `mean [low, high]`; the column of failures is left out if it is empty."""
    shown = table.copy()
    for name in SCORES.values():
        ranges = zip(table[name], table[f"{name} low"], table[f"{name} high"], strict=True)
        shown[name] = [_span(*values) for values in ranges]
        shown = shown.drop(columns=[f"{name} low", f"{name} high"])
    if not table["failed"].any():
        shown = shown.drop(columns="failed")
    return markdown_table(shown.columns, shown.itertuples(index=False, name=None)) + "\n"


def _span(mean: float, low: float, high: float) -> str:
    if math.isnan(mean):
        return MISSING
    return f"{mean:.3f}" if low == high else f"{mean:.3f} [{low:.3f}, {high:.3f}]"
