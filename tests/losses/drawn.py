"""Logits, depth and their targets, drawn at random."""

import torch

VOID = 255


def batch(seed=0, shape=(2, 5, 7, 9), void=0.2):
    """Logits (N, C, H, W) and a target (N, H, W) of which a share is void."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(shape, generator=generator) * 2
    target = torch.randint(0, shape[1], (shape[0], *shape[2:]), generator=generator)
    target[torch.rand(target.shape, generator=generator) < void] = VOID
    return logits, target


def depth_batch(seed=0, shape=(2, 7, 9), unknown=0.2):
    """Depth (N, H, W) and a target (N, H, W) of 1 to 80 metres, a share of which is NaN."""
    generator = torch.Generator().manual_seed(seed)
    depth, target = (80 ** torch.rand(shape, generator=generator) for _ in range(2))
    target[torch.rand(shape, generator=generator) < unknown] = torch.nan
    return depth, target
