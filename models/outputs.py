"""What a model returns that has more to say than logits."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class TrainingLogits(NamedTuple):
    """What a model with auxiliary heads returns in training. Every loss takes it in place of logits.

    logits: (N, num_classes, H, W). auxiliary: further logits of the same shape. weight: weight of the loss of each
    auxiliary one in the sum. train/loss is this sum; val/loss is the loss of `logits` only.
    """

    logits: Tensor
    auxiliary: tuple[Tensor, ...]
    weight: float


class TaskOutputs(NamedTuple):
    """What a model with several tasks returns, in training and in evaluation. A task that it does not have is None.

    logits: (N, num_classes, H, W). depth: (N, H, W) float32 canonical metres, see `models.hydra`.
    log_variances: (2,) of segmentation and depth, if the weights of the two losses are learned.
    """

    logits: Tensor | None = None
    depth: Tensor | None = None
    log_variances: Tensor | None = None
