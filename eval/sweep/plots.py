"""Charts of a sweep: importance, parallel coordinates, quality against cost, and the best value over the runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eval.sweep.effects import WIDE
from eval.sweep.importance import Importances
from eval.sweep.record import SweepRecord, text_of
from eval.sweep.tables import LATENCY, SIZE, front_table
from eval.writers.plots import INK, MUTED, PLAIN, PRIORITY, empty_figure

TICKS = 5  # on the axis of a number that has more values
RISES, FALLS = "#1d5fa8", "#c2571a"
COLORS = ["#1d5fa8", "#c2571a", "#2f855a", "#8a4fbf", "#b7791f", "#c53030", "#2c7a7b", "#4a5568"]
COST_NAMES = {LATENCY: "latency, ms per image", SIZE: "size, MB"}


def importance_figure(found: Importances) -> Figure:
    """A bar for each parameter; blue where larger values raise the metric, orange where they lower it."""
    figure = empty_figure(8.5, 1.5 + 0.42 * len(found.rows))
    axes = figure.subplots()
    for place, row in enumerate(found.rows):
        color = PLAIN if row.correlation is None else RISES if row.correlation > 0 else FALLS
        axes.barh(place, row.value, height=0.62, color=color, alpha=1.0 if row.stands_out else 0.45)
        note = "choice" if row.correlation is None else f"correlation {row.correlation:+.2f}"
        note += "" if row.stands_out else " · not distinguishable from chance"
        axes.annotate(
            note, (row.value, place), (6, 0), textcoords="offset points", va="center", fontsize=9, color=MUTED
        )
    axes.set_yticks(range(len(found.rows)), [row.parameter for row in found.rows], fontsize=10)
    axes.set_ylim(len(found.rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.5 * (max(row.value for row in found.rows) or 1.0))
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= 1])
    axes.set_xlabel("share of the explained variance, alone and together with other parameters", fontsize=10, color=INK)
    title = f"Importance over {found.runs} runs · {found.explained:.2f} of the variance is explained"
    axes.set_title(title, fontsize=12, color=INK, loc="left", pad=10)
    _clean(axes, grid="x")
    return figure


def parallel_figure(sweep: SweepRecord) -> Figure | None:
    """One line a run through its settings to its metric, dashed where it was stopped early; None if none differ."""
    runs = sorted(sweep.judged(), key=sweep.score, reverse=not sweep.maximise)  # the best on top
    names = [name for name in sweep.parameters if len({text_of(run.settings.get(name)) for run in runs}) > 1]
    if not names:
        return None
    scores = [sweep.score(run) for run in runs]
    axis_values = [[run.settings.get(name) for run in runs] for name in names] + [scores]
    figure = empty_figure(max(8.5, 1.9 * len(axis_values)), 5.4)
    axes = figure.subplots()
    scale, colors = Normalize(min(scores), max(scores)), colormaps["viridis_r" if sweep.maximise else "viridis"]
    places = np.array([_axis(axes, x, values) for x, values in enumerate(axis_values)])  # (axes, runs)
    for number, run in enumerate(runs):
        style = "--" if run.state == "killed" else "-"
        line = _smooth(places[:, number] + 0.012 * _spread(number))
        axes.plot(*line, style, color=colors(scale(scores[number])), linewidth=1.8, alpha=0.85)
    axes.set_xticks(range(len(axis_values)), [*names, sweep.metric], fontsize=11, color=INK, weight="bold")
    axes.xaxis.tick_top()
    axes.set_yticks([])
    axes.set_xlim(-0.25, len(axis_values) - 0.55)
    axes.set_ylim(-0.06, 1.06)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(ScalarMappable(scale, colors), ax=axes, shrink=0.8, aspect=30, pad=0.01)
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.ax.tick_params(length=0, labelsize=9, labelcolor=MUTED)
    figure.supxlabel("one line per run; dashed: stopped early", fontsize=9, color=MUTED, x=0.02, ha="left")
    return figure


def tradeoff_figure(sweep: SweepRecord) -> Figure | None:
    """The metric against latency and size, the runs that none beats joined by a line; None if none is measured."""
    runs = [run for run in sweep.ranked() if LATENCY in run.metrics and SIZE in run.metrics]
    if not runs:
        return None
    backbones = list(dict.fromkeys(str(run.settings.get("backbone")) for run in runs))
    figure = empty_figure(11, 4.8)
    for axes, cost in zip(figure.subplots(1, 2, sharey=True), (LATENCY, SIZE), strict=True):
        front = front_table(sweep, cost)
        where = "post" if sweep.maximise else "pre"
        axes.step(front[cost], front[sweep.metric], where=where, color=MUTED, linewidth=1.2, label="Pareto front")
        for number, backbone in enumerate(backbones):
            points = [run for run in runs if str(run.settings.get("backbone")) == backbone]
            costs = [run.metrics[cost] for run in points]
            color = COLORS[number % len(COLORS)]
            axes.scatter(costs, [sweep.score(run) for run in points], 46, color=color, label=backbone, zorder=3)
        axes.set_xlabel(COST_NAMES[cost], fontsize=10, color=INK)
        if max(run.metrics[cost] for run in runs) > WIDE * min(run.metrics[cost] for run in runs):
            axes.set_xscale("log")
        _clean(axes, grid="both")
    figure.axes[0].set_ylabel(sweep.metric, fontsize=10, color=INK)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=9)
    return figure


def progress_figure(sweep: SweepRecord) -> Figure:
    """Each run's metric in the order of the runs, and the best of the finished ones so far."""
    figure = empty_figure(8.5, 3.6)
    axes = figure.subplots()
    judged = {run.id for run in sweep.judged()}
    known = [(number, run) for number, run in enumerate(sweep.runs, 1) if run.id in judged]
    finished = [(number, sweep.score(run)) for number, run in known if run.state == "finished"]
    stopped = [(number, sweep.score(run)) for number, run in known if run.state == "killed"]
    for points, label, marker in ((stopped, "stopped early", "x"), (finished, "finished", "o")):
        if points:
            axes.plot(*zip(*points, strict=True), marker, color=PRIORITY, label=label, markersize=6)
    best = accumulate((score for _, score in finished), max if sweep.maximise else min)
    axes.step(
        [number for number, _ in finished], list(best), where="post", color=MUTED, linewidth=1.2, label="best so far"
    )
    axes.set_xlabel("run", fontsize=10, color=INK)
    axes.set_ylabel(sweep.metric, fontsize=10, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=9)
    _clean(axes, grid="y")
    return figure


