"""Checkpoints of a training: the last one, from which it resumes exactly, and the best one, which becomes the model.

Each file appears whole or not at all, so that a kill or a full disk leaves the previous one.
"""

from __future__ import annotations

import math
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fastai.callback.core import Callback, CancelFitException
from safetensors.torch import load_file, save
from tqdm import tqdm

from files.headlines import better, worst
from files.whole import replacing, write_whole
from training.distributed import Team
from training.progress import evaluated_model

HISTORY = "history.json"  # replaces the checkpoints when a training is complete
SECONDS = 30.0  # after which an epoch without an evaluation is kept too; on a GPU an epoch may take less than a file


def load_checkpoint(path: Path) -> dict[str, Any]:
    """What `Checkpoint` wrote; only tensors and plain values are read.

    Raises:
        ValueError: the file is missing or cut short.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such checkpoint; a run writes its first one after an epoch")
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001  (torch raises many kinds for a damaged file)
        why = f"{type(error).__name__} {error}".splitlines()[0]
        raise ValueError(f"{path}: the checkpoint is damaged ({why}); start again without --resume") from None
    return checkpoint


def resume_from(folder: Path) -> dict[str, Any] | None:
    """The last checkpoint in a run's folder; None when the run was stopped before it wrote its first one.

    Raises:
        ValueError: the checkpoint is damaged, or the training is complete and has none.
    """
    path = folder / "last.pt"
    if (folder / HISTORY).is_file():
        raise ValueError(
            f"{folder.parent}: the training is complete and its optimiser state was deleted, so it cannot be resumed; "
            "start another training without --resume"
        )
    return load_checkpoint(path) if path.exists() else None


def load_best(folder: Path, model: torch.nn.Module) -> None:
    """Loads the best checkpoint's weights into the model and drops its auxiliary heads, which are only for training."""
    model.load_state_dict(load_file(folder / "best.safetensors"))
    if callable(drop := getattr(model, "drop_auxiliary", None)):
        drop()


class Checkpoint(Callback):
    """Writes `last.pt` (all that resuming needs) and, when `monitor` has improved, `best.safetensors`.

    It writes after each evaluation, after the first epoch of a process, and after an epoch that ends half a minute or
    more after the last file.

    Args:
        folder: where the two files go.
        monitor: key of the epoch's metrics that should improve; while it is NaN the newest weights count as the best.
            If it is empty, nothing is measured, and the weights at the end of the fit count as the best.
        patience: evaluations of a stage without an improvement before the stage is ended; 0 never ends it.
        team: the processes of the training; the first one writes.
    """

    order, run_valid = 95, False

    def __init__(self, folder: Path, monitor: str, patience: int, team: Team):
        self.folder, self.monitor, self.patience, self.team = folder, monitor, patience, team
        self.best, self.waited, self.stage = worst(monitor), 0, 0
        self.history: list[dict[str, float]] = []
        self.written = -math.inf  # when the last file was, in seconds

    @property
    def out_of_patience(self) -> bool:
        """Whether the stage has had enough evaluations without an improvement."""
        return bool(self.patience) and self.waited >= self.patience

    def begin(self, stage: int) -> None:
        """Sets the number of the stage that begins."""
        self.stage, self.waited = stage, 0

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Takes over from the process that wrote the checkpoint."""
        self.best, self.waited = checkpoint["best"], checkpoint["waited"]
        self.stage, self.history = checkpoint["stage"], checkpoint["history"]

    def after_epoch(self) -> None:
        metrics = self.learn.epoch_metrics
        if not metrics:  # an epoch that a resumed fit skips
            return
        self.history.append(metrics)
        if not self.team.once(lambda: self._is_due(metrics)):
            return
        random_states = self.team.gather(random_state())
        if self.team.once(lambda: self._save(metrics, random_states)):
            raise CancelFitException

    def _is_due(self, metrics: dict[str, float]) -> bool:
        return any(key.startswith("val/") for key in metrics) or time.monotonic() - self.written >= SECONDS

    def after_fit(self) -> None:
        """Write the last weights, if no better ones are known."""
        if not self.monitor:
            self.team.once(self._write_best)

    def _save(self, metrics: dict[str, float], random_states: list[dict[str, Any]]) -> bool:
        """Writes the files; whether the fit should end."""
        self._compare(metrics)
        _write_state(self.folder / "last.pt", self._state(random_states))
        self.written = time.monotonic()
        return self.out_of_patience

    def _compare(self, metrics: dict[str, float]) -> None:
        if self.monitor not in metrics:
            return
        value = metrics[self.monitor]
        undefined = math.isnan(value) and self.best == worst(self.monitor)
        if undefined and not any(math.isnan(row.get(self.monitor, 0)) for row in self.history[:-1]):
            name = self.monitor.removeprefix("val/")
            tqdm.write(
                f"monitor={name} is undefined for these predictions; the newest weights are kept until it is defined"
            )
        improved = better(self.monitor, value, self.best)
        if improved or undefined or not (self.folder / "best.safetensors").exists():
            self._write_best()
            self.best, self.waited = worst(self.monitor) if math.isnan(value) else value, 0
        else:
            self.waited += 1

    def _write_best(self) -> None:
        weights = {key: value.cpu().contiguous() for key, value in evaluated_model(self.learn).state_dict().items()}
        content = save(weights)  # save_file would leave a file that only its owner can read
        write_whole(self.folder / "best.safetensors", content)

    def _state(self, random_states: list[dict[str, Any]]) -> dict[str, Any]:
        average = getattr(self.learn, "average", None)
        return {
            "epoch": self.learn.epoch + 1,
            "stage": self.stage,
            "best": self.best,
            "waited": self.waited,
            "history": self.history,
            "spent": getattr(self.learn, "spent", 0.0),
            "minutes": self.learn.watch.minutes_so_far(),
            "model": self.learn.model.state_dict(),
            "optimizer": plain(self.learn.opt.state_dict()),
            "average": average and {"module": average.module.state_dict()},
            "random": random_states,  # of each process
        }


def _write_state(path: Path, state: dict[str, Any]) -> None:
    try:
        with replacing(path) as temporary:
            torch.save(state, temporary)
    except RuntimeError as error:  # torch's word for a full disk
        raise OSError(f"{path}: cannot be written ({error}); the previous file is kept") from error


def plain(value: Any) -> Any:
    """The same value with Python's numbers in place of numpy's, which `weights_only=True` does not load."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(item) for item in value)
    return value.item() if isinstance(value, np.generic) else value


def random_state() -> dict[str, Any]:
    """The state of every random generator that this process draws from, as tensors and plain values."""
    version, numbers, gauss = random.getstate()
    _, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "python": (version, list(numbers), gauss),
        "numpy": (torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest),
        "torch": torch.get_rng_state(),
        "cuda": [torch.cuda.get_rng_state()] if torch.cuda.is_available() else [],
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Puts back what `random_state` took."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    keys, *rest = state["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and state["cuda"]:
        torch.cuda.set_rng_state(state["cuda"][0])
