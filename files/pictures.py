"""Pictures as the whole project reads and sizes them: whole, upright, with 8 bits a channel.

- Checksums are checked, and a file that is cut short is an error.
- A picture is turned as its EXIF orientation says, which is how viewers show it. That holds for labels too.
- Of 16 bits of grey the upper 8 are taken, as Pillow does with colours of 16 bits. Modes without a fixed range of
  brightness (32-bit integers, floats) are refused by name.
- A picture of more than 400 megapixels is refused by name.
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
PNG = b"\x89PNG\r\n\x1a\n"  # how such a file begins
ENDING = 64  # last bytes of a JPEG, among which its end is marked; some programs fill them up
JPEGS = ("JPEG", "MPO")  # decoders that can leave out detail
STRIDE = 32  # deepest reduction of the backbones; sizes that are multiples of it waste no pixels
# One of these stands in every file that has an orientation, and in few others: a search is faster than an opening.
_SIGNS = (b"Exif", b"eXIf", b"EXIF", b"exif", b"Orientation")
_DAMAGES = (OSError, SyntaxError, ValueError, EOFError, struct.error)  # Pillow's words
MEGAPIXELS = 400  # largest picture that is read; in colour it takes 1.2 GB
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit, which warns in the midst of other lines


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
    return _rgb(path, load_picture(Path(path)))


def read_reduced(path: Path, at_least: tuple[int, int] | None) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """As `read_image`, but in a fraction of the time where a smaller picture will do; and the file's height and width.

    Args:
        path: the picture's file.
        at_least: height and width that suffice: a JPEG is decoded at 1/2, 1/4 or 1/8 where that is no smaller. Other
            pictures come whole, and so do all with None.
    """
    picture, size = _loaded(path, read_bytes(path), at_least)
    return _rgb(path, _upright(picture)), size


def check_image(path: Path) -> tuple[int, int]:
    """Height and width of a picture, upright, of which all is decoded, and no more made than it takes to find faults.

    Raises ValueError where `read_image` does.
    """
    picture, size = _loaded(path, read_bytes(path), (1, 1))
    _rgb(path, picture.crop((0, 0, 1, 1)))  # whether it can become RGB
    return size


def _rgb(path: str | Path, picture: Image.Image) -> NDArray[np.uint8]:
    if picture.mode == "RGB":
        return np.array(picture)
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
    data = read_bytes(path)
    picture = _decoded(path, data)
    if (bits := _grey_bits(data)) < 8:
        stored = np.asarray(picture.convert("L")) // (255 // (2**bits - 1))
        picture = Image.fromarray(stored.astype(np.uint8))
    return picture


def load_picture(path: Path) -> Image.Image:
    """Decode a picture whole, checksums included, and turn it upright.

    Raises ValueError naming a file that cannot be read or is not a whole picture.
    """
    return _decoded(path, read_bytes(path))


def picture_size(path: Path, data: bytes | None = None) -> tuple[int, int]:
    """Height and width of an upright picture, from its header; `data` are its bytes, if they were read already.

    Raises ValueError for a file that is not a picture, or is too large to be read.
    """
    data = read_bytes(path) if data is None else data
    try:
        with Image.open(BytesIO(data)) as picture:
            height, width = picture.height, picture.width
    except (UnidentifiedImageError, *_DAMAGES):
        _decoded(path, data)  # which says what is wrong
        raise
    _refuse_huge(path, width, height)
    return (width, height) if _announced_turn(data) > 4 else (height, width)


def whole_size(path: Path, data: bytes) -> tuple[int, int]:
    """As `picture_size`, of a picture that is known to be whole: a PNG by its checksums, a JPEG by the mark at its end.

    Raises ValueError for a file that is not a picture or is cut short. Others are decoded for that.
    """
    if data[:2] != b"\xff\xd8" or b"\xff\xd9" not in data[-ENDING:]:
        (_check_png if data[:8] == PNG else _decoded)(path, data)
    return picture_size(path, data)


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


def read_bytes(path: Path) -> bytes:
    """A file. Raises ValueError naming one that cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from error


def _check_png(path: Path, data: bytes) -> None:
    try:
        Image.open(BytesIO(data)).verify()
    except (UnidentifiedImageError, *_DAMAGES):
        _decoded(path, data)  # which says what is wrong
        raise


def _decoded(path: Path, data: bytes) -> Image.Image:
    return _upright(_loaded(path, data)[0])


def _loaded(path: Path, data: bytes, at_least: tuple[int, int] | None = None) -> tuple[Image.Image, tuple[int, int]]:
    """The picture as it lies, reduced as `read_reduced` says; and height and width of the whole, upright."""
    try:
        Image.open(BytesIO(data)).verify()  # PNG checksums, which decoding alone passes over
        picture = Image.open(BytesIO(data))
        whole = picture.size
        _refuse_huge(path, *whole)
        if at_least and picture.format in JPEGS:  # whose EXIF data stand before the pixels
            picture.draft(None, at_least if _orientation(picture) > 4 else at_least[::-1])
        picture.load()
    except UnidentifiedImageError as error:
        raise ValueError(f"{path}: unreadable picture ({len(data)} bytes in an unknown format)") from error
    except _HugeError:
        raise
    except _DAMAGES as error:
        raise ValueError(f"{path}: unreadable or truncated picture ({error or type(error).__name__})") from error
    return picture, whole if _orientation(picture) > 4 else whole[::-1]


class _HugeError(ValueError):
    """A picture of more pixels than are read."""


def _refuse_huge(path: Path, width: int, height: int) -> None:
    if width * height > MEGAPIXELS * 10**6:
        raise _HugeError(
            f"{path}: the picture is {width}x{height}, {width * height / 1e6:.0f} megapixels, and at most {MEGAPIXELS} "
            "are read; scale it down or cut it into parts, and its label or frame likewise"
        )


def _upright(picture: Image.Image) -> Image.Image:
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
    grey = data[:8] == PNG and data[25:26] == b"\0"
    return data[24] if grey else 8
