"""Pictures as the whole project reads and sizes them: whole, upright, with 8 bits a channel.

- Checksums are checked, and a file that is cut short is an error.
- A picture is turned as its EXIF orientation says, which is how viewers show it. That holds for labels too.
- Of 16 bits of grey the upper 8 are taken, as Pillow does with colours of 16 bits. Modes without a fixed range of
  brightness (32-bit integers, floats) are refused by name.
- A grey label of 1, 2 or 4 bits keeps the values that it stores; Pillow spreads them over 0 to 255.
"""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
STRIDE = 32  # deepest reduction of the backbones; sizes that are multiples of it waste no pixels
# One of these stands in every file that has an orientation, and in few others: a search is faster than an opening.
_SIGNS = (b"Exif", b"eXIf", b"EXIF", b"exif", b"Orientation")
_DAMAGES = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)  # Pillow's words


def scaled_size(size: tuple[float, float], factor: float) -> tuple[int, int]:
    """Height and width of a picture at a share of its size, each rounded to a multiple of 32.

    Args:
        size: height and width in pixels.
        factor: share, above 0.
    """
    height, width = (max(STRIDE, round(side * factor / STRIDE) * STRIDE) for side in size)
    return height, width


def prediction_size(size: tuple[int, int], *, factor: float, trained: tuple[int, int] | None = None) -> tuple[int, int]:
    """Height and width at which a picture is predicted, so that objects are as large as they were in training.

    Args:
        size: height and width of the picture in pixels.
        factor: share of a frame's size at which frames like those of the training are predicted.
        trained: height and width of these frames; the picture is first fitted into them with its aspect ratio kept,
            as in training. None: `factor` is a share of the picture's own size.
    """
    fit = min(trained[0] / size[0], trained[1] / size[1]) if trained else 1.0
    return scaled_size((size[0] * fit, size[1] * fit), factor)


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """RGB, (H, W, 3) uint8, upright.

    Raises:
        ValueError: the picture is damaged, or its mode has no fixed range of brightness; the message names the file.
    """
    picture = load_picture(Path(path))
    if picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    elif picture.mode in ("I", "F"):
        raise ValueError(
            f"{path}: mode {picture.mode} has no fixed range of brightness; save the picture in colour, or in grey "
            "with 8 or 16 bits"
        )
    try:
        return np.array(picture.convert("RGB"))
    except ValueError as error:
        raise ValueError(f"{path}: mode {picture.mode} cannot be converted to RGB ({error})") from error


def load_label(path: Path) -> Image.Image:
    """A label picture, upright, whose pixels are the values that the file stores. Raises ValueError naming the file."""
    data = _bytes(path)
    picture = _decoded(path, data)
    if (bits := _grey_bits(data)) < 8:
        stored = np.asarray(picture.convert("L")) // (255 // (2**bits - 1))
        picture = Image.fromarray(stored.astype(np.uint8))
    return picture


def load_picture(path: Path) -> Image.Image:
    """Decode a picture whole, checksums included, and turn it upright.

    Raises ValueError naming a file that cannot be read or is not a whole picture.
    """
    return _decoded(path, _bytes(path))


def picture_size(path: Path) -> tuple[int, int]:
    """Height and width of an upright picture, from its header. Raises ValueError for a file that is not a picture."""
    data = _bytes(path)
    try:
        with Image.open(BytesIO(data)) as picture:
            height, width = picture.height, picture.width
    except (UnidentifiedImageError, *_DAMAGES):
        _decoded(path, data)  # which says what is wrong
        raise
    return (width, height) if _announced_turn(data) > 4 else (height, width)


def beyond_decoding(data: bytes, label: bool = False) -> bytes:
    """A text for digests that names what is done to a picture after decoding; empty for nearly every file.

    Args:
        data: the file's bytes.
        label: the file is read by `load_label`, not by `read_image`.
    """
    turn, bits = _announced_turn(data), _grey_bits(data)
    marks = [f"orientation {turn}"] if turn in TURNS else []
    marks += [f"{bits} bits"] if (bits < 8 if label else bits > 8) else []
    return ", ".join(marks).encode()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from error


def _decoded(path: Path, data: bytes) -> Image.Image:
    try:
        Image.open(BytesIO(data)).verify()  # PNG checksums, which decoding alone passes over
        picture = Image.open(BytesIO(data))
        picture.load()
    except UnidentifiedImageError as error:
        raise ValueError(f"{path}: unreadable picture ({len(data)} bytes in an unknown format)") from error
    except _DAMAGES as error:
        raise ValueError(f"{path}: unreadable or truncated picture ({error or type(error).__name__})") from error
    turn = TURNS.get(_orientation(picture))
    return picture if turn is None else picture.transpose(turn)


def _orientation(picture: Image.Image) -> int:
    """1 to 8; 1 if there is no orientation or the EXIF data is unreadable: viewers do not turn such a picture."""
    try:
        found = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except _DAMAGES:
        return 1
    return found if found in TURNS else 1


def _announced_turn(data: bytes) -> int:
    """The orientation of a file that may be damaged."""
    if not any(sign in data for sign in _SIGNS):
        return 1
    try:
        return _orientation(Image.open(BytesIO(data)))
    except (UnidentifiedImageError, *_DAMAGES):
        return 1


def _grey_bits(data: bytes) -> int:
    """Bits of a pixel in a grey PNG; 8 for all other pictures, whose values Pillow leaves as they are."""
    grey = data[:8] == b"\x89PNG\r\n\x1a\n" and data[25:26] == b"\0"
    return data[24] if grey else 8
