"""Which classes occur in a mask, and in how many pixels; remembered by the digest of the mask's file."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from PIL import Image

from wandb_local.context import Context
from wandb_local.limits import MAX_PIXELS

_MOST_KNOWN = 200_000  # masks, of half a kilobyte each
_MODES = ("1", "L", "P", "LA", "RGB", "RGBA")  # whose first band has 8 bits a pixel at most


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
                if image.width * image.height > MAX_PIXELS or image.mode not in _MODES:
                    return {}
                pixels = image.histogram()[:256]  # of the first band
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return {}
        highest = 1 if image.mode == "1" else 255
        return {min(value, highest): count for value, count in enumerate(pixels) if count}
