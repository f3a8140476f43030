"""A model judged by classes that it was not trained with."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from eval.depth.scale import focal_of


class Regrouped(nn.Module):
    """A model whose logits are those of other classes: for each, the highest of the classes that mean it.

    What a class without a counterpart would win goes to the next best one that has one. A class that none of the
    model's means lies below all others, and is never predicted.
    """

    def __init__(self, model: nn.Module, meant: Sequence[int], num_classes: int) -> None:
        """Wrap a model.

        Args:
            model: images (N, 3, h, w) to logits (N, C, h, w).
            meant: for each of the C classes the other one that means it; a number from `num_classes` on for none.
            num_classes: K, number of the other classes.
        """
        super().__init__()
        self.model = model
        self.sources = [[index for index, other in enumerate(meant) if other == k] for k in range(num_classes)]

    @property
    def focal(self) -> float:
        """The focal length that the model has learned."""
        return focal_of(self.model)

    def forward(self, images: Tensor) -> Any:
        """Logits (N, K, h, w) float32 of images (N, 3, h, w); with depth, what the model returns with such logits."""
        returned = self.model(images)
        if isinstance(returned, Tensor):
            return self._regroup(returned.float())
        return returned if returned.logits is None else returned._replace(logits=self._regroup(returned.logits.float()))

    def _regroup(self, logits: Tensor) -> Tensor:
        never = (logits.amin() - 1).expand_as(logits[:, 0])
        return torch.stack([logits[:, group].amax(1) if group else never for group in self.sources], 1)
