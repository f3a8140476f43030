"""The contact sheets of an evaluation: the worst frames, frames in which nothing was missed, and depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from eval.edge_cases import frames_found
from eval.evaluate import Evaluation, Samples
from eval.inference import resize_image
from eval.writers.colors import ERROR_COLORS, VOID_COLOR, Picture, error_map, overlay
from eval.writers.depth import UNKNOWN_COLOR, depth_error_picture, depth_picture, depth_scale, error_scale
from eval.writers.legend import class_entries, legend
from eval.writers.sheet import Row, contact_sheet, shrunk_panels, stacked
from files.headlines import PRIORITY_DICE
from files.whole import replacing

ROWS = 8
EFFORT = 1  # of 9, to pack a sheet: more makes it 8 % smaller and takes three times as long
LETTERS = 16  # height of those of a legend, which a page shows smaller
PANELS = ("Image", "Truth", "Prediction", "Error")
PANELS_WITHOUT_TRUTH = ("Image", "Prediction")

Record = dict[Any, Any]
RowOf = Callable[[int, Record], Row]  # from the position in the split, and the record


def write_sheets(folder: Path, evaluation: Evaluation, samples: Samples, colors: Picture) -> None:
    """Write worst.png, found.png and depth.png; one that would have no frame is removed: it is no longer true."""
    records, depth = evaluation.records, evaluation.depth
    worst, found, measured = records.head(0), records.head(0), records.head(0)
    if evaluation.has_classes:
        worst, found = records, frames_found(records).iloc[::-1]  # best first
    if depth:
        measured = records.dropna(subset="depth/abs_rel").sort_values("depth/abs_rel", ascending=False, kind="stable")
    of_classes = partial(_class_row, evaluation, samples, colors), partial(_class_key, evaluation, colors)
    of_depth = partial(_depth_row, evaluation, samples), _depth_key
    nothing_missed = "Frames with a priority class in which no object was missed, best first"
    _write(folder / "worst.png", "Worst frames", PANELS, worst, *of_classes)
    _write(folder / "found.png", nothing_missed, PANELS, found, *of_classes)
    if depth and not depth.known:
        _write(folder / "depth.png", "Depth, without truth", PANELS_WITHOUT_TRUTH, records, *of_depth)
    else:
        _write(folder / "depth.png", "Frames with the largest errors of depth", PANELS, measured, *of_depth)


def _write(
    path: Path,
    headline: str,
    panels: Sequence[str],
    records: pd.DataFrame,
    row: RowOf,
    key: Callable[[int], Image.Image],
) -> None:
    if records.empty:
        path.unlink(missing_ok=True)
        return
    rows = [row(int(str(position)), record) for position, record in records.head(ROWS).to_dict("index").items()]
    with replacing(path) as temporary:
        contact_sheet(headline, panels, rows, key).save(temporary, compress_level=EFFORT)


def _class_row(evaluation: Evaluation, samples: Samples, colors: Picture, position: int, record: Record) -> Row:
    sample, pred = samples[position], evaluation.predictions[position]
    score = "no priority class here" if np.isnan(record["priority_score"]) else f"{record['priority_score']:.2f}"
    note = record["why"] or f"present: {record['present'] or 'no priority class'}"
    height, width = sample.mask.shape
    image = np.asarray(Image.fromarray(sample.image).resize((width, height), Image.Resampling.BOX))
    truth, predicted = (overlay(image, mask, colors, opacity=0.75) for mask in (sample.mask, pred))
    error = error_map(image, sample.mask, pred, len(evaluation.class_names), evaluation.priority)
    panels = shrunk_panels([image, truth, predicted, error])
    return Row(f"{sample.name} · {PRIORITY_DICE.label} {score}", note, panels, bool(record["flagged"]))


def _class_key(evaluation: Evaluation, colors: Picture, width: int) -> Image.Image:
    """The classes, and below them what the colours of the error panel mean."""
    priority = evaluation.priority
    names = [f"{name} ★" if index in priority else name for index, name in enumerate(evaluation.class_names)]
    errors = [(f"error: {name}", color) for name, color in ERROR_COLORS.items()]
    classes = [*class_entries(names, colors), ("void", VOID_COLOR)]
    return stacked([legend(entries, width, LETTERS) for entries in (classes, errors)])


def _depth_row(evaluation: Evaluation, samples: Samples, position: int, record: Record) -> Row:
    assert evaluation.depth
    sample, depth = samples[position], evaluation.depth.predictions[position]
    panels, note = [resize_image(sample.image, sample.frame_size), depth_picture(depth)], ""
    if sample.depth is not None:
        panels = [panels[0], depth_picture(sample.depth), panels[1], depth_error_picture(depth, sample.depth)]
        why = [part for part in str(record["why"]).split("; ") if part.startswith("depth of")]
        note = "; ".join([f"AbsRel {record['depth/abs_rel']:.3f}, RMSE {record['depth/rmse']:.2f} m", *why])
    return Row(sample.name, note, shrunk_panels(panels), bool(record["depth_error"]))


def _depth_key(width: int) -> Image.Image:
    unknown = [("depth unknown", UNKNOWN_COLOR), ("error unknown", VOID_COLOR)]
    return stacked([depth_scale(width, LETTERS), error_scale(width, LETTERS), legend(unknown, width, LETTERS)])
