"""The folder of a training: which one it is, and the command that continues what is in it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from configs import TrainConfig
from configs.load import read_yaml

# What the weights mean, and what they have seen.
OF_THE_WEIGHTS = ("architecture", "backbone", "crp", "tasks", "depth_min", "depth_max", "taxonomy", "train_on")
EXEC = "WANDB_LOCAL_EXEC"  # set by `python -m wandb_local exec`: the words that stand before its command


def run_folder(config: TrainConfig, resume: Path | None) -> tuple[Path, bool]:
    """The folder of a training, and whether the training continues from what is in it.

    A job that is restarted, or a trial that its sweep hands out again, has the WANDB_RUN_ID of an earlier run. It
    continues that run if the settings are the same. If the run's folder holds no config.yaml, the run starts anew.

    Args:
        config: the settings.
        resume: the folder that `--resume` names.

    Raises:
        ValueError: WANDB_RUN_ID names a run that has its model, or one that was started with other settings; or
            `--resume` names a run of another network or taxonomy.
    """
    from artifacts import new_run_id

    folder = resume or Path(config.out) / new_run_id()
    if not (folder / "config.yaml").is_file():
        return folder, resume is not None
    ways = "unset WANDB_RUN_ID or give another one, or give another --out"
    if resume is None and (folder / "model.safetensors").is_file():
        raise ValueError(f"{folder}: it holds the model of run {folder.name}, which would be overwritten; {ways}")
    begun = TrainConfig.from_dict(read_yaml(folder / "config.yaml"), source=str(folder / "config.yaml"))
    old, new = vars(begun), vars(config)
    keys = old if resume is None else OF_THE_WEIGHTS
    if changes := [f"{key}={old[key]!r}, now {new[key]!r}" for key in keys if old[key] != new[key]]:
        fix = ways if resume is None else "the weights fit no other network or splits; leave these flags out"
        raise ValueError(f"{folder}: the run was started with {'; '.join(changes)}; {fix}")
    if resume is None:
        print(f"{folder}: a run was started here with the same settings; it continues")
    return folder, True


def resume_command(folder: Path) -> str:
    """The command that continues a training, on the same server if `python -m wandb_local exec` started it."""
    return f"{os.environ.get(EXEC, '')} {shlex.join([_python(), 'train.py', '--resume', str(folder)])}".lstrip()


def _python() -> str:
    """What starts this Python: its path if PATH has no `python`, or another one."""
    own, known = Path(sys.executable), shutil.which("python")
    if known and Path(known).parent == own.parent:
        return "python"
    return str(own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own)
