"""A model judged by classes that it was not trained with."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


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

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K, h, w) float32 of images (N, 3, h, w)."""
        logits = self.model(images).float()
        never = (logits.amin() - 1).expand_as(logits[:, 0])
        return torch.stack([logits[:, group].amax(1) if group else never for group in self.sources], 1)
