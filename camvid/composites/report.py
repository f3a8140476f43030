"""The report of a conversion: a CSV file of colours, classes and their sizes, and a picture with a sample."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray
from PIL import Image

from camvid.composites.files import Composite, read_halves
from camvid.composites.palette import Palette
from camvid.taxonomy import IGNORE_INDEX, VOID_COLOR, VOID_NAME

SAMPLE = 4  # files shown
INK, MUTED = "#1f2933", "#7b8794"


def write_report(folder: Path, composites: Sequence[Composite], palette: Palette, counts: NDArray[np.int64]) -> None:
    """Write composites.csv and composites.png into a converted data set.

    Args:
        folder: the data set.
        composites: the files that it was made from.
        palette: its colours and classes.
        counts: (N, P) pixels of each colour in each file.
    """
    shares, images = counts.sum(0) / counts.sum(), (counts > 0).sum(0)
    with (folder / "composites.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["class", "color", "r", "g", "b", "pixels", "pixel_share", "images", "image_share"])
        for kind, colors in _classes(palette):
            for index in colors:
                name, color = list(palette.colors.items())[index]
                size = [counts[:, index].sum(), f"{shares[index]:.6f}", images[index]]
                writer.writerow([kind, name, *color, *size, f"{images[index] / len(counts):.6f}"])
    figure = Figure(figsize=(13, max(7.0, 1.5 + 0.3 * len(palette.colors))), dpi=100, layout=ConstrainedLayoutEngine())
    halves = figure.add_gridspec(1, 2, width_ratios=(1.3, 1))
    _draw_colors(figure.add_subfigure(halves[0]), palette, shares)
    _draw_sample(figure.add_subfigure(halves[1]), folder, composites, palette)
    figure.savefig(folder / "composites.png")


def _classes(palette: Palette) -> list[tuple[str, list[int]]]:
    """For each class, the positions of its colours in the palette. If there are void colours, they come last."""
    places = {name: place for place, name in enumerate(palette.colors)}
    groups = [
        (name, [places[source] for source in palette.taxonomy.groups[name] if source in places])
        for name in palette.taxonomy.names
    ]
    void = [place for name, place in places.items() if name not in palette.taxonomy.sources]
    return [*groups, (VOID_NAME, void)] if void else groups


def _draw_colors(figure: SubFigure, palette: Palette, shares: NDArray[np.float64]) -> None:
    """A bar for each colour, below the name of its class."""
    axes = figure.subplots()
    names, priority = list(palette.colors), {palette.taxonomy.names[index] for index in palette.taxonomy.priority}
    floor = 10.0 ** np.floor(np.log10(min(0.01, shares[shares > 0].min(initial=0.01))))
    ticks, place = [], 0.0
    for kind, colors in _classes(palette):
        begin = place
        for index in colors:
            color = palette.table[index] / 255
            axes.barh(place, max(shares[index], floor), 0.84, color=color, edgecolor=MUTED, linewidth=0.5)
            text = f" {names[index]}   {100 * shares[index]:.2g} %"
            axes.text(max(shares[index], floor), place, text, va="center", fontsize=8.5, color=INK)
            place += 1
        ticks.append(((begin + place - 1) / 2, kind))
        place += 0.6
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks], fontsize=10, color=INK)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in priority else "normal")
    axes.set(xscale="log", xlim=(floor, 12), ylim=(place - 0.8, -0.8), xticks=10.0 ** np.arange(np.log10(floor), 1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.minorticks_off()
    axes.tick_params(length=0, labelcolor=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_bounds(floor, 1)
    axes.set_xlabel("share of pixels, logarithmic", fontsize=9, color=MUTED)
    title = f"{len(palette.colors)} colours in {palette.taxonomy.num_classes} classes (bold: priority classes)"
    axes.set_title(title, loc="left", fontsize=12, color=INK)


def _draw_sample(figure: SubFigure, folder: Path, composites: Sequence[Composite], palette: Palette) -> None:
    """For some files: the photo, the label as it came, and the classes that were derived."""
    shown = [composites[index] for index in np.linspace(0, len(composites) - 1, SAMPLE).astype(int)]
    grid = figure.subplots(SAMPLE, 3)
    sources = palette.taxonomy.sources
    classes = np.array([sources.get(name, IGNORE_INDEX) for name in palette.colors])
    colors = np.full((IGNORE_INDEX + 1, 3), VOID_COLOR, np.uint8)
    colors[: palette.taxonomy.num_classes] = palette.taxonomy.colors
    for row, composite in zip(grid, shown, strict=True):
        photo, label = read_halves(composite.path)
        with Image.open(folder / f"{composite.split}_labels" / f"{composite.name}_L.png") as picture:
            derived = colors[classes[np.asarray(picture)]]
        for axes, half in zip(row, (photo, label, derived), strict=True):
            axes.imshow(half)
            axes.set_axis_off()
        row[0].set_title(composite.name, loc="left", fontsize=8, color=MUTED)
    for axes, title in zip(grid[0], (f"photo {shown[0].name}", "label as it came", "classes derived"), strict=True):
        axes.set_title(title, loc="left", fontsize=8, color=INK)
