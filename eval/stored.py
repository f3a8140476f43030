"""Masks on the disk: an evaluation of any number of frames takes the memory of a few."""

import tempfile
import weakref
import zlib
from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
EFFORT = 1  # of 9: 3 ms for 2048x1024 pixels, of which some 50 KB are left


class StoredMasks(Sequence[Mask]):
    """Masks (H, W) uint8 by position, packed in a temporary file that goes with this object.

    Attributes:
        shapes: height and width of each mask.
    """

    def __init__(self, count: int):
        self.shapes: list[tuple[int, int]] = [(0, 0)] * count
        self._places = [(0, 0)] * count  # offset and length in the file
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def store(self, position: int, shape: tuple[int, int], packed: bytes) -> None:
        """Keep a mask of that shape, as ``pack`` gave it.

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
    def __getitem__(self, position: int, /) -> Mask: ...
    @overload
    def __getitem__(self, position: slice, /) -> list[Mask]: ...
    def __getitem__(self, position: int | slice, /) -> Mask | list[Mask]:
        if isinstance(position, slice):
            return [self[each] for each in range(*position.indices(len(self)))]
        start, length = self._places[position]
        self._file.seek(start)
        pixels = bytearray(zlib.decompress(self._file.read(length)))  # which may be written to, unlike bytes
        return np.frombuffer(pixels, np.uint8).reshape(self.shapes[position])


def pack(mask: Mask) -> bytes:
    """A mask's pixels, compressed."""
    return zlib.compress(mask.tobytes(), EFFORT)
