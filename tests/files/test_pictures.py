"""The one reader of pictures: every orientation, depth and mode."""

import re
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from files.pictures import (
    beyond_decoding,
    check_image,
    load_label,
    load_picture,
    picture_size,
    read_image,
    read_reduced,
    whole_size,
)
from tests.files.written import announced_png, grey_png

# What a camera stores that is held so, for each EXIF orientation: the inverse of how viewers turn it.
STORED: dict[int, Callable[[Any], Any]] = {
    1: lambda seen: seen,
    2: lambda seen: seen[:, ::-1],
    3: lambda seen: seen[::-1, ::-1],
    4: lambda seen: seen[::-1],
    5: lambda seen: seen.swapaxes(0, 1),
    6: np.rot90,
    7: lambda seen: seen[::-1, ::-1].swapaxes(0, 1),
    8: lambda seen: np.rot90(seen, -1),
}
RAMP = np.linspace(0, 65535, 6 * 5).round().astype(np.uint16).reshape(5, 6)


def save(array, path, orientation=None):
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    picture = Image.fromarray(np.ascontiguousarray(array))
    picture.save(path, exif=exif.tobytes(), quality=100, subsampling=0, lossless=True)
    return path


@pytest.fixture
def seen():
    """A picture as one sees it, each corner of another colour, in blocks that JPEG keeps."""
    corners = np.array([[(250, 10, 10), (10, 250, 10), (10, 10, 250)], [(250, 250, 10), (10, 250, 250), (9, 9, 9)]])
    return corners.astype(np.uint8).repeat(16, 0).repeat(16, 1)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
def test_a_picture_is_turned_upright(seen, orientation, ending, tmp_path):
    path = save(STORED[orientation](seen), tmp_path / f"a.{ending}", orientation)
    found = read_image(path)
    assert found.shape == seen.shape
    assert np.abs(found.astype(int) - seen).max() <= (4 if ending == "jpg" else 0)


