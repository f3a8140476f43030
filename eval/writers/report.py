"""The report of an evaluation: numbers, a table of the frames, charts, contact sheets, and a page that shows them."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eval.drives import drive_scores
from eval.edge_cases import frames_found
from eval.evaluate import Evaluation, Samples
from eval.writers.page import report_page
from eval.writers.plots import class_figure, confusion_figure, curves_figure
from eval.writers.sheet import Row, contact_sheet
from files.headlines import PRIORITY_DICE
from files.jsons import json_text
from files.whole import replacing, write_whole

SHEET_ROWS = 8
EFFORT = 1  # of 9, to pack a sheet: more makes it 8 % smaller and takes three times as long


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
            found.png where nothing was missed in a frame that has something, curves.png with a history, index.html.
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
    with replacing(folder / "per_image.csv") as path:
        evaluation.records.to_csv(path, index=False, float_format="%.6g")
    with replacing(folder / "objects.csv") as path:
        evaluation.failures.to_csv(path, index=False, float_format="%.6g")
    with replacing(folder / "drives.csv") as path:
        drive_scores(evaluation).to_csv(path, float_format="%.6g")
    with ThreadPoolExecutor(1) as beside:  # Pillow lets others compute
        sheets = beside.submit(_write_sheets, folder, evaluation, samples, colors)
        _write_charts(folder, evaluation, history)
        sheets.result()
    names = ("worst.png", "classes.png", "confusion.png", "curves.png", "found.png")
    pictures = [name for name in names if (folder / name).exists()]
    write_whole(folder / "index.html", report_page(title, metrics, evaluation, pictures))
    return folder / "index.html"


def _write_charts(folder: Path, evaluation: Evaluation, history: Sequence[Mapping[str, float]]) -> None:
    charts = {"confusion.png": confusion_figure, "classes.png": class_figure}
    for name, draw in charts.items():
        with replacing(folder / name) as path:
            draw(evaluation.confusion, evaluation.class_names, evaluation.priority).savefig(path)
    if history:
        with replacing(folder / "curves.png") as path:
            curves_figure(history).savefig(path)


def _write_sheets(folder: Path, evaluation: Evaluation, samples: Samples, colors: NDArray[np.uint8]) -> None:
    found = frames_found(evaluation.records).iloc[::-1]  # best first
    sheets = {
        "worst.png": ("Worst frames", evaluation.records.head(SHEET_ROWS)),
        "found.png": ("Frames with a priority class in which no object was missed, best first", found.head(SHEET_ROWS)),
    }
    for name, (headline, records) in sheets.items():
        _write_sheet(folder / name, headline, records, evaluation, samples, colors)


def _write_sheet(
    path: Path,
    headline: str,
    records: pd.DataFrame,
    evaluation: Evaluation,
    samples: Samples,
    colors: NDArray[np.uint8],
) -> None:
    """Draw the frames of ``records``; without any, an older sheet at ``path`` goes: it is no longer true."""
    if records.empty:
        path.unlink(missing_ok=True)
        return
    rows = []
    for position, record in records.to_dict("index").items():
        sample, pred = samples[int(str(position))], evaluation.predictions[int(str(position))]
        score = "no priority class here" if np.isnan(record["priority_score"]) else f"{record['priority_score']:.2f}"
        note = record["why"] or f"present: {record['present'] or 'no priority class'}"
        title = f"{sample.name} · {PRIORITY_DICE.label} {score}"
        rows.append(Row(title, note, sample.image, sample.mask, pred, bool(record["flagged"])))
    with replacing(path) as temporary:
        sheet = contact_sheet(headline, rows, evaluation.class_names, colors, evaluation.priority)
        sheet.save(temporary, compress_level=EFFORT)
