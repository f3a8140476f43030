"""``python -m eval sweep``: a report of a sweep, as a page with charts and as W&B tables."""

from __future__ import annotations

import argparse

from artifacts.media import log_tables
from artifacts.run import start_run, sync_hint, tracked
from artifacts.sweep import read_sweep
from eval.sweep.report import SweepReport, write_sweep_report


def sweep(options: argparse.Namespace) -> None:
    """Read the sweep, write the report, log its tables and charts to a run in the sweep's project.

    Raises:
        ValueError: the sweep cannot be read, or no run has a value of its metric.
    """
    record = read_sweep(options.sweep)
    folder = options.out / record.path.rpartition("/")[2]
    report = write_sweep_report(record, folder)
    sentences = report.page.read_text(encoding="utf-8").split("\n## ")[0]
    print(f"{sentences.strip()}\n\nreport: {report.page}")
    if options.wandb:
        _log(record.path, report)


def _log(path: str, report: SweepReport) -> None:
    entity, project, identity = path.split("/")
    name = f"report of sweep {identity}"
    started = start_run(
        {"sweep": path}, entity=entity, project=project, folder=report.page.parent, name=name, job_type="sweep-report"
    )
    with tracked(started) as run:
        log_tables(run, "sweep", report.tables, report.charts)
        print(sync_hint(run))
