"""A training small enough for every test: one colour a class, a network of one convolution."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastai.learner import Learner
from torch import nn

from camvid.cache import FrameCache
from camvid.loaders import train_loader
from training import build_learner


class Small(nn.Module):
    """`backbone` with normalisation and a depthwise convolution, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Dropout2d(0.1)
        )
        self.head = nn.Conv2d(8, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.backbone(x).relu())
        return logits


def frames() -> FrameCache:
    rng = np.random.default_rng(0)
    masks = np.kron(rng.integers(0, 3, (10, 4, 4)), np.ones((1, 8, 8), int)).astype(np.uint8)
    images = np.eye(3)[masks] * 200 + rng.integers(0, 50, (10, 32, 32, 3))
    counts = np.stack([np.bincount(mask.ravel(), minlength=3) for mask in masks])
    return FrameCache(images.astype(np.uint8), masks, counts)


@pytest.fixture
def make_learner(tmp_path: Path) -> Callable[..., Learner]:
    """Builds a learner on the same data and with the same first weights each time; settings can be changed."""

    def make(
        folder: Path = tmp_path, batch_size: int = 2, evaluate=None, loader=None, model=None, loss=None, **changes
    ) -> Learner:
        torch.manual_seed(0)
        loader = loader or train_loader(
            frames(),
            augment="flip",
            size=(32, 32),
            crop_min=0.5,
            crop_max=1.0,
            batch_size=batch_size,
            seed=0,
            workers=0,
        )
        scores = iter(range(1, 1000))
        settings: dict[str, Any] = {
            "folder": folder,
            "device": "cpu",
            "precision": "fp32",
            "lr": 0.01,
            "weight_decay": 0.01,
            "monitor": "miou",
        }
        return build_learner(
            model or Small(),
            loader,
            loss or nn.CrossEntropyLoss(),
            evaluate or (lambda _: {"miou": next(scores) / 1000}),
            **settings | changes,
        )

    return make
