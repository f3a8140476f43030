"""A failed training in a sweep: its run records the reason, and the agent continues."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import wandb

from artifacts.errors import CLIENT_ERRORS
from artifacts.run import finish_failed, start_run
from files.faults import CommonFault

ENDED = ("finished", "killed")  # a killed run was stopped by its sweep or a person; a run that died is crashed


@contextmanager
def faults_of_all() -> Iterator[None]:
    """Turn a ValueError in the block into a `CommonFault` with the same message."""
    try:
        yield
    except ValueError as error:
        raise CommonFault(str(error)) from error


def end_failed_trial(error: Exception, started: bool) -> int:
    """The exit code of a training that failed in a sweep; the reason is recorded in its run.

    `wandb agent` exits after three exit codes above 0 in its first minute, or after five if no run has succeeded. A
    ValueError is caused by the settings of this trial (the loss diverged, too little memory, settings that are not
    allowed together). Other settings may work, so the code is 0, although the run is recorded as failed. A
    `CommonFault` (unusable data, an unknown setting) would fail every trial. So would an OSError (no such folder, no
    server, a full disk). Then the code is 2, and the agent exits.

    Args:
        error: the error that ended the training.
        started: whether the run was started; `tracked` has finished it then. If not, a run is made for the reason.
    """
    if not started:
        folder = Path(os.environ.get("WANDB_DIR", "."))
        try:
            finish_failed(start_run({}, project="", folder=folder, resume_id=os.environ["WANDB_RUN_ID"]), error)
        except OSError as unreachable:
            print(f"error: {unreachable}", file=sys.stderr)
            return 2
    alone = os.environ.get("WORLD_SIZE", "1") == "1"  # else a code above 0 makes the launcher end the others
    return 0 if alone and not isinstance(error, CommonFault | OSError) else 2


def ended_trials(run: wandb.Run, out: Path) -> list[Path]:
    """Folders under `out` of trials that the run's sweep has finished or stopped, and that still have checkpoints.

    A trial that is stopped early cannot delete them itself: it does not know why it has to end, and may be killed. A
    crashed trial is not in the list, because it may be handed out again or resumed. The list is empty if the server
    does not answer.
    """
    left = {path.parents[1].name: path.parents[1] for path in out.glob("*/checkpoints/last.pt")}
    sweep = os.environ.get("WANDB_SWEEP_ID")
    if not sweep or run.offline or run.disabled or not left:
        return []
    try:
        trials = wandb.Api().sweep(f"{run.entity}/{run.project}/{sweep}").runs  # type: ignore[no-untyped-call]
        return [left[trial.id] for trial in trials if trial.id in left and trial.state in ENDED]
    except CLIENT_ERRORS:
        return []  # the next trial asks again
