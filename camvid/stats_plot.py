"""The plot of class frequencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import ScaledTranslation

from camvid.stats import ClassFrequency, Row, frequency_rows
from camvid.taxonomy import VOID_NAME, Taxonomy

SHADES = {"train": "#1f3b57", "val": "#4f8fc0", "test": "#e0a030"}


def plot_frequency(path: Path, taxonomy: Taxonomy, frequencies: Mapping[str, ClassFrequency], title: str) -> None:
    """Write a PNG: for each class, its share of the pixels (logarithmic) and the share of images that show it."""
    rows = list(frequency_rows(taxonomy, frequencies))
    names = (*taxonomy.names, VOID_NAME)
    figure = Figure(figsize=(11, 1.2 + 0.34 * len(names)), layout=ConstrainedLayoutEngine(wspace=0.05))
    pixels, images = figure.subplots(1, 2, sharey=True)
    _bars(pixels, rows, "pixel_share", list(frequencies))
    _bars(images, rows, "image_share", list(frequencies))
    smallest = min((row.pixel_share for row in rows if row.pixels), default=1.0)
    pixels.set(
        xscale="log", xlim=(10 ** np.floor(np.log10(min(smallest, 0.1))), 1), xlabel="share of pixels, logarithmic"
    )
    images.set(xlim=(0, 1), xlabel="share of images that show the class")
    for axes in (pixels, images):
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    name_classes(pixels, names, taxonomy)
    images.tick_params(axis="y", length=0, labelleft=False)
    figure.suptitle(f"{title} (bold: priority classes)", fontsize="medium")
    handles, labels = images.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.savefig(path, dpi=120)


def _bars(axes: Axes, rows: list[Row], field: str, splits: list[str]) -> None:
    height = 0.8 / len(splits)
    for i, split in enumerate(splits):
        shares = np.array([getattr(row, field) for row in rows if row.split == split])
        at = np.arange(len(shares)) + (i - (len(splits) - 1) / 2) * height
        axes.barh(at, np.nan_to_num(shares), height, color=SHADES[split], label=split)
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def name_classes(axes: Axes, names: Sequence[str], taxonomy: Taxonomy) -> None:
    """Writes class names beside their colours down the axis, priority classes in bold. Void is last, if it is named."""
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, pad=20)
    axes.set_ylim(len(names) - 0.4, -0.6)
    colors = [*(taxonomy.colors / 255), (0.0, 0.0, 0.0)]
    assert axes.figure is not None
    beside = axes.get_yaxis_transform() + ScaledTranslation(-12 / 72, 0, axes.figure.dpi_scale_trans)
    for index, color in enumerate(colors[: len(names)]):
        axes.plot(0, index, "s", color=color, markersize=9, transform=beside, clip_on=False)
    for index in taxonomy.priority:
        axes.get_yticklabels()[index].set_fontweight("bold")
