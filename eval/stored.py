"""Predictions on the disk: an evaluation of any number of frames takes the memory of a few."""

import os
import tempfile
import weakref
import zlib
from collections.abc import Sequence
from typing import Any, Generic, TypeVar, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from eval.samples import Depth

Mask = NDArray[np.uint8]
T = TypeVar("T", bound=np.generic)
Size = tuple[int, int]  # height and width
EFFORT = 1  # of 9: 3 ms for 2048x1024 pixels, of which some 50 KB are left


class Stored(Sequence[NDArray[T]], Generic[T]):
    """Arrays (H, W) of one type by position, packed in a temporary file that goes with this object.

    Attributes:
        shapes: height and width of each array.
    """

    def __init__(self, count: int, kind: type[T]):
        self.shapes: list[Size] = [(0, 0)] * count
        self._kind = kind
        self._places = [(0, 0)] * count  # offset and length in the file
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def store(self, position: int, shape: Size, packed: bytes) -> None:
        """Keep an array of that shape, as ``pack`` gave it.

        Raises:
            OSError: the disk is full; the message names the folder.
        """
        try:
            start = self._file.seek(0, 2)
            self._file.write(packed)
            self._file.flush()
        except OSError as error:
            folder = tempfile.gettempdir()
            raise OSError(f"{folder}: {error.strerror}; set TMPDIR to a folder with room for predictions") from error
        self.shapes[position], self._places[position] = shape, (start, len(packed))

    def __len__(self) -> int:
        return len(self.shapes)

    @overload
    def __getitem__(self, position: int, /) -> NDArray[T]: ...
    @overload
    def __getitem__(self, position: slice, /) -> list[NDArray[T]]: ...
    def __getitem__(self, position: int | slice, /) -> NDArray[T] | list[NDArray[T]]:
        if isinstance(position, slice):
            return [self[each] for each in range(*position.indices(len(self)))]
        start, length = self._places[position]
        packed = os.pread(self._file.fileno(), length, start)  # by threads too, which share the place of a read
        pixels = bytearray(zlib.decompress(packed))  # which may be written to, unlike bytes
        return np.frombuffer(pixels, self._kind).reshape(self.shapes[position])


class StoredMasks(Stored[np.uint8]):
    """Masks (H, W) uint8 by position."""

    def __init__(self, count: int):
        super().__init__(count, np.uint8)


class StoredDepths:
    """Depth (H, W) float32 in metres by position: kept as the network gave it, in half precision, and enlarged again.

    Attributes:
        shapes: height and width of each frame.
    """

    def __init__(self, count: int):
        self.shapes: list[Size] = [(0, 0)] * count
        self._small = Stored(count, np.float16)

    def store(self, position: int, shape: Size, small: Size, packed: bytes) -> None:
        """Keep depth (h, w) float16, as ``pack`` gave it, of a frame of another shape. Raises OSError as ``Stored``."""
        self._small.store(position, small, packed)
        self.shapes[position] = shape

    def __len__(self) -> int:
        return len(self.shapes)

    def __getitem__(self, position: int, /) -> Depth:
        return enlarged(self._small[position].astype(np.float32), self.shapes[position])


def enlarged(depth: Depth, size: Size) -> Depth:
    """Depth (h, w) at a frame's size (H, W), bilinearly."""
    if depth.shape == size:
        return depth
    return np.asarray(cv2.resize(depth, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def pack(pixels: NDArray[Any]) -> bytes:
    """The values of an array, compressed."""
    return zlib.compress(pixels.tobytes(), EFFORT)
