"""The report of a sweep: a Markdown page, its charts, and the runs as a CSV file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from eval.sweep.conclusions import conclusions
from eval.sweep.importance import Importances, importances
from eval.sweep.plots import importance_figure, parallel_figure, progress_figure, tradeoff_figure
from eval.sweep.record import SweepRecord
from eval.sweep.tables import (
    COSTS,
    LATENCY,
    SIZE,
    backbone_table,
    failed_table,
    front_table,
    importance_table,
    runs_table,
    stopped_table,
)
from files.markdown import markdown_table
from files.whole import replacing, write_whole


class SweepReport(NamedTuple):
    """What was written: the page, the charts, and the tables by name."""

    page: Path
    charts: dict[str, Path]
    tables: dict[str, pd.DataFrame]


def write_sweep_report(sweep: SweepRecord, folder: Path) -> SweepReport:
    """Write sweep.md, runs.csv and the charts that there is something for; older ones are replaced.

    Raises:
        ValueError: no run of the sweep has a value of its metric.
        OSError: the folder cannot be written.
    """
    if not sweep.judged():
        states = ", ".join(sorted({run.state for run in sweep.runs})) or "none"
        raise ValueError(f"sweep {sweep.path}: no run has a value of {sweep.metric} yet; states of its runs: {states}")
    found = importances(sweep)
    tables = {
        "importance": importance_table(found),
        "backbones": backbone_table(sweep),
        "front_latency": front_table(sweep, LATENCY),
        "front_size": front_table(sweep, SIZE),
        "stopped_early": stopped_table(sweep),
        "failed": failed_table(sweep),
        "runs": runs_table(sweep),
    }
    charts = _draw(sweep, found, folder)
    with replacing(folder / "runs.csv") as path:
        tables["runs"].to_csv(path, index=False, float_format="%.6g")
    write_whole(folder / "sweep.md", _page(sweep, conclusions(sweep, found), tables, charts))
    return SweepReport(folder / "sweep.md", charts, tables)


def _draw(sweep: SweepRecord, found: Importances, folder: Path) -> dict[str, Path]:
    drawings: dict[str, Callable[[], Figure | None]] = {
        "progress": lambda: progress_figure(sweep),
        "importance": lambda: importance_figure(found) if found.rows else None,
        "parallel": lambda: parallel_figure(sweep),
        "tradeoff": lambda: tradeoff_figure(sweep),
    }
    charts = {}
    for name, draw in drawings.items():
        path = folder / f"{name}.png"
        if (figure := draw()) is None:
            path.unlink(missing_ok=True)  # an older one is no longer true
            continue
        with replacing(path) as temporary:
            figure.savefig(temporary)
        charts[name] = path
    return charts


def _page(sweep: SweepRecord, sentences: list[str], tables: dict[str, pd.DataFrame], charts: dict[str, Path]) -> str:
    """The page; a section without rows and without a chart is left out."""
    goal = "maximised" if sweep.maximise else "minimised"
    sections = [
        ("What mattered", "importance", ["importance"]),
        ("Best run of each backbone", "", ["backbones"]),
        (
            "Quality against latency and size: runs that no other run beats in both",
            "tradeoff",
            ["front_latency", "front_size"],
        ),
        ("Settings of all runs", "parallel", []),
        ("Runs over time", "progress", []),
        ("Stopped early", "", ["stopped_early"]),
        ("Failed", "", ["failed"]),
        ("All runs", "", ["runs"]),
    ]
    shown = tables | {"runs": tables["runs"].drop(columns=["id", *{*COSTS} - {sweep.metric}])}  # runs.csv has them
    lines = [f"# Sweep {sweep.path}", f"{sweep.method} search, {sweep.metric} {goal} · {sweep.url}"]
    lines.append("\n".join(f"- {sentence}" for sentence in sentences))
    for title, chart, names in sections:
        body = [f"![{title}]({charts[chart].name})"] if chart in charts else []
        body += [_table(shown[name]) for name in names if not shown[name].empty]
        lines += [f"## {title}", *body] if body else []
    return "\n\n".join(lines) + "\n"


def _table(frame: pd.DataFrame) -> str:
    return markdown_table(frame.columns, frame.itertuples(index=False, name=None))
