"""What an evaluation reads: labelled images, by position."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray


class Sample(NamedTuple):
    """One labelled image: ``image`` (H, W, 3) uint8 RGB, ``mask`` (H, W) uint8 class indices, void 255."""

    name: str
    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    sequence: str = ""


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
    """

    frames: Sequence[F]
    read: Callable[[F], tuple[NDArray[np.uint8], NDArray[np.uint8]]]

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, position: int, /) -> Sample:
        frame = self.frames[position]
        return Sample(frame.name, *self.read(frame), frame.sequence)


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
        size = sample.image.nbytes + sample.mask.nbytes
        with self._lock:  # threads read
            if position not in self.kept and self._bytes + size <= self.limit:
                self.kept[position] = sample
                self._bytes += size
        return sample
