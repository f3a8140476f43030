"""The losses of several tasks in one sum, weighted by numbers or by what the network learns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from losses.base import PixelLoss
from losses.depth import DepthLoss, is_valid

TASKS = ("segmentation", "depth")  # the order of `log_variances`


class Outputs(Protocol):
    """What the network returns; None in place of what it does not have."""

    @property
    def logits(self) -> Tensor | None:
        """(N, C, H, W)."""

    @property
    def depth(self) -> Tensor | None:
        """(N, H, W), in metres."""

    @property
    def log_variances(self) -> Tensor | None:
        """(2,), of segmentation and depth."""


class TaskLoss(nn.Module):
    """Sum over the tasks of weight * loss, or with the learned log variances s of exp(-s) * loss + s / 2.

    Paper: Kendall et al., "Multi-Task Learning Using Uncertainty to Weigh Losses", CVPR 2018, equation 9. Its factor
    1/2 of a squared error is left out, because neither loss is one. The sum can be negative. At its minimum exp(-s) is
    1 / (2 * loss), so that both tasks count alike whatever the units of their losses.

    A task that the network does not have does not count. Nor does one of which a batch shows no truth: it has neither a
    loss nor a term of s, so its weight waits for the next batch.

    Attributes:
        parts: of the last batch, the loss and the weight of each task, for logging: `loss/depth`, `weight/depth`.
            The loss is NaN if the batch had no truth.
    """

    def __init__(
        self, segmentation: PixelLoss, depth: DepthLoss, task_weights: str | Mapping[str, float] = "learned"
    ) -> None:
        """task_weights: "learned", or numbers > 0 by task; a task that is not named has the weight 1."""
        super().__init__()
        self.segmentation, self.depth = segmentation, depth
        named = {} if isinstance(task_weights, str) else dict(task_weights)
        if unknown := [name for name in named if name not in TASKS]:
            raise ValueError(f"task_weights: {unknown[0]!r} is unknown; choose from {', '.join(TASKS)}")
        self.weights = [float(named.get(task, 1.0)) for task in TASKS]
        self.parts: dict[str, Tensor] = {}

    def forward(self, outputs: Outputs, masks: Tensor, depths: Tensor | None = None) -> Tensor:
        """Scalar loss against masks (N, H, W) of class indices and depths (N, H, W), NaN where they are unknown."""
        self.parts, terms, variances = {}, [], outputs.log_variances
        if outputs.logits is not None:
            seen = (masks != self.segmentation.ignore_index).any()
            terms.append(self._term("segmentation", self.segmentation(outputs.logits, masks), seen, variances))
        if outputs.depth is not None and depths is not None:
            terms.append(self._term("depth", self.depth(outputs.depth, depths), is_valid(depths).any(), variances))
        assert terms, "the network and the batch share no task"
        return torch.stack(terms).sum()

    def _term(self, task: str, loss: Tensor, seen: Tensor, log_variances: Tensor | None) -> Tensor:
        """What a task adds to the sum; nothing if its truth was not seen."""
        place = TASKS.index(task)
        variance = None if log_variances is None else log_variances[place].float()
        weight = loss.new_full((), self.weights[place]) if variance is None else variance.neg().exp()
        self.parts[f"loss/{task}"] = loss.detach().where(seen, loss.new_full((), math.nan))
        self.parts[f"weight/{task}"] = weight.detach()
        return weight * loss if variance is None else seen * (weight * loss + variance / 2)
