"""Quality against size of several models, in one picture whose labels do not cover each other."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Bbox

from eval.ranking import Ranked, Target
from eval.writers.plots import INK, MUTED, PLAIN, PRIORITY
from files.headlines import MIOU

# Where a label may stand, in points from its dot; the first that is free is taken.
AROUND = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
LINE = {"arrowstyle": "-", "color": PLAIN, "shrinkA": 0, "shrinkB": 3}  # from a label that stands further off
PLACES = [(dx * step, dy * step) for step in (9, 15, 23, 33, 46, 62, 82) for dx, dy in AROUND]


def ranking_figure(models: Sequence[Ranked], target: Target) -> Figure:
    """Mean IoU over the size of the file (logarithmic); dots grow with the time for an image; what suits is filled.

    Args:
        models: those that were evaluated; at least one.
        target: whose limits are drawn.
    """
    figure = Figure(figsize=(9, 5.6), dpi=140, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    low, high = min(model.mb for model in models), max(model.mb for model in models)
    axes.set_xscale("log")
    axes.set_xlim(min(low, target.mb) / 1.9, max(high, target.mb) * 1.9)
    scores = [model.miou for model in models]
    margin = max(0.03, 0.2 * (max(scores) - min(scores)))
    axes.set_ylim(max(0, min(scores) - margin), min(1, max(scores) + margin))
    axes.axvspan(axes.get_xlim()[0], target.mb, color="#eef4fb", zorder=0)
    edge = axes.text(
        target.mb, 0.01, f" {target.mb:g} MB", transform=axes.get_xaxis_transform(), fontsize=9, color=MUTED
    )
    for model in models:
        fill = PRIORITY if target.suits(model) else "white"
        axes.scatter(model.mb, model.miou, s=_area(model), color=fill, edgecolors=PRIORITY, linewidths=1.6, zorder=3)
    axes.grid(color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda mb, _: f"{mb:g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda mb, _: f"{mb:g}" if f"{mb:e}"[0] in "25" else ""))
    axes.tick_params(which="both", colors=INK, labelsize=9, length=0)
    axes.set_xlabel("size of the file, MB (logarithmic)", color=INK)
    axes.set_ylabel(f"{MIOU.label} on {' and '.join(dict.fromkeys(model.scores for model in models))}", color=INK)
    axes.set_title("Quality against size", fontsize=13, color=INK, loc="left", pad=10)
    about = f"filled dot: suits an embedded target (at most {target.mb:g} MB and {target.ms:g} ms) · larger dot: slower"
    figure.supxlabel(about, fontsize=9, color=PRIORITY, x=0.02, ha="left")
    _label(figure, models, [edge.get_window_extent(figure.canvas.get_renderer())])  # type: ignore[attr-defined]
    return figure


def _area(model: Ranked) -> float:
    """Of a dot, in square points."""
    ms = model.fastest_ms
    return 40.0 if ms != ms else min(400.0, 30 + 0.9 * ms)


def _label(figure: Figure, models: Sequence[Ranked], taken: list[Bbox]) -> None:
    """Write each model's name and time beside its dot, clear of the dots, of other labels and of the frame."""
    axes = figure.axes[0]
    figure.draw_without_rendering()  # settles the layout, and with it where everything is
    figure.set_layout_engine("none")  # labels must not unsettle it
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    dots = [axes.transData.transform((model.mb, model.miou)) for model in models]
    points = figure.dpi / 72
    for (x, y), model in zip(dots, models, strict=True):
        radius = points * (_area(model) / 3.14) ** 0.5
        taken.append(Bbox.from_bounds(x - radius, y - radius, 2 * radius, 2 * radius))
    frame = axes.get_window_extent(renderer)
    for model in models:
        labels: list[tuple[bool, int, int, Annotation, Bbox]] = []
        for dx, dy in PLACES:
            label = _annotate(axes, model, dx, dy)
            label.update_positions(renderer)
            box = Text.get_window_extent(label, renderer).padded(2)  # without the line to the dot
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            labels.append((not inside, sum(box.overlaps(other) for other in taken), len(labels), label, box))
            if labels[-1][:2] == (False, 0):
                break
        best = min(labels, key=lambda found: found[:3])
        for *_, label, _ in labels:
            if label is not best[3]:
                label.remove()
        taken.append(best[4])


def _annotate(axes: Axes, model: Ranked, dx: float, dy: float) -> Annotation:
    shift = (_area(model) / 3.14) ** 0.5 - 5  # a large dot keeps its label further off
    dx, dy = (value + shift * ((value > 0) - (value < 0)) for value in (dx, dy))
    return axes.annotate(
        model.name,
        (model.mb, model.miou),
        (dx, dy),
        textcoords="offset points",
        ha="left" if dx > 0 else "right" if dx < 0 else "center",
        va="bottom" if dy > 0 else "top" if dy < 0 else "center",
        fontsize=9.5,
        color=INK,
        arrowprops=LINE if max(abs(dx), abs(dy)) > 20 else None,
    )
