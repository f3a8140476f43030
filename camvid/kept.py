"""How frames are kept for a training: all at one size, which is only as large as its crops need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from camvid.crops import fitted_size
from camvid.labels import Mask
from camvid.layouts import Frame, RoadDataset
from camvid.transforms import (
    WHOLE,
    pad_depth,
    pad_image,
    pad_mask,
    resize_depth,
    resize_image,
    resize_mask,
)
from files.amounts import byte_size

Extent = tuple[int, int]
GB = 2**30
FARTHEST = float(np.finfo(np.float16).max)  # metres; what lies beyond is kept as unknown


class Kept(NamedTuple):
    """How the frames of a split are kept.

    Attributes:
        size: height and width of a picture in which a frame is kept.
        extents: height and width of each frame, which lies at the top left of its picture.
        depth: whether depth is kept too.
        guests: whether the pictures are those of another data set, whose frames fill them.
    """

    size: Extent
    extents: Sequence[Extent]
    depth: bool = False
    guests: bool = False

    @property
    def mixed(self) -> bool:
        """Whether some frames do not fill their pictures. The rest of such a picture is void."""
        return any(extent != self.size for extent in self.extents)

    @property
    def bytes(self) -> int:
        """Size of all that is kept, in bytes."""
        return self.picture_bytes + self.depth_bytes

    @property
    def picture_bytes(self) -> int:
        """Size of all frames with their masks, in bytes."""
        return len(self.extents) * self.size[0] * self.size[1] * 4

    @property
    def depth_bytes(self) -> int:
        """Size of the depth of all frames, in bytes."""
        return len(self.extents) * self.size[0] * self.size[1] * 2 if self.depth else 0

    def needs(self, limit: int) -> str:
        """The beginning of a sentence: a cache of `limit` bytes has no room for the frames."""
        return (
            f"cache_gb={limit / GB:.3g} has no room for {len(self.extents)} frames at {self.size[0]}x{self.size[1]}, "
            f"which take {byte_size(self.bytes)} decoded"
        )


def keep(
    dataset: RoadDataset, split: str, train_size: Extent, augment: str, crop_min: float, depth: bool = False
) -> Kept:
    """The size at which the frames of a split are kept.

    It is the size at which the smallest crop has the training size, so that no crop is enlarged. It is never larger
    than the frames' own size. A frame of an unusual shape is fitted into a picture of this size.

    Args:
        dataset: the opened data set.
        split: train, val or test.
        train_size: height and width of a training image in pixels.
        augment: a key of `camvid.transforms.POLICIES`.
        crop_min: smallest share of a frame's area that a crop keeps, in policies that crop.
        depth: whether depth is kept too.
    """
    own = dataset.frame_size(split)
    size = kept_size(own, train_size, augment, crop_min)
    return Kept(size, [fitted_size(frame, own, size) for frame in dataset.sizes(split)], depth)


def keep_beside(hosts: Kept, own: Extent, dataset: RoadDataset, split: str) -> Kept:
    """The frames of a second data set, with their depth, in pictures of the first one's size.

    Each is fitted into a frame of the first one and keeps its aspect, as a frame of another shape is there.

    Args:
        hosts: how the frames of the first data set are kept.
        own: height and width that most of these have.
        dataset: the second data set.
        split: train, val or test.
    """
    extents = [fitted_size(frame, own, hosts.size) for frame in dataset.sizes(split)]
    return Kept(hosts.size, extents, depth=True, guests=True)


def kept_size(own: Extent, train_size: Extent, augment: str, crop_min: float) -> Extent:
    """Height and width at which frames of this height and width are kept; see `keep`."""
    zoom = 1.0 if augment in WHOLE else crop_min**-0.5
    return min(own[0], math.ceil(zoom * train_size[0])), min(own[1], math.ceil(zoom * train_size[1]))


def decode(dataset: RoadDataset, frame: Frame, extent: Extent, size: Extent) -> tuple[NDArray[np.uint8], Mask]:
    """A frame as it is kept: image (H, W, 3) and mask (H, W), which is void beside the frame.

    Raises what `RoadDataset.read` raises.
    """
    image, mask = dataset.read(frame, at_least=extent)
    return pad_image(resize_image(image, extent), size), pad_mask(resize_mask(mask, extent), size)


def decode_depth(dataset: RoadDataset, frame: Frame, extent: Extent, size: Extent) -> NDArray[np.float16]:
    """The depth (H, W) of a frame as it is kept, in metres; NaN where it is unknown, and beside the frame.

    Raises what `RoadDataset.read_depth` raises.
    """
    found = dataset.read_depth(frame)
    if found is None:
        return np.full(size, np.nan, np.float16)
    depth = np.where(found[0] > FARTHEST, np.float32("nan"), found[0])
    return pad_depth(resize_depth(depth, extent), size).astype(np.float16)
