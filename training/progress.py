"""Evaluation and lines of an epoch while the model trains."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from fastai.callback.core import Callback, CancelValidException
from torch import nn
from tqdm import tqdm

from files.headlines import ABS_REL, MIOU, PRIORITY_DICE
from training.average import Average
from training.distributed import Team

Evaluate = Callable[[nn.Module], dict[str, float]]
Rehearse = Callable[[nn.Module], float]
T = TypeVar("T")


class Validate(Callback):
    """Replaces fastai's validation loop by the project's evaluation, of the averaged weights where there are any.

    Of several processes, the first one evaluates each image of the split once, and sends the metrics to the others.

    Args:
        evaluate: validation metrics of a model, by name; None measures nothing.
        every: number of epochs between evaluations.
        marks: number of evaluations at equal shares of the training, instead of `every`; 0 for none. An evaluation
            comes at the end of the epoch that passes the mark, or at the mark if a time budget shortens the training.
        team: the processes of the training.
        rehearse: estimates the seconds that `evaluate` will take.
    """

    order = 30

    def __init__(self, evaluate: Evaluate | None, every: int, marks: int, team: Team, rehearse: Rehearse | None = None):
        self.evaluate, self.every, self.marks, self.team, self.rehearse = evaluate, every, marks, team, rehearse
        self.seconds = 0.0  # that the longest evaluation has taken; before the first, what is expected

    def rehearse_once(self) -> None:
        """Finds out how long an evaluation will take, unless that is known."""
        if self.rehearse and not self.seconds:
            self.seconds = self._run(self.rehearse)

    def before_train(self) -> None:
        self.mark()

    def mark(self) -> None:
        """Notes how many marks are passed; the next evaluation is due at the next one."""
        self.passed = self._passed()

    @property
    def at_mark(self) -> bool:
        """Whether a mark was passed in this epoch."""
        return self._passed() > self.passed

    def _passed(self) -> int:
        return int(self.marks * self.learn.set_epoch.share + 1e-6)  # the share is a sum of steps

    @property
    def _due(self) -> bool:
        ended = self.learn.epoch + 1 == self.learn.n_epoch or getattr(self.learn, "out_of_time", False)
        if self.marks:
            return self.at_mark or (ended and self.learn.set_epoch.in_last_stage)
        return ended or (self.learn.epoch + 1) % self.every == 0

    def before_validate(self) -> None:
        if self.evaluate and self._due:
            started = time.perf_counter()
            metrics = self._run(self.evaluate)
            took = time.perf_counter() - started
            self.seconds, self.rehearse = took if self.rehearse else max(took, self.seconds), None
            self.learn.epoch_metrics |= {f"val/{key}": float(value) for key, value in metrics.items()}
        raise CancelValidException

    def _run(self, judge: Callable[[nn.Module], T]) -> T:
        model = evaluated_model(self.learn)
        was_training = model.training
        found = self.team.once(lambda: judge(model.eval()))
        model.train(was_training)
        return found


class EpochLine(Callback):
    """Prints one line for each epoch: loss, mIoU, priority Dice, AbsRel of depth, time."""

    order = 90

    def __init__(self, team: Team) -> None:
        self.team = team

    def before_fit(self) -> None:
        self.started = time.perf_counter()

    def after_epoch(self) -> None:
        metrics = getattr(self.learn, "epoch_metrics", {})
        if not metrics or not self.team.leads:
            return
        shown = {"loss": "train/loss", "val loss": "val/loss"}
        shown |= {score.label: f"val/{score.key}" for score in (MIOU, PRIORITY_DICE, ABS_REL)}
        parts = [f"{label} {metrics[key]:.3f}" for label, key in shown.items() if key in metrics]
        minutes = (time.perf_counter() - self.started) / 60
        tqdm.write(f"epoch {self.learn.epoch + 1:3d}/{self.learn.n_epoch}  {'  '.join(parts)}  {minutes:.1f} min")


def evaluated_model(learn: object) -> nn.Module:
    """The weights that are evaluated and saved: the moving average if there is one, else the trained weights."""
    average = getattr(learn, "average", None)
    model = average.module if isinstance(average, Average) else learn.model  # type: ignore[attr-defined]
    assert isinstance(model, nn.Module)
    return model
