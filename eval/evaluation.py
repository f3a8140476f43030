"""What an evaluation gives."""

from dataclasses import dataclass

import pandas as pd
from torch import Tensor

from eval.depth.found import DepthFound
from eval.stored import Size, StoredMasks


@dataclass(frozen=True)
class Evaluation:
    """What a model reached on a split.

    Attributes:
        confusion: (C, C) int64 over the split, rows the target; nothing is counted if no classes are predicted.
        metrics: ``summarize``'s flat keys, ``edge_case_rate`` and what ``object_scores`` gives; NaN where undefined;
            ``loss`` besides, where one was given, and ``DepthFound.metrics`` where depth was predicted.
        records: the edge-case table, worst first; its index is the image's position in the split.
        failures: a row for each object that is missed or false, what weighs most first: ``name`` and ``sequence`` of
            the image, ``kind`` (missed or false), ``class``, ``size``, ``pixels``, ``weight`` (pixels weighed by
            class), ``overlap`` (the share found, or true), ``instead`` (what it was taken for, or is in truth) and its
            box ``x``, ``y``, ``width``, ``height``; its index is the image's position in the split.
        predictions: (H, W) uint8 masks in the order of the split: ``predictions[records.index[0]]`` is the worst's.
            They lie in a temporary file, and each is read when it is asked for. Empty if no classes are predicted.
        class_names: C names.
        priority: indices of the priority classes.
        threshold: the share below which an object counts as missed, or false.
        depth: what was found about depth; None if the model predicts none.
    """

    confusion: Tensor
    metrics: dict[str, float]
    records: pd.DataFrame
    failures: pd.DataFrame
    predictions: StoredMasks
    class_names: tuple[str, ...]
    priority: tuple[int, ...]
    threshold: float
    depth: DepthFound | None = None

    @property
    def has_classes(self) -> bool:
        """Whether the model predicts classes; one that predicts only depth has none."""
        return len(self.predictions) > 0

    @property
    def shapes(self) -> list[Size]:
        """Height and width of each prediction, in the order of the split."""
        return self.predictions.shapes if self.depth is None else self.depth.predictions.shapes
