"""Frames of a training, and those of two data sets as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from camvid.depth.training import TrainingDepth, WithDepth, join_depth
from camvid.kept import Extent
from camvid.labels import Mask


class TrainingFrames(Protocol):
    """Frames of one split at one size, read by index: a `FrameCache`, `StreamedFrames` or `JoinedFrames`."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """(N, C) pixels of each class in each mask."""

    @property
    def size(self) -> Extent:
        """Height and width of a picture."""

    @property
    def cost(self) -> str:
        """One line: the time that decoding takes at each read. Empty if the frames are in the cache."""

    @property
    def depth(self) -> TrainingDepth | None:
        """The depth of the frames; None if the training does not learn it."""

    @property
    def focal(self) -> float:
        """The focal length of canonical depth, in pixels of a training image. NaN if depth is not learned."""

    def extent(self, index: int, /) -> Extent:
        """Height and width of a frame, which lies at the top left of its picture."""

    def read(self, index: int, /) -> tuple[NDArray[np.uint8], Mask]:
        """Image (H, W, 3) and mask (H, W) of a frame."""

    def read_mask(self, index: int, /) -> Mask:
        """The mask (H, W) of a frame alone, read-only. From the cache it is not copied."""

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class JoinedFrames(WithDepth):
    """Frames of two data sets, in pictures of one size.

    Attributes:
        parts: those of the first data set, and those of the second one, which come after them.
        counts: (N, C) pixels of each class in each mask; the classes are those of the first data set.
        depth: of all of them.
    """

    parts: tuple[TrainingFrames, TrainingFrames]
    counts: NDArray[np.int64]
    depth: TrainingDepth | None

    @property
    def size(self) -> Extent:
        """Height and width of a picture."""
        return self.parts[0].size

    @property
    def cost(self) -> str:
        """A line for each part that is decoded at each read."""
        return "".join(part.cost for part in self.parts)

    def extent(self, index: int) -> Extent:
        """Height and width of a frame in its picture."""
        part, place = self._at(index)
        return part.extent(place)

    def read(self, index: int) -> tuple[NDArray[np.uint8], Mask]:
        """Image (H, W, 3) and mask (H, W) of a frame."""
        part, place = self._at(index)
        return part.read(place)

    def read_mask(self, index: int) -> Mask:
        """The mask (H, W) of a frame, read-only."""
        part, place = self._at(index)
        return part.read_mask(place)

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def _at(self, index: int) -> tuple[TrainingFrames, int]:
        first, second = self.parts
        return (first, index) if index < len(first) else (second, index - len(first))


def join(first: TrainingFrames, second: TrainingFrames) -> JoinedFrames:
    """Frames of a data set, and after them those of a second one that gives depth and no masks."""
    assert first.size == second.size
    assert second.depth is not None
    counts = np.concatenate([first.counts, np.zeros((len(second), first.counts.shape[1]), np.int64)])
    return JoinedFrames((first, second), counts, join_depth(first.depth, len(first), first.size, second.depth))