def _axis(axes: Axes, x: int, values: Sequence[Any]) -> list[float]:
    """Draws one axis of parallel coordinates; the height in [0, 1] of each run's value on it."""
    axes.axvline(x, color="#cbd2d9", linewidth=1, zorder=0)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        numbers = np.array(values, dtype=float)
        wide = numbers.min() > 0 and numbers.max() >= WIDE * numbers.min()
        code = np.log(numbers) if wide else numbers
        ticks = np.unique(code) if len(np.unique(code)) <= TICKS else np.linspace(code.min(), code.max(), TICKS)
        places = (code - code.min()) / (np.ptp(code) or 1.0)
        heights = (ticks - code.min()) / (np.ptp(code) or 1.0)
        labels = [(text_of(float(tick)), y) for tick, y in zip(np.exp(ticks) if wide else ticks, heights, strict=True)]
    else:
        texts = [text_of(value) for value in values]
        choices = sorted(set(texts))
        height = {choice: index / max(1, len(choices) - 1) for index, choice in enumerate(choices)}
        places = np.array([height[text] for text in texts])
        labels = list(height.items())
    for text, y in labels:
        box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1}
        axes.text(x + 0.03, y, text, fontsize=8.5, color=INK, va="center", bbox=box, zorder=4)
    return list(places)


def _smooth(heights: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A curve that is level at every axis: points (x, y) through the heights at 0, 1, 2, …"""
    steps = np.linspace(0, 1, 24)
    ease = steps**2 * (3 - 2 * steps)
    y = np.concatenate([low + (high - low) * ease for low, high in pairwise(heights)])
    x = np.concatenate([index + steps for index in range(len(heights) - 1)])
    return x, y


def _spread(number: int) -> float:
    """A small offset in [-1, 1], so that runs with equal choices do not hide each other."""
    return (number * 0.618) % 1 * 2 - 1


def _clean(axes: Axes, grid: str) -> None:
    axes.grid(axis=grid, color="#e4e7eb", linewidth=0.8)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=INK, labelsize=9)
    axes.spines[:].set_visible(False)
