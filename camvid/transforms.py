"""Resizing of frames and masks, and augmentation in named policies."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it asks the network for its newest version at import

import albumentations as A
from albumentations.core.type_definitions import Targets

from camvid.crops import Crops, Rare
from camvid.depth.source import Depth
from camvid.taxonomy import IGNORE_INDEX
from files.pictures import scaled_size

Image = NDArray[np.uint8]
MASKS = cv2.INTER_NEAREST_EXACT  # nearest pixel centre, as for images; INTER_NEAREST is up to a pixel off


def resize_image(image: Image, size: tuple[int, int]) -> Image:
    """An image (H, W, 3), resized to (height, width). A smaller image is made by averaging areas."""
    if image.shape[:2] == size:
        return image
    shrinks = size[0] * size[1] < image.shape[0] * image.shape[1]
    resized = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.uint8)


def resize_mask(mask: Image, size: tuple[int, int]) -> Image:
    """A mask (H, W), resized to (height, width) by nearest neighbour, so that no new class appears."""
    if mask.shape == size:
        return mask
    return np.asarray(cv2.resize(mask, size[::-1], interpolation=MASKS), dtype=np.uint8)


def resize_depth(depth: Depth, size: tuple[int, int]) -> Depth:
    """Depth (H, W), resized to (height, width) by nearest neighbour, so that NaN spreads to no other pixel."""
    if depth.shape == size:
        return depth
    return np.asarray(cv2.resize(depth, size[::-1], interpolation=MASKS), np.float32)


def pad_image(image: Image, size: tuple[int, int]) -> Image:
    """An image (H, W, 3), padded to (height, width) with its last row and column, as the models pad images."""
    down, right = size[0] - image.shape[0], size[1] - image.shape[1]
    return np.asarray(cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REPLICATE), dtype=np.uint8)


def pad_mask(mask: Image, size: tuple[int, int]) -> Image:
    """A mask (H, W), padded to (height, width) with void below and on the right."""
    down, right = size[0] - mask.shape[0], size[1] - mask.shape[1]
    return np.pad(mask, ((0, down), (0, right)), constant_values=IGNORE_INDEX)


def pad_depth(depth: Depth, size: tuple[int, int]) -> Depth:
    """Depth (H, W), padded to (height, width) with NaN below and on the right."""
    down, right = size[0] - depth.shape[0], size[1] - depth.shape[1]
    return np.pad(depth, ((0, down), (0, right)), constant_values=np.nan)


class Crop(A.DualTransform):
    """Shows the part of a frame that `crops` draws, at its size: bilinear images, masks from the nearest pixel.

    Beyond the frame, the image repeats its edge, as the models pad images. There masks are void, and depth is NaN.

    Attributes:
        crops: draws the part.
        picture: height and width of the picture in which the frame lies; None takes those of the frame.
    """

    _targets = (Targets.IMAGE, Targets.MASK)

    def __init__(self, crops: Crops, picture: tuple[int, int] | None = None):
        super().__init__(p=1.0)
        self.crops, self.picture = crops, picture

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """The box as albumentations names it: left, top, right, bottom."""
        frame = params["shape"][:2]
        top, left, height, width = self.crops.draw(self.random_generator, frame, self.picture or frame, data["mask"])
        return {"crop_coords": (left, top, left + width, top + height)}

    def apply(self, img: Image, crop_coords: tuple[int, int, int, int], **_: Any) -> NDArray[Any]:
        """The part of an image (H, W, 3)."""
        return self._resized(_cut(img, crop_coords, cv2.BORDER_REPLICATE), cv2.INTER_LINEAR)

    def apply_to_mask(self, mask: NDArray[Any], crop_coords: tuple[int, int, int, int], **_: Any) -> NDArray[Any]:
        """The part of a mask (H, W) uint8, or of depth (H, W) float32."""
        unknown = IGNORE_INDEX if mask.dtype == np.uint8 else math.nan
        return self._resized(_cut(mask, crop_coords, cv2.BORDER_CONSTANT, unknown), MASKS)

    def _resized(self, part: NDArray[Any], interpolation: int) -> NDArray[Any]:
        return np.asarray(cv2.resize(part, self.crops.size[::-1], interpolation=interpolation))


def _cut(part: NDArray[Any], box: tuple[int, int, int, int], border: int, value: float = 0) -> NDArray[Any]:
    left, top, right, bottom = box
    up, before = max(0, -top), max(0, -left)
    down, after = max(0, bottom - part.shape[0]), max(0, right - part.shape[1])
    inside = part[max(0, top) : bottom, max(0, left) : right]
    if not (up or down or before or after):
        return inside
    return np.asarray(cv2.copyMakeBorder(inside, up, down, before, after, border, value=value))


def _resize(size: tuple[int, int], crop: Crop) -> list[A.BasicTransform]:
    return [A.Resize(*size, interpolation=cv2.INTER_AREA, mask_interpolation=MASKS)]


def _flip(size: tuple[int, int], crop: Crop) -> list[A.BasicTransform]:
    return [*_resize(size, crop), A.HorizontalFlip(p=0.5)]


def _crop(size: tuple[int, int], crop: Crop) -> list[A.BasicTransform]:
    return [crop, A.HorizontalFlip(p=0.5)]


def _color(size: tuple[int, int], crop: Crop) -> list[A.BasicTransform]:
    jitter = A.ColorJitter(brightness=(0.7, 1.3), contrast=(0.7, 1.3), saturation=(0.7, 1.3), hue=(-0.03, 0.03), p=0.8)
    return [*_crop(size, crop), jitter]


def _weather(size: tuple[int, int], crop: Crop) -> list[A.BasicTransform]:
    weather = [
        A.RandomFog(fog_coef_range=(0.1, 0.4)),
        A.RandomRain(brightness_coefficient=0.9, blur_value=3),
        A.RandomShadow(shadow_roi=(0, 0.4, 1, 1)),
        A.RandomSunFlare(flare_roi=(0, 0, 1, 0.4), src_radius=max(8, size[0] // 4)),
        A.GaussNoise(std_range=(0.02, 0.08)),
        A.MotionBlur(blur_limit=(3, 5)),
    ]
    return [*_color(size, crop), A.OneOf(weather, p=0.3)]


POLICIES: dict[str, Callable[[tuple[int, int], Crop], list[A.BasicTransform]]] = {
    "none": _resize,
    "flip": _flip,
    "crop": _crop,
    "color": _color,
    "weather": _weather,
}


WHOLE = ("none", "flip")  # policies that show whole frames; the others crop


def build_augmentation(
    policy: str,
    size: tuple[int, int],
    crops: tuple[float, float] = (0.25, 1.0),
    depth: bool = False,
    picture: tuple[int, int] | None = None,
    rare: Rare | None = None,
) -> A.Compose:
    """The transform that turns a cached frame and its mask into a training pair.

    Args:
        policy: a key of POLICIES. Each policy includes the one before it.
        size: height and width of the training image, in pixels.
        crops: smallest and largest share of the frame's area that a random crop shows, see `camvid.crops`.
        depth: whether it also takes `depth` (H, W), as it takes a mask. Then `zoom` tells how much it was enlarged.
        picture: height and width of the picture in which a frame lies; None takes those of the frame.
        rare: chooses pixels that crops have to show.

    Raises:
        ValueError: the policy is unknown.
    """
    if policy not in POLICIES:
        raise ValueError(f"augment={policy!r}: allowed are {', '.join(POLICIES)}")
    steps = POLICIES[policy](size, Crop(Crops(size, crops, rare), picture))
    return (
        A.Compose(steps, additional_targets={"depth": "mask"}, save_applied_params=True) if depth else A.Compose(steps)
    )


def zoom(applied: Sequence[tuple[str, Mapping[str, Any]]], frame: tuple[int, int], size: tuple[int, int]) -> float:
    """How many times larger objects are in an augmented image: by sides, the geometric mean of both.

    Args:
        applied: `applied_transforms` of a transform of `build_augmentation`, with its crop if there is one.
        frame: height and width of what was augmented.
        size: height and width of the image.
    """
    boxes = (parameters["crop_coords"] for _, parameters in applied if "crop_coords" in parameters)
    left, top, right, bottom = next(boxes, (0, 0, frame[1], frame[0]))
    return math.sqrt(size[0] * size[1] / ((bottom - top) * (right - left)))


__all__ = ["POLICIES", "WHOLE", "build_augmentation", "pad_depth", "pad_image", "pad_mask"]
__all__ += ["resize_depth", "resize_image", "resize_mask", "scaled_size", "zoom"]
