"""What an evaluation reads: labelled images, by position."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from files.camera import Camera

Depth: TypeAlias = NDArray[np.float32]  # (H, W), metres along the camera's axis, NaN where it is unknown


class Sample(NamedTuple):
    """One labelled image.

    Attributes:
        name: unique in the data set.
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class indices, void 255; void throughout if the classes are unknown.
        sequence: the drive it was taken on.
        depth: (H, W) float32 metres, NaN where unknown; None if the frame has no depth.
        camera: that of the frame at the size of its depth; None if it is unknown.
    """

    name: str
    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    sequence: str = ""
    depth: Depth | None = None
    camera: Camera | None = None

    @property
    def frame_size(self) -> tuple[int, int]:
        """Height and width at which the frame is judged: those of its depth, else of its mask."""
        height, width = self.mask.shape if self.depth is None else self.depth.shape
        return height, width


class Samples(Protocol):
    """A split: its length, and its samples by position."""

    def __len__(self) -> int: ...
    def __getitem__(self, position: int, /) -> Sample: ...


class NamedFrame(Protocol):
    """A frame on disk, such as ``camvid.layouts.Frame``."""

    @property
    def name(self) -> str:
        """Its name, unique in the data set."""
        ...

    @property
    def sequence(self) -> str:
        """The drive it was taken on."""
        ...


KEPT = 2**28  # bytes of samples that stay in memory from one evaluation to the next
F = TypeVar("F", bound=NamedFrame)


@dataclass(frozen=True)
class FrameSamples(Generic[F]):
    """The frames of a split as samples, read when they are asked for.

    Attributes:
        frames: in the order of the split.
        read: from a frame to its image (H, W, 3) and mask (H, W), both uint8.
        measure: from a frame to its depth (H, W) and camera, or None if it has none. Without it no depth is read.
    """

    frames: Sequence[F]
    read: Callable[[F], tuple[NDArray[np.uint8], NDArray[np.uint8]]]
    measure: Callable[[F], tuple[Depth, Camera] | None] | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, position: int, /) -> Sample:
        frame = self.frames[position]
        measured = (self.measure and self.measure(frame)) or (None, None)
        return Sample(frame.name, *self.read(frame), frame.sequence, *measured)


class KeptSamples:
    """Samples that stay in memory after they were read, as many as fit; the others are read each time anew.

    Those that are read first stay. An evaluation reads all of them in order, so that to drop the oldest would drop each
    before it is read again.
    """

    def __init__(self, samples: Samples, limit: int = KEPT):
        self.samples, self.limit = samples, limit
        self.kept: dict[int, Sample] = {}
        self._bytes, self._lock = 0, Lock()

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, position: int, /) -> Sample:
        if position in self.kept:
            return self.kept[position]
        sample = self.samples[position]
        size = sum(part.nbytes for part in (sample.image, sample.mask, sample.depth) if part is not None)
        with self._lock:  # threads read
            if position not in self.kept and self._bytes + size <= self.limit:
                self.kept[position] = sample
                self._bytes += size
        return sample