@pytest.mark.parametrize("orientation", STORED)
def test_a_label_is_turned_like_its_frame(orientation, tmp_path):
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    found = load_label(save(STORED[orientation](values), tmp_path / "a.png", orientation))
    assert (found.mode, np.asarray(found).tolist()) == ("L", values.tolist())


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_that_does_not_exist_turns_nothing(seen, orientation, tmp_path):
    path = save(seen, tmp_path / "a.png", orientation)
    assert (read_image(path) == seen).all()
    assert beyond_decoding(path.read_bytes()) == b""


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_exif_that_cannot_be_read_turns_nothing(seen, tmp_path):
    for number, exif in enumerate((b"Exif\0\0nonsense", b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01")):
        path = tmp_path / f"{number}.jpg"
        Image.fromarray(seen).save(path, exif=exif, quality=100, subsampling=0)
        assert read_image(path).shape == seen.shape
        assert beyond_decoding(path.read_bytes()) == b""


def test_sixteen_bits_of_grey_are_scaled_as_sixteen_bits_of_colour_are(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), RAMP)
    cv2.imwrite(str(tmp_path / "color.png"), np.stack([RAMP] * 3, -1))
    grey, color = (read_image(tmp_path / name) for name in ("grey.png", "color.png"))
    with Image.open(tmp_path / "grey.png") as picture:
        assert picture.mode == "I;16"
    assert (grey.min(), grey.max(), len(np.unique(grey))) == (0, 255, RAMP.size)
    assert (grey == color).all()


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_sixteen_bits_in_either_byte_order(kind, tmp_path):
    modes = {"<u2": "I;16", ">u2": "I;16B"}
    picture = Image.frombytes(modes[kind], RAMP.shape[::-1], RAMP.astype(kind).tobytes())
    picture.save(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as found:
        assert found.mode == modes[kind]
    assert (read_image(tmp_path / "a.tif") == (RAMP // 256)[..., None]).all()


@pytest.mark.parametrize("mode", ["I", "F"])
def test_modes_without_a_range_are_named(mode, tmp_path):
    Image.new(mode, (4, 3), 7).save(tmp_path / "a.tif")
    with pytest.raises(
        ValueError, match=rf"a\.tif: mode {mode} has no fixed range of brightness; save .* 8 or 16 bits"
    ):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK"])
def test_modes_of_eight_bits_are_what_pillow_makes_of_them(mode, tmp_path):
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (5, 6, 3), np.uint8)).convert(mode)
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    picture.save(path)
    assert (read_image(path) == np.asarray(picture.convert("RGB"))).all()
    assert beyond_decoding(path.read_bytes()) == b""


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_grey_label_keeps_the_values_that_are_stored(bits, tmp_path):
    values = np.stack([np.arange(2**bits), np.arange(2**bits)[::-1]])[:, : 2**bits - (bits > 1)]  # end within a byte
    grey_png(values, bits, tmp_path / "a.png")
    found = load_label(tmp_path / "a.png")
    assert found.mode == "L"
    assert np.asarray(found).tolist() == values.tolist()
    assert (read_image(tmp_path / "a.png")[..., 0] == values * (255 // (2**bits - 1))).all()  # a frame is spread


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_label_with_a_palette_keeps_its_values_too(bits, tmp_path):
    values = np.arange(2**bits, dtype=np.uint8)[None]
    picture = Image.fromarray(values)
    picture.putpalette(range(200, 200 - 3 * 2**bits, -1))
    picture.save(tmp_path / "a.png", bits=bits)
    assert np.asarray(load_label(tmp_path / "a.png")).tolist() == values.tolist()


def test_what_is_beyond_decoding_is_marked_where_it_is_read(seen, tmp_path):
    turned = save(STORED[6](seen), tmp_path / "turned.jpg", 6).read_bytes()
    assert beyond_decoding(turned) == beyond_decoding(turned, label=True) == b"orientation 6"
    for bits, marks in {4: (b"", b"4 bits"), 8: (b"", b""), 16: (b"16 bits", b"")}.items():
        grey_png(np.zeros((2, 2), int), bits, tmp_path / "grey.png")
        data = (tmp_path / "grey.png").read_bytes()
        assert (beyond_decoding(data), beyond_decoding(data, label=True)) == marks
    assert beyond_decoding(b"") == beyond_decoding(turned[:40]) == beyond_decoding(b"Exif, but no picture") == b""


def test_what_cannot_be_read_is_named(tmp_path):
    (tmp_path / "folder.png").mkdir()
    for name, reason in {"folder.png": "Is a directory", "no.png": "No such file or directory"}.items():
        for read in (read_image, load_label, load_picture):
            with pytest.raises(ValueError, match=rf"{name}: cannot be read \({reason}\)"):
                read(tmp_path / name)


@pytest.mark.parametrize("orientation", STORED)
def test_a_jpeg_is_reduced_where_that_suffices(seen, orientation, tmp_path):
    """32x48: halves suffice for 16x24 and for less than that, up to quarters."""
    path = save(STORED[orientation](seen), tmp_path / "a.jpg", orientation)
    for at_least, step in {(32, 48): 1, (17, 24): 1, (16, 24): 2, (9, 12): 2, (8, 12): 4, (1, 1): 8}.items():
        found, size = read_reduced(path, at_least)
        assert size == (32, 48)
        assert found.shape == (32 // step, 48 // step, 3)
        assert np.abs(found.astype(int) - seen[::step, ::step]).max() <= 6
    assert read_reduced(path, None)[0].shape == seen.shape
    whole = save(STORED[orientation](seen), tmp_path / "a.png", orientation)
    assert np.array_equal(read_reduced(whole, (1, 1))[0], seen)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "gif", "bmp"])
@pytest.mark.parametrize("cut", [0.02, 0.3, 0.7, 0.97])
def test_a_check_finds_what_a_reading_finds(ending, cut, tmp_path):
    """Every share of a file that is cut off, whether it is a fault or not."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    path = save(noise, tmp_path / f"a.{ending}")
    assert check_image(path) == (40, 60)
    path.write_bytes(path.read_bytes()[: int(cut * path.stat().st_size)])

    def fault(read):
        try:
            return read(path) is None
        except ValueError as error:
            return re.sub(r"\d+ bytes|\(.*", "", str(error))

    assert fault(check_image) == fault(read_image)
    assert fault(lambda path: whole_size(path, path.read_bytes())) == fault(load_picture)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("more", [b"", b"\0" * 20, b"\0" * 5000])
def test_a_whole_picture_may_be_followed_by_other_bytes(ending, more, seen, tmp_path):
    path = save(seen, tmp_path / f"a.{ending}", 6)
    data = path.read_bytes() + more
    path.write_bytes(data)
    assert whole_size(path, data) == picture_size(path, data) == (48, 32)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_a_check_finds_a_mode_that_cannot_be_read(mode, tmp_path):
    path = tmp_path / "a.tif"
    Image.new(mode, (6, 5)).save(path)
    with pytest.raises(ValueError, match="mode") as read:
        read_image(path)
    with pytest.raises(ValueError, match="mode") as checked:
        check_image(path)
    assert str(read.value) == str(checked.value)


@pytest.mark.parametrize("orientation", STORED)
def test_a_check_gives_the_size_that_one_sees(seen, orientation, tmp_path):
    for ending in ("jpg", "png", "webp"):
        assert check_image(save(STORED[orientation](seen), tmp_path / f"a.{ending}", orientation)) == (32, 48)


@pytest.mark.parametrize("size", [(12000, 8000), (16000, 12000), (20000, 20000)])
@pytest.mark.filterwarnings("error")
def test_a_large_picture_is_read_without_a_warning(size, tmp_path):
    width, height = size
    announced_png(width, height, tmp_path / "a.png")
    assert picture_size(tmp_path / "a.png") == size[::-1]
    with pytest.raises(ValueError, match="truncated"):  # it was decoded
        load_picture(tmp_path / "a.png")


@pytest.mark.parametrize("read", [load_picture, load_label, read_image, check_image, picture_size])
def test_a_picture_beyond_the_limit_is_refused_with_its_size_and_the_fix(read, tmp_path):
    announced_png(30000, 20000, tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png: the picture is 30000x20000, 600 megapixels") as error:
        read(tmp_path / "a.png")
    assert "at most 400 are read; scale it down" in str(error.value)
