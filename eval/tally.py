"""What an evaluation gathers, image by image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from eval.depth.found import DepthFound
from eval.depth.measures import BANDS, SUMS, Floats
from eval.edge_cases import rank
from eval.evaluation import Evaluation
from eval.failures import Rule, failure_table
from eval.judged import Judged, JudgedClasses, JudgedDepth
from eval.metrics import summarize
from eval.objects import object_scores
from eval.stored import StoredDepths, StoredMasks
from files.camera import Camera


class Tally:
    """The sums, the records and the predictions of a split.

    Args:
        count: images of the split.
        rule: what is judged.
        background: indices of the classes that ``foreground_acc`` leaves out.
    """

    def __init__(self, count: int, rule: Rule, background: Sequence[int]):
        classes = len(rule.class_names)
        self.count, self.rule, self.background = count, rule, background
        self.confusion = torch.zeros(classes, classes, dtype=torch.int64)
        self.rows: dict[int, dict[str, object]] = {}
        self.losses: dict[int, float] = {}
        self.failures: list[dict[str, object]] = []
        self.masks = StoredMasks(0)
        self.depths = StoredDepths(0)
        self.depth_sum = np.zeros((classes + 1, len(BANDS), SUMS))
        self.frame_sums: dict[int, Floats] = {}
        self.cameras: dict[int, Camera] = {}

    def add(self, one: Judged) -> None:
        """Take an image, which is new."""
        self.rows[one.position], self.losses[one.position] = one.row, one.loss
        if one.classes:
            self._add_classes(one.position, one.classes)
        if one.depth:
            self._add_depth(one.position, one.depth)

    def _add_classes(self, position: int, found: JudgedClasses) -> None:
        self.masks = self.masks or StoredMasks(self.count)
        self.confusion += found.counts
        self.failures += found.failures
        self.masks.store(position, found.shape, found.packed)

    def _add_depth(self, position: int, found: JudgedDepth) -> None:
        self.depths = self.depths or StoredDepths(self.count)
        self.depth_sum += found.sums
        self.frame_sums[position] = found.sums.sum((0, 1))
        self.depths.store(position, found.shape, found.small, found.packed)
        if found.camera:
            self.cameras[position] = found.camera

    def evaluation(self, *, with_loss: bool) -> Evaluation:
        """What the images together give; ``with_loss``: a loss was computed."""
        assert len(self.rows) == self.count, f"{len(self.rows)} images seen, the split has {self.count}"
        names, priority = self.rule.class_names, self.rule.priority
        records = rank(self.rows[position] for position in range(self.count))
        depth = self._depth()
        metrics = summarize(self.confusion, names, priority, self.background) if self.masks else {}
        metrics["edge_case_rate"] = float(records["flagged"].mean())
        if self.masks:
            metrics |= object_scores(records, [names[index] for index in priority])
        if with_loss:
            metrics["loss"] = sum(self.losses[position] for position in range(self.count)) / self.count
        metrics |= depth.metrics if depth else {}
        failures = failure_table(self.failures)
        given = tuple(names), tuple(priority), self.rule.threshold
        return Evaluation(self.confusion, metrics, records, failures, self.masks, *given, depth)

    def _depth(self) -> DepthFound | None:
        if not self.depths:
            return None
        return DepthFound(
            self.depth_sum,
            np.stack([self.frame_sums[position] for position in range(self.count)]),
            self.depths,
            self.cameras,
            tuple(self.rule.class_names),
            self.rule.depth_threshold,
        )
