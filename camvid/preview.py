"""Pictures of what a training will see: the weight of each class in the loss, and a sample of augmented frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from camvid.augmented import TrainFrames, WholeFrames
from camvid.stats_plot import name_classes
from camvid.taxonomy import IGNORE_INDEX, Taxonomy

BEFORE, AFTER = "#9fb3c8", "#1f5f99"
LEGEND_COLUMNS = 11
FRAMES, DRAWS = 4, 3  # frames in the sample, and augmentations of each
SEED = 20  # for the sample only; the training has a seed of its own
TITLES = ("draw {}", "with its mask", "with its depth: yellow 2 m, dark 80 m, grey unknown")
REACH = (2, 80)  # metres, canonical
DEPTH = colormaps["viridis_r"].with_extremes(bad="0.6")  # as reports show depth
PNG = {"compress_level": 1}  # of 9: half the time of drawing would be spent on smaller files
SHOWN = 320  # width of a picture in the sample, in pixels


def write_preview(
    folder: Path, frames: Dataset[tuple[Tensor, ...]], taxonomy: Taxonomy, weights: NDArray[np.float32] | None
) -> dict[str, Path]:
    """Write the pictures into `folder`, and return their paths by name.

    Args:
        folder: is made if it is missing. It gets augmentation.png, and class_weights.png if there are labels.
        frames: the training frames with their augmentation.
        taxonomy: the classes.
        weights: (C,) weights of the classes in the loss. None means that all pixels have the same weight.
    """
    assert isinstance(frames, TrainFrames | WholeFrames)  # the two data sets of `train_loader`
    folder.mkdir(parents=True, exist_ok=True)
    counts = frames.frames.counts.sum(0)
    figures = {"class_weights": weight_figure(taxonomy, counts, weights)} if counts.any() else {}
    figures["augmentation"] = augmentation_figure(frames, taxonomy)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", pil_kwargs=PNG)
    return {name: folder / f"{name}.png" for name in figures}


def weight_figure(taxonomy: Taxonomy, counts: NDArray[np.int64], weights: NDArray[np.float32] | None) -> Figure:
    """Share of each class in the labelled pixels, and its share of the weights in the loss.

    Args:
        taxonomy: the classes.
        counts: (C,) pixels of each class in the train split.
        weights: (C,) weights. None leaves out the second bar.
    """
    figure = _figure(9, 1.5 + 0.36 * taxonomy.num_classes)
    axes = figure.subplots()
    bars = {"share of the labelled pixels": (counts / max(1, counts.sum()), BEFORE)}
    if weights is not None:
        weighted = counts * weights
        bars["share of the loss's weight"] = (weighted / max(weighted.sum(), 1e-9), AFTER)
    height = 0.8 / len(bars)
    for number, (label, (shares, color)) in enumerate(bars.items()):
        at = np.arange(len(shares)) + (number - (len(bars) - 1) / 2) * height
        axes.barh(at, shares, height, color=color, label=label)
    smallest = min(shares[shares > 0].min(initial=0.1) for shares, _ in bars.values())
    axes.set(xscale="log", xlim=(10 ** np.floor(np.log10(smallest)), 1), xlabel="share, logarithmic")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    name_classes(axes, taxonomy.names, taxonomy)
    title = "Classes of the train split before and after weighting" if len(bars) > 1 else "Classes of the train split"
    figure.suptitle(f"{title} (bold: priority classes)", fontsize="medium")
    figure.legend(loc="outside lower center", ncols=len(bars), frameon=False)
    return figure


def augmentation_figure(frames: TrainFrames | WholeFrames, taxonomy: Taxonomy) -> Figure:
    """Some frames, and beside each a few augmentations of it: the image, the image under its mask, and its depth.

    Args:
        frames: the training frames with their augmentation. The choice of frames and draws is always the same.
        taxonomy: colours and names of the classes, for the legend.
    """
    chosen = np.linspace(0, len(frames) - 1, min(FRAMES, len(frames)), dtype=int).tolist()
    height, width = frames.frames.size
    titles = TITLES if frames.frames.depth else TITLES[:2]
    figure = _figure(2.3 * (1 + len(titles) * DRAWS), 0.5 + 2.3 * height / width * len(chosen))
    grid = figure.subplots(len(chosen), 1 + len(titles) * DRAWS, squeeze=False)
    for row, index in zip(grid, chosen, strict=True):
        _show(row[0], frames.frames.read(index)[0])
        for draw, columns in enumerate(row[1:].reshape(DRAWS, len(titles))):
            _show_parts(columns, [np.asarray(part) for part in frames.parts((SEED + draw, index))], taxonomy)
    for column, axes in enumerate(grid[0][1:]):
        draw, place = divmod(column, len(titles))
        axes.set_title(titles[place].format(draw + 1), fontsize=10, loc="left")
    grid[0][0].set_title("frame", fontsize=10, loc="left")
    swatches = [
        Patch(color=color, label=name) for name, color in zip(taxonomy.names, taxonomy.colors / 255, strict=True)
    ]
    figure.legend(handles=swatches, loc="outside lower center", ncols=min(LEGEND_COLUMNS, len(swatches)), frameon=False)
    return figure


def _show_parts(columns: NDArray[np.object_], parts: Sequence[NDArray[Any]], taxonomy: Taxonomy) -> None:
    """Image (3, h, w), mask (h, w) and, if there is one, canonical depth (h, w)."""
    picture = np.ascontiguousarray(parts[0].transpose(1, 2, 0))  # (h, w, 3)
    _show(columns[0], picture)
    _show(columns[1], _overlay(picture, parts[1], taxonomy))
    for axes, depth in zip(columns[2:], parts[2:], strict=True):
        axes.imshow(depth, cmap=DEPTH, norm=LogNorm(*REACH, clip=True), interpolation="nearest")
        axes.set_axis_off()


def _overlay(image: NDArray[np.uint8], mask: NDArray[np.uint8], taxonomy: Taxonomy) -> NDArray[np.uint8]:
    palette = np.zeros((IGNORE_INDEX + 1, 3), np.uint8)
    palette[: taxonomy.num_classes] = taxonomy.colors
    return np.asarray(0.35 * image + 0.65 * palette[mask], np.uint8)


def _show(axes: Axes, picture: NDArray[np.uint8]) -> None:
    height, width = picture.shape[:2]
    if width > SHOWN:  # the figure has fewer pixels; cv2 resizes faster than matplotlib
        picture = np.asarray(
            cv2.resize(picture, (SHOWN, SHOWN * height // width), interpolation=cv2.INTER_AREA), np.uint8
        )
    axes.imshow(picture)
    axes.set_axis_off()


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), dpi=110, layout=ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.04))
