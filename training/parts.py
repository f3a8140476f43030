"""The parts of a loss that is a sum, such as the losses of several tasks and their weights."""

from __future__ import annotations

import torch
from fastai.callback.core import Callback
from torch import Tensor

from training.distributed import Team


class Parts(Callback):
    """Logs the parts of the loss as train/<name>: the mean over the batches of an epoch in which a part is not NaN.

    Args:
        team: the processes of the training.
    """

    order, run_valid = 21, False  # after Watch has logged the loss

    def __init__(self, team: Team) -> None:
        self.team = team

    def before_train(self) -> None:
        self.batches: list[dict[str, Tensor]] = []

    def after_batch(self) -> None:
        self.batches.append(self.learn.loss_func.parts)

    def after_train(self) -> None:
        if not self.batches:  # no time was left for this epoch
            return
        names = list(self.batches[0])
        values = torch.stack([torch.stack([batch[name] for name in names]) for batch in self.batches]).float()
        total, count = self.team.mean(torch.stack([values.nansum(0), values.isfinite().float().sum(0)]))
        self.learn.epoch_metrics |= {f"train/{name}": float(total[i] / count[i]) for i, name in enumerate(names)}
