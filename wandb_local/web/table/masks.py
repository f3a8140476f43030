"""Which classes occur in a mask, and in how many pixels; remembered by the digest of the mask's file."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np
from PIL import Image

from wandb_local.context import Context

_LARGEST = 64 << 20  # pixels; a larger "mask" is not opened
_MOST_KNOWN = 200_000  # masks, of half a kilobyte each


class MaskCounts:
    """Pixels by class index of stored masks; what was decoded is remembered for a while."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, dict[int, int]] = {}
        self._lock = threading.Lock()

    def __call__(self, md5: str) -> Mapping[int, int]:
        """The number of pixels of each class that occurs in a mask; nothing for a file that is no image."""
        known = self._known.get(md5)
        if known is None:
            known = self._count(md5)
            with self._lock:
                self._known[md5] = known
                while len(self._known) > _MOST_KNOWN:
                    del self._known[next(iter(self._known))]
        return known

    def _count(self, md5: str) -> dict[int, int]:
        try:
            with Image.open(self._context.blobs.path(md5)) as image:
                if image.width * image.height > _LARGEST:
                    return {}
                mask = np.asarray(image)  # (H, W) or (H, W, channels)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return {}
        if mask.dtype == np.bool_:
            mask = mask.astype(np.uint8)
        if mask.dtype != np.uint8:
            return {}
        first = mask if mask.ndim == 2 else mask[..., 0]
        pixels = np.bincount(first.ravel(), minlength=256)
        return {int(value): int(pixels[value]) for value in np.flatnonzero(pixels)}
