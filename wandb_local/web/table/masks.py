"""Which classes occur in a mask, and in how many pixels; remembered by the digest of the mask's file."""

from __future__ import annotations

import os
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from typing import TypeVar

from PIL import Image

from wandb_local.context import Context
from wandb_local.limits import MAX_PIXELS

MOST_BYTES = 96 << 20  # of what is known; two masks of 30 classes for each of 200,000 rows take less
_ENTRY = 200  # bytes of a mask beside its numbers
_COUNT = array("I").itemsize
_THREADS = min(4, os.cpu_count() or 1)  # Pillow lets others compute while it decodes, which is most of the time
_SMALL = 1 << 14  # pixels, which take longer to open than to decode: threads would only be in each other's way
_MODES = ("1", "L", "P", "LA", "RGB", "RGBA")  # whose first band has 8 bits a pixel at most
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class MaskCounts:
    """Pixels by class index of stored masks; what was decoded is remembered for a while."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, bytes] = {}  # the classes, a byte each, then their counts
        self._bytes = 0
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, "masks")

    def __call__(self, md5: str) -> Mapping[int, int]:
        """The number of pixels of each class that occurs in a mask; nothing for a file that is no image, or that is not
        stored."""
        known = self._known.get(md5)
        if known is None:
            known = self._count(md5)
            self._keep(md5, known)
        classes = len(known) // (1 + _COUNT)
        return dict(zip(known[:classes], memoryview(known)[classes:].cast("I"), strict=True))

    def each(self, function: Callable[[_Given], _Made], given: Iterable[_Given]) -> Iterator[_Made]:
        """Like ``map``, for functions that count masks: some run side by side."""
        return self._threads.map(function, given)

    def _keep(self, md5: str, known: bytes) -> None:
        with self._lock:
            if md5 not in self._known:
                self._known[md5] = known
                self._bytes += _ENTRY + len(known)
            while self._bytes > MOST_BYTES:
                oldest = next(iter(self._known))
                self._bytes -= _ENTRY + len(self._known.pop(oldest))

    def _decode(self, image: Image.Image) -> None:
        """While others take their turn."""
        self._turn.release()
        try:
            image.load()
        finally:
            self._turn.acquire()

    def _count(self, md5: str) -> bytes:
        try:
            with self._turn, Image.open(self._context.blobs.path(md5)) as image:
                if not 0 < image.width * image.height <= MAX_PIXELS or image.mode not in _MODES:
                    return b""
                if image.width * image.height > _SMALL:
                    self._decode(image)
                pixels = image.histogram()[:256]  # of the first band
                if image.mode == "1":
                    pixels = [pixels[0], sum(pixels[1:])]
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return b""
        return bytes(compress(range(256), pixels)) + array("I", filter(None, pixels)).tobytes()
