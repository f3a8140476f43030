"""The report of an evaluation: numbers, a table of the frames, charts, contact sheets, and a page that shows them."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eval.drives import drive_scores
from eval.evaluate import Evaluation, Samples
from eval.writers.page import report_page
from eval.writers.plots import class_figure, confusion_figure, curves_figure
from eval.writers.sheets import EFFORT, write_sheets
from files.jsons import json_text
from files.whole import replacing, write_whole

PNG = {"compress_level": EFFORT}
PICTURES = ("worst.png", "depth.png", "classes.png", "confusion.png", "curves.png", "found.png")


def write_report(
    evaluation: Evaluation,
    samples: Samples,
    folder: Path,
    *,
    colors: NDArray[np.uint8],
    title: str = "Evaluation",
    extra: Mapping[str, float | str] | None = None,
    history: Sequence[Mapping[str, float]] = (),
) -> Path:
    """Write the report of an evaluation; each file appears whole or not at all, older ones are replaced.

    Args:
        evaluation: what ``evaluate`` returned for ``samples``.
        samples: the split, for the images and true masks of the contact sheets.
        folder: made when missing. It gets metrics.json (flat keys, undefined scores null), per_image.csv (worst first),
            objects.csv (those that were missed, or are false), drives.csv, confusion.png, classes.png, worst.png,
            found.png where nothing was missed in a frame that has something, curves.png with a history, index.html;
            with depth depth.png, depth_classes.csv and depth_distances.csv. A model of depth alone has no charts of
            classes.
        colors: (C, 3) uint8 RGB of the classes.
        title: headline of the page.
        extra: further flat keys for metrics.json, such as those of ``measure_latency``.
        history: a row for each epoch of the training, as ``curves_figure`` takes them.

    Returns:
        The path of index.html.

    Raises:
        OSError: the folder cannot be written.
    """
    metrics = {**evaluation.metrics, **(extra or {})}
    write_whole(folder / "metrics.json", json_text(metrics))
    _write_tables(folder, evaluation)
    with ThreadPoolExecutor(1) as beside:  # Pillow lets others compute
        sheets = beside.submit(write_sheets, folder, evaluation, samples, colors)
        _write_charts(folder, evaluation, history)
        sheets.result()
    pictures = [name for name in PICTURES if (folder / name).exists()]
    write_whole(folder / "index.html", report_page(title, metrics, evaluation, pictures))
    return folder / "index.html"


def _write_tables(folder: Path, evaluation: Evaluation) -> None:
    tables = {"per_image.csv": evaluation.records, "objects.csv": evaluation.failures}
    for name, table in tables.items():
        _write_table(folder / name, table, index=False)
    _write_table(folder / "drives.csv", drive_scores(evaluation))
    if evaluation.depth:
        _write_table(folder / "depth_classes.csv", evaluation.depth.by_class())
        _write_table(folder / "depth_distances.csv", evaluation.depth.by_distance())


def _write_table(path: Path, table: pd.DataFrame, index: bool = True) -> None:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=index, float_format="%.6g")


def _write_charts(folder: Path, evaluation: Evaluation, history: Sequence[Mapping[str, float]]) -> None:
    charts = {"confusion.png": confusion_figure, "classes.png": class_figure} if evaluation.has_classes else {}
    for name, draw in charts.items():
        with replacing(folder / name) as path:
            draw(evaluation.confusion, evaluation.class_names, evaluation.priority).savefig(path, pil_kwargs=PNG)
    if history:
        with replacing(folder / "curves.png") as path:
            curves_figure(history).savefig(path, pil_kwargs=PNG)
