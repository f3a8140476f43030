"""Models of depth whose answer is known."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from eval.samples import Sample
from files.camera import Camera
from tests.eval.drawn import ColorModel, sample, street

DISTANCES = np.array([70, 30, 25, 8, 9, 22, 18, 17, 15, 12, 10], np.float32)  # metres, by class
FOCAL = 60.0


class Returned(NamedTuple):
    """As a network with several heads returns it."""

    logits: Tensor | None
    depth: Tensor | None
    log_variances: Tensor | None = None


class DepthColorModel(ColorModel):
    """Reads classes off the colours, and canonical depth off the classes."""

    def __init__(self, classes: bool = True, focal: float = FOCAL):
        super().__init__()
        self.classes = classes
        self.focal = nn.Buffer(torch.tensor(focal))
        self.distances = nn.Buffer(torch.from_numpy(DISTANCES))

    def forward(self, image: Tensor) -> Returned:  # type: ignore[override]
        logits = super().forward(image)
        return Returned(logits if self.classes else None, self.distances[logits.argmax(1)])


def camera(height: int = 48, width: int = 64, focal: float = FOCAL) -> Camera:
    """Square pixels, and the principal point in the middle."""
    return Camera(focal, focal, (width - 1) / 2, (height - 1) / 2, (height, width))


def true_depth(labels: np.ndarray) -> np.ndarray:
    """What DepthColorModel predicts for these labels; void and sky are unknown."""
    known = (labels != 255) & (labels != 0)
    return np.where(known, DISTANCES[np.where(known, labels, 0)], np.float32("nan")).astype(np.float32)


def measured(seed: int = 0, shape: tuple[int, int] = (48, 64)) -> Sample:
    """A small scene with its depth."""
    labels = street(*shape, seed=seed)
    return sample(labels, name=f"frame{seed}", sequence="drawn")._replace(
        depth=true_depth(labels), camera=camera(*shape)
    )
