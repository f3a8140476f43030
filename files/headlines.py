"""The headline metrics of an evaluation, in one list from which settings, tables, pages and W&B choose.

The list is in `files/` because every room uses it. `eval` computes the metrics.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Headline(NamedTuple):
    """One metric.

    Attributes:
        key: its key in `metrics.json`; in W&B the key begins with `val/` or `test/`.
        label: its name in tables and charts.
        monitored: whether the setting `monitor` may name it.
        higher: whether a higher value is better.
    """

    key: str
    label: str
    monitored: bool = False
    higher: bool = True


MIOU = Headline("miou", "mIoU", monitored=True)
PRIORITY_DICE = Headline("priority_dice", "priority Dice", monitored=True)
ABS_REL = Headline("depth/abs_rel", "depth AbsRel", monitored=True, higher=False)
HEADLINES = {
    headline.key: headline
    for headline in (
        MIOU,
        Headline("miou_true", "mIoU of the classes in the ground truth"),
        Headline("mean_dice", "mean Dice"),
        PRIORITY_DICE,
        Headline("mean_acc", "mean accuracy"),
        Headline("pixel_acc", "pixel accuracy", monitored=True),
        Headline("foreground_acc", "foreground accuracy", monitored=True),
        Headline("object_recall", "object recall", monitored=True),
        Headline("object_precision", "object precision"),
        Headline("object_f1", "object F1", monitored=True),
        Headline("false_alarms", "false alarms per frame", higher=False),
        Headline("edge_case_rate", "share of edge cases", higher=False),
        ABS_REL,
        Headline("depth/rmse", "depth RMSE in m", monitored=True, higher=False),
        Headline("depth/delta1", "depth within 1.25", monitored=True),
    )
}
MONITORED = tuple(key for key, headline in HEADLINES.items() if headline.monitored)


def choose(*keys: str) -> tuple[Headline, ...]:
    """The headlines of these keys, in this order. Raises KeyError for one that is not in the list."""
    return tuple(HEADLINES[key] for key in keys)


def better(key: str, value: float, other: float) -> bool:
    """Whether a value of the metric `key` is better than another; the key may begin with `val/` or `test/`.

    Higher is better for a metric that is not in the list. NaN is never better.
    """
    headline = HEADLINES.get(key.removeprefix("val/").removeprefix("test/"))
    return value > other if headline is None or headline.higher else value < other


def worst(key: str) -> float:
    """The value that any other value of the metric `key` is better than: minus or plus infinity."""
    return -math.inf if better(key, 1, 0) else math.inf
