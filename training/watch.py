"""The progress bar, and the loss while the model trains."""

from __future__ import annotations

import time

import torch
from fastai.callback.core import Callback
from torch import Tensor
from tqdm import tqdm

from training.distributed import Team

CHECK_EVERY = 10  # steps whose losses are sent together
BUDGET_BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"  # the postfix has the time left in the budget


class Sent:
    """Numbers that are read some steps later, so that a GPU does not run out of work meanwhile.

    Args:
        values: of any shape; a GPU copies them once it has computed them.
    """

    def __init__(self, values: Tensor):
        self.values = values.to("cpu", non_blocking=True)
        self.copied = torch.cuda.current_stream().record_event() if values.is_cuda else None

    @property
    def is_there(self) -> bool:
        """Whether the numbers are there at once, as on a CPU."""
        return self.copied is None

    def read(self) -> Tensor:
        """The numbers, on the CPU; waits until they are there."""
        if self.copied:
            self.copied.synchronize()
        return self.values


class TrainingDiverged(ValueError):
    """The loss is no longer finite."""


class Watch(Callback):
    """Progress bar with the time left (of the budget, if there is one); sums the loss of an epoch.

    It stops at the first loss that is not finite: after CHECK_EVERY steps at most, on a GPU after twice as many.
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
        self.checked = 0
        self.sent: Sent | None = None
        self.images, self.started = 0, time.perf_counter()
        self.bar.initial = self.bar.n = self.bar.n or len(self.learn.dls.train) * self.learn.epoch

    def after_batch(self) -> None:
        self.losses.append(self.learn.loss.detach())
        self.images += len(self.learn.xb[0]) * self.team.count
        if len(self.losses) % CHECK_EVERY == 0:
            self._send()
        left = [f"at most {tqdm.format_interval(self.budget.left)} left"] if self.budget else []
        self.bar.set_postfix_str(", ".join([*self.shown, *left]), refresh=False)
        self.bar.update()

    def _send(self) -> None:
        """Checks the losses that were sent, and sends those after them."""
        self._check()
        self.sent = Sent(self.team.mean(torch.stack(self.losses[self.checked :]).float()))
        if self.sent.is_there:
            self._check()

    def _check(self) -> None:
        if not self.sent:
            return
        recent, before, self.sent = self.sent.read(), self.checked, None
        self.checked += len(recent)
        if not (finite := recent.isfinite()).all():
            step = before + int(finite.int().argmin()) + 1
            rate = self.learn.opt.hypers[-1]["lr"]
            raise TrainingDiverged(
                f"the loss is no longer finite (epoch {self.learn.set_epoch.epoch}, step {step}, lr {rate:.3g}); "
                f"lower lr (now {self.learn.lr:g}) or set grad_clip=1"
            )
        self.shown = [f"epoch {self.learn.epoch + 1}/{self.learn.n_epoch} loss {recent.mean():.3f}"]

    def after_train(self) -> None:
        if not self.losses:  # no time was left for this epoch
            return
        self._check()
        if self.checked < len(self.losses):
            self._send()
            self._check()
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
