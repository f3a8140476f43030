"""A model with all that a prediction needs: from a picture to classes, depth and points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from eval.depth.scale import assumed_camera, focal_of, metres_per_canonical
from eval.inference import SizeFor, evaluating, label_mask, predict_outputs, resize_image
from eval.points import Cloud, predicted_cloud
from eval.samples import Depth
from eval.stored import Mask, enlarged
from eval.writers.colors import Picture, overlay
from eval.writers.legend import class_entries, with_legend
from files.camera import Camera


class Prediction(NamedTuple):
    """What a model says of a picture (H, W).

    Attributes:
        mask: (H, W) uint8 class indices; None if the model predicts no classes.
        depth: (H, W) float32 metres; None if it predicts no depth.
        camera: as it was given, or else with the focal length of the training and the principal point in the middle;
            None if neither is known.
    """

    mask: Mask | None
    depth: Depth | None
    camera: Camera | None


@dataclass(frozen=True)
class Predictor:
    """A model with all that a prediction needs.

    Attributes:
        model: images (N, 3, h, w) in [0, 1] to logits or to what ``predict_outputs`` takes, on ``device``.
        class_names: C names.
        colors: (C, 3) uint8 RGB of the classes.
        size_for: from an image's (H, W) to the (h, w) at which the model computes.
        device: where the model runs.
        precision: "fp32" or "bf16" (autocast).
    """

    model: nn.Module
    class_names: Sequence[str]
    colors: NDArray[np.uint8]
    size_for: SizeFor
    device: str | torch.device = "cpu"
    precision: str = "fp32"

    def __call__(self, image: Picture) -> Picture:
        """Class indices (H, W) uint8 of an image (H, W, 3) uint8 RGB.

        Raises:
            ValueError: the model predicts no classes.
        """
        if (mask := self.predict(image).mask) is None:
            raise ValueError("the model predicts depth alone; take predict(image).depth")
        return mask

    def predict(self, image: Picture, camera: Camera | None = None) -> Prediction:
        """Classes and depth of an image (H, W, 3) uint8 RGB, as far as the model predicts them.

        Depth is in metres if the camera is given; else as if the image had the focal length of the training.
        """
        height, width = image.shape[:2]
        frame, size = (height, width), self.size_for((height, width))
        with evaluating(self.model):
            outputs = predict_outputs(self.model, [resize_image(image, size)], self.device, self.precision)
            mask = None if outputs.logits is None else label_mask(outputs.logits[0], frame).cpu().numpy()
        if outputs.depth is None:
            return Prediction(mask, None, camera)
        focal = focal_of(self.model)
        metres = outputs.depth[0].cpu().numpy() * np.float32(metres_per_canonical(camera, frame, size, focal))
        if camera is None and not math.isnan(focal):
            camera = assumed_camera(frame, size, focal)
        return Prediction(mask, enlarged(metres, frame), camera)

    def overlay(self, image: Picture, mask: Picture) -> Picture:
        """The image with its mask over it, and a legend of the classes below."""
        return with_legend(overlay(image, mask, self.colors), class_entries(self.class_names, self.colors))

    def cloud(self, found: Prediction) -> Cloud:
        """The points of a prediction that has depth and camera."""
        assert found.depth is not None and found.camera is not None
        return predicted_cloud(found.depth, found.camera, found.mask, self.class_names)
