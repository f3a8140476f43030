"""A training inside a sweep that fails: its run says why, and the agent goes on."""

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

ENDED = ("finished", "killed")  # killed is a run that its sweep or a person has stopped; one that died is crashed


@contextmanager
def faults_of_all() -> Iterator[None]:
    """Turns a ValueError in the block into a `CommonFault` with the same words."""
    try:
        yield
    except ValueError as error:
        raise CommonFault(str(error)) from error


def end_failed_trial(error: Exception, started: bool) -> int:
    """The exit code of a training that failed inside a sweep, where its run tells the reason.

    `wandb agent` leaves after three exit codes above 0 in its first minute, and after five when no run has succeeded. A
    ValueError is the fault of this trial's settings (a loss that diverged, too little memory, a combination that is not
    allowed): other settings may do, so the code is 0 although the run is recorded as failed. A `CommonFault` (unusable
    data, a parameter that is no setting) would fail every trial, and so would what the system refuses, an OSError (no
    such folder, no server, a full disk): the code is 2, and the agent leaves.

    Args:
        error: what ended the training.
        started: whether its run was started, which `tracked` has finished; else one is made that says why.
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

    A trial that is stopped early cannot see to it itself: it does not know why it is to end, and may be killed. A trial
    that died may be handed out again, or be gone on with, and is left out. None where the server does not answer.
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
