"""One image of an evaluation, scored."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

from eval.depth.measures import Floats, depth_sums
from eval.depth.records import depth_record
from eval.depth.scale import camera_of
from eval.edge_cases import edge_case
from eval.failures import Rule, failure_rows
from eval.predicted import Predicted
from eval.samples import Depth, Sample
from eval.stored import Mask, Size, enlarged, pack
from files.camera import Camera

Row = dict[str, object]


class JudgedClasses(NamedTuple):
    """The classes of an image: counts (C, C), what failed, and the mask, packed."""

    counts: Tensor
    row: Row
    failures: list[Row]
    shape: Size
    packed: bytes


class JudgedDepth(NamedTuple):
    """The depth of an image: its sums, and what was predicted (h, w), packed, for a frame of another ``shape``."""

    sums: Floats
    row: Row
    why: str
    shape: Size
    small: Size
    packed: bytes
    camera: Camera | None


class Judged(NamedTuple):
    """What is kept for each image; its position is that in the split."""

    position: int
    loss: float
    row: Row
    classes: JudgedClasses | None
    depth: JudgedDepth | None


def judge(predicted: Predicted, rule: Rule, focal: float) -> Judged:
    """The scores of an image. ``focal``: the focal length that the model has learned."""
    position, sample, mask, counts, loss, metres = predicted
    frame: Row = {"name": sample.name, "sequence": sample.sequence}
    classes = None if mask is None or counts is None else _classes(position, sample, mask, counts, rule)
    depth = None if metres is None else _depth(sample, metres, rule, focal)
    row = frame | (classes.row if classes else {"flagged": False, "why": ""})
    if depth:
        row |= depth.row
        row["flagged"] = bool(row["flagged"] or depth.why)
        row["why"] = "; ".join(filter(None, (str(row["why"]), depth.why)))
    return Judged(position, loss, row, classes, depth)


def _classes(position: int, sample: Sample, mask: Mask, counts: Tensor, rule: Rule) -> JudgedClasses:
    row, failed = edge_case(counts, mask, sample.mask, rule)
    frame = {"position": position, "name": sample.name, "sequence": sample.sequence}
    failures = [frame | one for one in failure_rows(failed, mask, sample.mask, rule)]
    height, width = mask.shape
    return JudgedClasses(counts, row, failures, (height, width), pack(mask))


def _depth(sample: Sample, metres: Depth, rule: Rule, focal: float) -> JudgedDepth:
    height, width = metres.shape
    shape = sample.frame_size
    found = metres if sample.depth is None else enlarged(metres, shape)
    sums = depth_sums(found, sample.depth, sample.mask, len(rule.class_names))
    row, why = depth_record(sums, rule)
    camera = camera_of(sample, (height, width), focal)
    return JudgedDepth(sums, {**row}, why, shape, (height, width), pack(metres.astype(np.float16)), camera)
