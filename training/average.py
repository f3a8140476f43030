"""An exponential moving average of the weights; it often predicts better than the last step (Polyak, Juditsky 1992)."""

from __future__ import annotations

import copy

import torch
from fastai.callback.core import Callback
from torch import Tensor, nn

WARM_UP = 0.1  # of the training


class Average(Callback):
    """Keeps `module`, a copy of the model whose weights and statistics trail the trained ones.

    Args:
        model: the trained model.
        decay: share of the old average that a step keeps. Over the first tenth of the training the number of steps that
            the average spans, 1 / (1 - decay), grows from one, by the same factor with each step.
    """

    order, run_valid = 65, False

    def __init__(self, model: nn.Module, decay: float):
        self.trained, self.module = model, copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    def before_fit(self) -> None:
        self.module.to(next(self.trained.parameters()).device)

    @torch.no_grad()
    def after_step(self) -> None:
        part = (1 - self.decay) ** min(1.0, self.learn.set_epoch.share / WARM_UP)
        ours, theirs = self.module.state_dict(), self.trained.state_dict()
        floats = [key for key, value in ours.items() if value.is_floating_point()]
        old: list[Tensor] = [ours[key] for key in floats]
        torch._foreach_lerp_(old, [theirs[key] for key in floats], part)
        for key in ours.keys() - set(floats):
            ours[key].copy_(theirs[key])
