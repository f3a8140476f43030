"""An exponential moving average of the weights; it often predicts better than the last step (Polyak, Juditsky 1992)."""

from __future__ import annotations

import copy

import torch
from fastai.callback.core import Callback
from torch import Tensor, nn

WARM_UP = 0.1  # of the training
SPAN = 0.25  # of the training, the most that the average spans


class Average(Callback):
    """Keeps `module`, a copy of the model whose weights and statistics trail the trained ones.

    Args:
        model: the trained model.
        decay: share of the old average that a step keeps. Over the first tenth of the training the number of steps that
            the average spans, 1 / (1 - decay), grows from one, by the same factor with each step. It stays below a
            quarter of the training, so that the average of a short training does not lag behind.
    """

    order, run_valid = 65, False

    def __init__(self, model: nn.Module, decay: float):
        self.trained, self.module = model, copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay
        self.last: float | None = None  # share of the training at the step before

    def before_fit(self) -> None:
        self.module.to(next(self.trained.parameters()).device)
        theirs = self.trained.state_dict(keep_vars=True)
        pairs = [(ours, theirs[key]) for key, ours in self.module.state_dict(keep_vars=True).items()]
        for ours, other in pairs:
            ours.data = torch.empty_like(other).copy_(ours)  # in the same memory format, so that few kernels do all
        self.floats = _lists([pair for pair in pairs if pair[0].is_floating_point()])
        self.counts = _lists([pair for pair in pairs if not pair[0].is_floating_point()])

    def before_train(self) -> None:
        if self.last is None:
            place = self.learn.set_epoch
            self.last = place.share - 1 / (len(self.learn.dls.train) * (place.total or self.learn.n_epoch))

    @torch.no_grad()
    def after_step(self) -> None:
        assert self.last is not None
        share = self.learn.set_epoch.share
        least, self.last = (share - self.last) / SPAN, share
        part = min(1.0, max(least, (1 - self.decay) ** min(1.0, share / WARM_UP)))
        torch._foreach_lerp_(*self.floats, part)
        if self.counts[0]:  # of the batches that a normalisation layer has seen
            torch._foreach_copy_(*self.counts)


def _lists(pairs: list[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], list[Tensor]]:
    return [ours for ours, _ in pairs], [theirs for _, theirs in pairs]
