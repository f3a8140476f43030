"""The figures that stand for a whole evaluation: the one list that settings, tables, pages and W&B choose from.

It lies on the ground floor because every room names them. `eval` computes them.
"""

from __future__ import annotations

from typing import NamedTuple


class Headline(NamedTuple):
    """One figure.

    Attributes:
        key: of `metrics.json`; W&B has it under `val/` and `test/`.
        label: for people.
        monitored: whether the best weights may be chosen by it.
        higher: whether more is better.
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
        Headline("miou_true", "mIoU of the classes in the truth"),
        Headline("mean_dice", "mean Dice"),
        PRIORITY_DICE,
        Headline("mean_acc", "mean accuracy"),
        Headline("pixel_acc", "pixel accuracy", monitored=True),
        Headline("foreground_acc", "foreground accuracy", monitored=True),
        Headline("object_recall", "object recall", monitored=True),
        Headline("object_precision", "object precision"),
        Headline("object_f1", "object F1", monitored=True),
        Headline("false_alarms", "false alarms a frame", higher=False),
        Headline("edge_case_rate", "share of edge cases", higher=False),
    )
}
MONITORED = tuple(key for key, headline in HEADLINES.items() if headline.monitored)


def choose(*keys: str) -> tuple[Headline, ...]:
    """The headlines of these keys, in this order. Raises KeyError for one that is not in the list."""
    return tuple(HEADLINES[key] for key in keys)
