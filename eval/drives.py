"""An evaluation by drive: what holds on one street may not hold on another."""

import numpy as np
import pandas as pd

from eval.depth.measures import figures, flat
from eval.depth.records import SHOWN
from eval.evaluation import Evaluation
from eval.means import headline_means
from eval.objects import object_scores
from files.headlines import choose

MATCHING = [each.key for each in choose("object_recall", "object_precision", "object_f1", "false_alarms")]


def drive_scores(evaluation: Evaluation) -> pd.DataFrame:
    """A row for each drive, by name: frames, mIoU, priority Dice, objects, and the Dice of each priority class.

    Each figure follows from the counts over the drive's frames, as over the split; it is NaN if it is undefined. The
    index is the drive, which is empty for frames whose names have none. Depth adds its figures; without classes, it has
    those alone.
    """
    drives = evaluation.records.fillna({"sequence": ""}).groupby("sequence", sort=True)
    return pd.DataFrame({drive: _scores(records, evaluation) for drive, records in drives}).T.rename_axis("drive")


def _scores(records: pd.DataFrame, evaluation: Evaluation) -> dict[str, float]:
    frames, flagged = {"frames": float(len(records))}, {"edge_case_rate": float(records["flagged"].mean())}
    scores = _class_scores(records, evaluation) if evaluation.has_classes else frames | flagged
    if evaluation.depth:
        found = figures(evaluation.depth.frames[records.index].sum(0))
        scores |= flat({key: found[key] for key in SHOWN})
    return scores


def _class_scores(records: pd.DataFrame, evaluation: Evaluation) -> dict[str, float]:
    true, predicted, common = (
        np.array([records[f"pixels/{name}/{kind}"].sum() for name in evaluation.class_names], dtype=float)
        for kind in ("true", "predicted", "common")
    )
    names = [evaluation.class_names[index] for index in evaluation.priority]
    with np.errstate(invalid="ignore"):  # a class that neither side has: 0 / 0
        ious, dices = common / (true + predicted - common), 2 * common / (true + predicted)
    of_priority = dices[list(evaluation.priority)]
    matches = object_scores(records, names)
    return {
        "frames": len(records),
        **headline_means(ious, dices, evaluation.priority),
        **{key: matches[key] for key in MATCHING},
        "edge_case_rate": float(records["flagged"].mean()),
        **{f"dice/{name}": float(value) for name, value in zip(names, of_priority, strict=True)},
    }
