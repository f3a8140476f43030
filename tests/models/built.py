"""Models built once for all tests, and images drawn at random."""

import functools

import torch

from models import build_model

NUM_CLASSES = 5


@functools.lru_cache(maxsize=8)
def trained(case):
    """The model (architecture, backbone, crp) in eval mode, its running statistics fit to its weights.

    It is shared: copy it before changing it.
    """
    architecture, backbone, crp = case
    torch.manual_seed(0)
    model = build_model(architecture, NUM_CLASSES, backbone, crp=crp)
    with torch.no_grad():
        model(images(64, 64))
    return model.eval()


def images(height, width, count=2):
    """Images (count, 3, height, width) in [0, 1]."""
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(height * width))


def predicted(model, batch):
    """The logits of a batch, whether the model returns them alone or among other outputs."""
    outputs = model(batch)
    return outputs if isinstance(outputs, torch.Tensor) else outputs.logits
