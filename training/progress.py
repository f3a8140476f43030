"""Progress bar, loss, evaluation and lines of an epoch while the model trains."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import torch
from fastai.callback.core import Callback, CancelValidException
from torch import Tensor, nn
from tqdm import tqdm

from files.headlines import ABS_REL, MIOU, PRIORITY_DICE
from training.average import Average
from training.distributed import Team

CHECK_EVERY = 10  # steps between looks at the loss; a look waits for the GPU
BUDGET_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"  # the postfix has the time left in the budget

Evaluate = Callable[[nn.Module], dict[str, float]]
Rehearse = Callable[[nn.Module], float]
T = TypeVar("T")


class TrainingDiverged(ValueError):
    """The loss is no longer finite."""


class Watch(Callback):
    """Progress bar with the time left (of the budget, if there is one); sums the loss of an epoch.

    It stops at the first loss that is not finite.
    """

    order, run_valid = 20, False

    def __init__(self, team: Team) -> None:
        self.team = team
        self.minutes = 0.0  # of all fits, those of an interrupted process included

    def before_fit(self) -> None:
        self.fit_started = time.perf_counter()
        steps = len(self.learn.dls.train)
        total, hide = steps * self.learn.n_epoch, not self.team.leads
        self.budget = getattr(self.learn, "time_budget", None)
        form = BUDGET_BAR if self.budget else None
        self.bar = tqdm(desc="training", total=total, unit="step", leave=False, disable=hide, bar_format=form)
        self.shown: list[str] = []

    def before_epoch(self) -> None:
        self.learn.epoch_metrics = {}

    def before_train(self) -> None:
        self.losses: list[Tensor] = []
        self.images, self.started = 0, time.perf_counter()
        self.bar.initial = self.bar.n = self.bar.n or len(self.learn.dls.train) * self.learn.epoch

    def after_batch(self) -> None:
        self.losses.append(self.learn.loss.detach())
        self.images += len(self.learn.xb[0]) * self.team.count
        if len(self.losses) % CHECK_EVERY == 0 or len(self.losses) == self.learn.n_iter:
            self._check()
        left = [f"at most {tqdm.format_interval(self.budget.left)} left"] if self.budget else []
        self.bar.set_postfix_str(", ".join([*self.shown, *left]), refresh=False)
        self.bar.update()

    def _check(self) -> None:
        recent = self.team.mean(torch.stack(self.losses[-CHECK_EVERY:]).float())
        if not (finite := recent.isfinite()).all():
            step = len(self.losses) - len(recent) + int(finite.int().argmin()) + 1
            rate = self.learn.opt.hypers[-1]["lr"]
            raise TrainingDiverged(
                f"the loss is no longer finite (epoch {self.learn.set_epoch.epoch}, step {step}, lr {rate:.3g}); "
                f"lower lr (now {self.learn.lr:g}) or set grad_clip=1"
            )
        self.shown = [f"epoch {self.learn.epoch + 1}/{self.learn.n_epoch} loss {recent.mean():.3f}"]

    def after_train(self) -> None:
        if not self.losses:  # no time was left for this epoch
            return
        seconds = time.perf_counter() - self.started
        self.learn.epoch_metrics |= {
            "train/loss": float(self.team.mean(torch.stack(self.losses).float().mean())),
            "lr": float(self.learn.opt.hypers[-1]["lr"]),
            "throughput": self.images / seconds,
        }

    def after_fit(self) -> None:
        self.bar.close()
        self.minutes = self.minutes_so_far()

    def minutes_so_far(self) -> float:
        """The same during a fit."""
        return self.minutes + (time.perf_counter() - self.fit_started) / 60


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
