"""A model whose answer is known: it reads the class off the colour of a pixel."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eval.samples import Sample

NAMES = ("Sky", "Building", "Pole", "Road", "Sidewalk", "Tree", "SignSymbol", "Fence", "Car", "Pedestrian", "Bicyclist")
COLORS = np.array(
    [
        *((128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128), (0, 0, 192), (128, 128, 0)),
        *((192, 128, 128), (64, 64, 128), (64, 0, 128), (64, 64, 0), (0, 128, 192)),
    ],
    dtype=np.uint8,
)
PRIORITY = (6, 8, 9, 10)
BACKGROUND = (0, 1, 3, 4, 5)
SPLIT: dict[str, Any] = {"num_classes": 11, "class_names": NAMES, "priority": PRIORITY, "background": BACKGROUND}


class ColorModel(nn.Module):
    """Logits are minus the squared distances to the class colours: an image painted in them is predicted exactly."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(10.0))
        self.colors = nn.Buffer(torch.from_numpy(COLORS).float() / 255)
        self.norm = nn.BatchNorm2d(11)  # has a mode that must be put back

    def forward(self, image: Tensor) -> Tensor:
        assert image.dtype.is_floating_point
        assert 0 <= image.min() <= image.max() <= 1
        distance = image[:, None] - self.colors[None, :, :, None, None]  # (N, C, 3, H, W)
        return -self.scale * distance.square().sum(2)


def paint(labels: np.ndarray) -> np.ndarray:
    """The image that ColorModel predicts as ``labels``."""
    return np.asarray(COLORS[labels])


def sample(truth: np.ndarray, shown: np.ndarray | None = None, name: str = "frame", sequence: str = "") -> Sample:
    """A sample of true labels; the model sees ``shown``, the truth (void as Sky) by default."""
    truth = truth.astype(np.uint8)
    shown = np.where(truth == 255, 0, truth) if shown is None else shown
    return Sample(name, paint(shown), truth, sequence)


def street(height: int = 48, width: int = 64, seed: int = 0) -> np.ndarray:
    """Labels of a small scene: sky, building and road, with a car, a pedestrian and void."""
    rng = np.random.default_rng(seed)
    labels = np.full((height, width), 3, dtype=np.uint8)
    labels[: height // 3] = 0
    labels[height // 3 : height // 2, : width // 2] = 1
    row, column = rng.integers(height // 2, height - 12), rng.integers(0, width - 20)
    labels[row : row + 8, column : column + 12] = 8
    labels[row - 6 : row + 6, column + 14 : column + 18] = 9
    labels[-2:] = 255
    return labels


def streets(count: int) -> Sequence[Sample]:
    """Samples of small scenes of one size."""
    return [sample(street(seed=seed), name=f"frame{seed}", sequence="drawn") for seed in range(count)]
