"""Several trainings and one table: what train.py does with --vary and --seeds.

    python train.py --config configs/final.yaml --from-sweep ENTITY/PROJECT/ID --data CAMVID --out runs/final \\
        --vary backbone=resnet34,resnet50 --vary fit=one_cycle,fine_tune --seeds 0,1,2

Each training is a process and a run of its own under --out. If the command is started again, it skips the trainings
that are complete and resumes those that were interrupted. It writes comparison.md and comparison.csv there, and logs a
W&B table.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.preflight import check_settings
from configs import TrainConfig
from configs import parse_command_line as parse
from configs.grid import Cell
from files.faults import CommonFault
from flags import drop_empty_variables

if TYPE_CHECKING:
    import wandb

RECIPE = Path(__file__).parents[1] / "train.py"


def parse_command_line(arguments: Sequence[str] | None) -> tuple[TrainConfig, argparse.Namespace]:
    """`configs.parse_command_line` with a reader of sweeps; checks all settings, see `preflight.check_settings`.

    Raises:
        ValueError, OSError: settings that cannot work; nothing has been written by then.
    """
    drop_empty_variables()
    config, options = parse(arguments, _best_settings)
    check_settings([cell.config for cell in options.cells] or [config])
    return config, options


def _best_settings(sweep: str, backbone: str | None) -> tuple[str, Mapping[str, Any]]:
    from artifacts.sweep import best_settings  # takes seconds to import, and most commands read no sweep

    return best_settings(sweep, backbone)


def run_experiments(cells: Sequence[Cell]) -> int:
    """Trains every cell and prints the comparison; returns exit code 0, or 1 if a training failed.

    Raises:
        ValueError: a training under --out was started with other settings.
        OSError: the folder cannot be written, or W&B does not answer.
    """
    from artifacts.media import log_tables
    from artifacts.run import start_run, sync_hint, tracked
    from eval.repeats import seeds_page, seeds_table
    from files.interrupts import advising
    from files.whole import write_whole
    from training.processes import Order, run_all

    first = cells[0].config
    folder = Path(first.out)
    orders = [Order(cell.name, _settings(cell, folder)) for cell in cells]
    with advising("the same command continues the trainings"):
        outcomes = list(run_all(orders, folder, [sys.executable, str(RECIPE)]))
    pairs = zip(cells, outcomes, strict=True)
    table = seeds_table([(cell.varied, outcome.metrics, outcome.reason) for cell, outcome in pairs])
    write_whole(folder / "comparison.csv", table.to_csv(index=False, float_format="%.5g"))
    write_whole(folder / "comparison.md", seeds_page(table))
    print(seeds_page(table))
    varied = {key: sorted({str(cell.varied[key]) for cell in cells}) for key in cells[0].varied}
    started = start_run(
        varied, project=first.project, folder=folder, name=f"comparison {folder.name}", job_type="comparison"
    )
    with tracked(started) as run:
        log_tables(run, "comparison", {"trainings": table}, {})
        print(f"comparison: {folder / 'comparison.md'}\n{sync_hint(run)}")
    return int(any(outcome.reason for outcome in outcomes))


def _settings(cell: Cell, folder: Path) -> str:
    """All settings of a training as YAML, with a folder of its own and, if no name is set, the cell's name."""
    name = cell.config.name or cell.name
    return dataclasses.replace(cell.config, out=str(folder / cell.name), name=name).to_yaml()


def free_ended_trials(run: wandb.Run, out: Path) -> None:
    """Delete the optimiser states of the trials under `out` that the run's sweep has ended: none will be resumed."""
    from artifacts.trial import ended_trials
    from training import drop_state

    for trial in ended_trials(run, out):
        with suppress(ValueError, OSError):  # another agent may be doing the same; no reason for this trial to fail
            drop_state(trial / "checkpoints")


def end_trial(error: Exception, started: TrainConfig | None) -> int:
    """The exit code of a training that failed inside a sweep, by `artifacts.end_failed_trial`.

    If its own settings caused the failure, it would fail again, so its optimiser state is deleted.

    Args:
        error: the error that ended the training.
        started: its settings, if its run was started.
    """
    from artifacts import end_failed_trial
    from training import drop_state

    if started and isinstance(error, ValueError) and not isinstance(error, CommonFault):
        drop_state(Path(started.out) / os.environ["WANDB_RUN_ID"] / "checkpoints")
    return end_failed_trial(error, bool(started))
