"""Pictures written byte by byte, as no library here writes them."""

import struct
import zlib
from pathlib import Path

import numpy as np


def grey_png(values: np.ndarray, bits: int, path: Path) -> None:
    """A grey PNG of 1, 2, 4, 8 or 16 bits a pixel that holds these values (H, W)."""
    height, width = values.shape
    digits = (values[..., None] >> np.arange(bits)[::-1]) & 1  # (H, W, bits), the highest first
    rows = np.packbits(digits.reshape(height, -1).astype(np.uint8), axis=1)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    chunks = {b"IHDR": struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0), b"IDAT": zlib.compress(lines)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*item) for item in (*chunks.items(), (b"IEND", b""))))


def announced_png(width: int, height: int, path: Path) -> None:
    """A PNG in grey whose header says this size, and that has hardly a pixel."""
    chunks = {b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0), b"IDAT": zlib.compress(b"\0")}
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*item) for item in (*chunks.items(), (b"IEND", b""))))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
