"""Charts of an evaluation: the confusion matrix, the scores of each class, and the epochs that led there."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from torch import Tensor

from eval.means import MEANS, headline_means
from eval.metrics import dice, iou
from files.headlines import MIOU, PRIORITY_DICE

INK = "#1f2933"
MUTED = "#7b8794"
PLAIN = "#b6c6d8"
PRIORITY = "#1d5fa8"
DEPTH = "#b4540a"
DELTA = "val/depth/delta1"


def confusion_figure(confusion: Tensor, class_names: Sequence[str], priority: Sequence[int] = ()) -> Figure:
    """Confusion matrix with rows normalised: what percentage of a true class's pixels got each prediction.

    Args:
        confusion: (C, C) counts, rows the target.
        class_names: C names.
        priority: indices of the classes whose names stand out.
    """
    count = len(class_names)
    totals = confusion.sum(1, keepdim=True).numpy()
    percent = np.where(totals > 0, 100 * confusion.numpy() / np.maximum(totals, 1), np.nan)  # (C, C)
    side = 2.6 + 0.56 * count if count <= 16 else 3.4 + 0.42 * count
    figure = empty_figure(side + 0.6, side)
    axes = figure.subplots()
    axes.set_facecolor("#eceff3")  # rows of classes that the split lacks
    picture = axes.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    _annotate(axes, percent, floor=0.5 if count <= 16 else 5)
    names = [f"{name} ★" if index in priority else name for index, name in enumerate(class_names)]
    axes.set_xticks(range(count), names, rotation=45, ha="right", rotation_mode="anchor", fontsize=10)
    axes.set_yticks(range(count), names, fontsize=10)
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        for index in priority:
            labels[index].set(color=PRIORITY, fontweight="bold")
    axes.set_xlabel("Prediction", fontsize=11, color=INK, labelpad=8)
    axes.set_ylabel("Truth", fontsize=11, color=INK, labelpad=8)
    axes.set_title(
        "Predicted classes of the pixels of each true class, in %", fontsize=13, color=INK, loc="left", pad=12
    )
    axes.set_xticks(np.arange(-0.5, count), minor=True)
    axes.set_yticks(np.arange(-0.5, count), minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(picture, ax=axes, shrink=0.7, aspect=30, pad=0.02)
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.ax.tick_params(length=0, labelsize=9, labelcolor=MUTED)
    return figure


def empty_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches with a margin around it, apart from pyplot's global state."""
    return Figure(figsize=(width, height), dpi=140, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))


def _annotate(axes: Axes, percent: np.ndarray, floor: float) -> None:
    """Write each percentage of at least ``floor`` into its cell; the diagonal always."""
    size = 9 if len(percent) <= 16 else 7
    for (row, column), value in np.ndenumerate(percent):
        if value >= floor or (row == column and not np.isnan(value)):
            color = "white" if value > 60 else INK
            weight = "bold" if row == column else "normal"
            axes.text(column, row, f"{value:.0f}", ha="center", va="center", color=color, fontsize=size, weight=weight)


def class_figure(confusion: Tensor, class_names: Sequence[str], priority: Sequence[int] = ()) -> Figure:
    """IoU (bar) and Dice (dot) of every class, best first; priority classes stand out, absent ones are named.

    Args:
        confusion: (C, C) counts, rows the target.
        class_names: C names.
        priority: indices of the priority classes.
    """
    ious, dices = iou(confusion), dice(confusion)
    order = sorted(range(len(class_names)), key=lambda c: -float(ious[c].nan_to_num(-1)))
    figure = empty_figure(8.5, 1.6 + 0.36 * len(order))
    axes = figure.subplots()
    for place, index in enumerate(order):
        if ious[index].isnan():
            axes.text(0.01, place, "absent from ground truth and prediction", va="center", fontsize=9, color=MUTED)
            continue
        color = PRIORITY if index in priority else PLAIN
        axes.barh(place, float(ious[index]), height=0.66, color=color)
        axes.plot(float(dices[index]), place, "o", color=INK, markersize=5, clip_on=False)
        axes.text(1.02, place, f"{ious[index]:.2f}", va="center", fontsize=10, color=INK, weight="bold")
        axes.text(1.10, place, f"{dices[index]:.2f}", va="center", fontsize=10, color=MUTED)
    axes.text(1.02, -0.9, "IoU", fontsize=9, color=INK, weight="bold")
    axes.text(1.10, -0.9, "Dice", fontsize=9, color=MUTED)
    names = [f"{class_names[c]} ★" if c in priority else class_names[c] for c in order]
    axes.set_yticks(range(len(order)), names, fontsize=10, color=INK)
    axes.set_ylim(len(order) - 0.5, -1.2)
    axes.set_xlim(0, 1)
    axes.set_xticks(np.arange(0, 1.01, 0.2))
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=INK)
    axes.spines[:].set_visible(False)
    means = headline_means(ious.cpu().numpy(), dices.cpu().numpy(), priority)
    figures = " · ".join(f"{each.label} {means[each.key]:.3f}" for each in (MIOU, PRIORITY_DICE))
    axes.set_title(f"IoU (bar) and Dice (dot) per class · {figures}", fontsize=12, color=INK, loc="left", pad=10)
    figure.supxlabel("★ priority class: its failure is a safety matter", fontsize=9, color=PRIORITY, x=0.02, ha="left")
    return figure


def curves_figure(history: Sequence[Mapping[str, float]]) -> Figure:
    """The loss of every epoch beside the scores on the validation split, where it was evaluated.

    Args:
        history: a row for each epoch with ``train/loss``, and maybe ``val/loss``, and the scores ``val/miou``,
            ``val/priority_dice``, ``val/depth/delta1``.
    """
    figure = empty_figure(8.5, 3.8)
    scores = {f"val/{key}": color for key, color in zip(MEANS, (INK, PRIORITY), strict=True)}
    if any(DELTA in row for row in history):
        scores = {key: color for key, color in scores.items() if key in history[-1]} | {DELTA: DEPTH}
    panels = {"Loss": {"train/loss": PLAIN, "val/loss": PRIORITY}, "Scores": scores}
    for axes, (title, colors) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        for key, color in colors.items():
            points = [(epoch, row[key]) for epoch, row in enumerate(history, 1) if np.isfinite(row.get(key, np.nan))]
            marker = "" if key == "train/loss" and len(points) > 1 else "o"
            places = zip(*points, strict=True) if points else ((), ())
            axes.plot(*places, color=color, marker=marker, ms=4, label=key, clip_on=False)
        axes.set_title(title, fontsize=12, color=INK, loc="left", pad=8)
        axes.set_xlabel("epoch", fontsize=10, color=MUTED)
        axes.set_xlim(0.5, len(history) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(color="#e4e7eb", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(length=0, labelcolor=INK)
        axes.spines[:].set_visible(False)
        axes.legend(frameon=False, fontsize=9)
    figure.get_axes()[0].set_ylim(bottom=0)
    figure.get_axes()[1].set_ylim(0, 1)
    return figure
