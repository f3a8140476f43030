"""Messages about files of a frame that differ in size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # which says so
    from camvid.layouts.dataset import Frame


def size_mismatch(frame: Frame, image: tuple[int, ...], mask: tuple[int, ...]) -> str:
    """The message for an image and a mask of different sizes (height, width)."""
    alike = mask[0] * image[1] == mask[1] * image[0]
    way = "; `python -m camvid convert` writes labels at the size of their frames" if alike else ""
    return f"{frame.mask}: label is {mask[1]}x{mask[0]}, its frame {frame.image.name} is {image[1]}x{image[0]}{way}"


def depth_mismatch(path: Path, frame: Frame, depth: tuple[int, ...], image: tuple[int, ...]) -> str:
    """The message for depth of another size (height, width) than its image; empty if they have the same size."""
    if depth == image:
        return ""
    return f"{path}: depth is {depth[1]}x{depth[0]}, its frame {frame.image.name} is {image[1]}x{image[0]}"
