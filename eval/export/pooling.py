"""Adaptive pooling in plain products, for formats that know it for one size only."""

import copy

import torch
from torch import Tensor, nn


class ProductPool(nn.Module):
    """`nn.AdaptiveAvgPool2d(size)` as two matrix products: maps (N, C, H, W) to (N, C, size, size)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Means over the same windows, which may overlap."""
        rows, columns = (self._means(side, x) for side in x.shape[-2:])
        return rows @ x @ columns.transpose(0, 1)

    def _means(self, side: int, x: Tensor) -> Tensor:
        """(size, side): row i takes the mean from floor(i * side / size) to ceil((i + 1) * side / size)."""
        window = torch.arange(self.size, device=x.device)[:, None]
        place = torch.arange(side, device=x.device)
        start = window * side // self.size
        end = ((window + 1) * side + self.size - 1) // self.size
        inside = ((place >= start) & (place < end)).to(x.dtype)
        return inside / inside.sum(1, keepdim=True)


def without_adaptive_pooling(model: nn.Module) -> nn.Module:
    """The model with `ProductPool` where it pools to a fixed size; itself if it does not."""
    names = [name for name, part in model.named_modules() if isinstance(part, nn.AdaptiveAvgPool2d) and _side(part) > 1]
    if not names:
        return model
    changed = copy.deepcopy(model)
    for name in names:
        part = changed.get_submodule(name)
        assert isinstance(part, nn.AdaptiveAvgPool2d)
        changed.set_submodule(name, ProductPool(_side(part)))
    return changed


def _side(pool: nn.AdaptiveAvgPool2d) -> int:
    size = pool.output_size
    height, width = size if isinstance(size, tuple) else (size, size)
    assert height == width, f"adaptive pooling to {size} cannot be exported, because the size is not square"
    return int(height or 0)
