"""An evaluation as text for a terminal."""

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from eval.depth.measures import FIGURES
from eval.depth.records import SHOWN
from eval.drives import drive_scores
from eval.evaluate import Evaluation
from eval.noninferiority import LATENCY, Change
from files.headlines import HEADLINES, choose

DEPTH = "depth/"


def class_table(evaluation: Evaluation) -> str:
    """One line per class (★ marks the priority classes), then the figures over all classes; nothing without classes."""
    if not evaluation.has_classes:
        return ""
    keys = [key for key in HEADLINES if key in evaluation.metrics and not key.startswith(DEPTH)]
    width = max(len(name) for name in (*evaluation.class_names, *keys))
    lines = [f"  {'class':<{width}}  {'IoU':>6}  {'Dice':>6}  {'acc':>6}"]
    for index, name in enumerate(evaluation.class_names):
        mark = "★" if index in evaluation.priority else " "
        scores = "  ".join(_score(evaluation.metrics[f"{key}/{name}"]) for key in ("iou", "dice", "acc"))
        lines.append(f"{mark} {name:<{width}}  {scores}")
    figures = [f"  {key:<{width}}  {_score(evaluation.metrics[key])}" for key in keys]
    return "\n".join([*lines, "", *figures])


def depth_table(evaluation: Evaluation) -> str:
    """One line for each class that has pixels with a true depth, for each distance, and for all; nothing without."""
    if evaluation.depth is None or not evaluation.depth.known:
        return ""
    by_class = evaluation.depth.by_class()
    marks = ["★ " if index in evaluation.priority else "  " for index in range(len(by_class))]
    rows = [(mark + str(name), row) for mark, (name, row) in zip(marks, by_class.iterrows(), strict=True)]
    rows = [(name, row) for name, row in rows if row["pixels"]]
    rows += [(f"  {name}", row) for name, row in evaluation.depth.by_distance().iterrows()]
    rows.append(("  all", pd.Series({key: evaluation.metrics[DEPTH + key] for key in FIGURES})))
    width = max(len(name) for name, _ in rows)
    lines = [f"{'  depth':<{width}}  {'  '.join(f'{label:>9}' for label in FIGURES.values())}"]
    lines += [f"{name:<{width}}  {'  '.join(f'{_score(row[key]):>9}' for key in FIGURES)}" for name, row in rows]
    return "\n".join(lines)


def drive_table(evaluation: Evaluation) -> str:
    """One line for each drive; nothing where all frames are of one, or none has a drive."""
    drives = drive_scores(evaluation)
    if len(drives) < 2:
        return ""
    shown = [each.key for each in choose("miou", "priority_dice", "object_f1", "false_alarms")]
    columns = [key for key in (*shown, *(DEPTH + key for key in SHOWN)) if key in drives]
    width = max(len(str(name)) for name in (*drives.index, "drive"))
    lines = [f"  {'drive':<{width}}  frames  {'  '.join(f'{column:>13}' for column in columns)}"]
    for name, row in drives.iterrows():
        lines.append(f"  {name:<{width}}  {row['frames']:6.0f}  {'  '.join(f'{_score(row[c]):>13}' for c in columns)}")
    return "\n".join(lines)


def figures_table(figures: Mapping[str, float | str]) -> str:
    """Flat keys and their values, one a line."""
    width = max(len(key) for key in figures)
    return "\n".join(
        f"{key:<{width}}  {value:.4g}" if isinstance(value, float) else f"{key:<{width}}  {value}"
        for key, value in figures.items()
    )


def change_table(changes: Iterable[Change]) -> str:
    """One line for each figure: of both models, the difference with its interval and margin, and the answer."""
    changes = list(changes)
    width = max(len(change.key) for change in changes)
    lines = [f"{'':<{width}}  candidate  production  difference  {'interval':<18}  margin  answer"]
    for change in changes:
        show = _milliseconds if change.key == LATENCY else _figure
        after, before, difference = map(show, (change.after, change.before, change.after - change.before))
        bounds = [show(bound) for bound in (change.low, change.high)]
        interval = f"[{', '.join(bounds)}]" if math.isfinite(change.low) else "–"
        margin = show(change.margin)
        figures = f"{after:>9}  {before:>10}  {difference:>10}  {interval:<18}  {margin:>6}"
        lines.append(f"{change.key:<{width}}  {figures}  {change.answer}")
    return "\n".join(lines)


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _milliseconds(value: float) -> str:
    return f"{value:.1f}"


def _score(value: float) -> str:
    return f"{'–':>6}" if math.isnan(value) else f"{value:6.3f}"
