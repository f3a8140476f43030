"""The headline metrics of an evaluation, in one list from which settings, tables, pages and W&B choose.

The list is in `files/` because every room uses it. `eval` computes the metrics.
"""

from __future__ import annotations

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
    )
}
MONITORED = tuple(key for key, headline in HEADLINES.items() if headline.monitored)


def choose(*keys: str) -> tuple[Headline, ...]:
    """The headlines of these keys, in this order. Raises KeyError for one that is not in the list."""
    return tuple(HEADLINES[key] for key in keys)
