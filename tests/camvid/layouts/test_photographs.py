"""Frames of every mode, orientation and size."""

import numpy as np
import pytest
from PIL import Image

from camvid.layouts import open_dataset
from files.pictures import picture_size, read_image
from tests.camvid.replicas.comparing import faults_of, first
from tests.camvid.replicas.drawing import SIZE, grey, photo
from tests.camvid.replicas.folders import codes, each, write_colors, write_plain


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P", "I;16"])
def test_photographs_of_every_mode_are_read_in_colour(mode, tmp_path):
    write_colors(tmp_path)
    frame = first(tmp_path)
    with Image.open(frame.image) as picture:
        grey_values = np.asarray(picture.convert("L"))
        changed = Image.fromarray(grey_values.astype(np.uint16) * 256) if mode == "I;16" else picture.convert(mode)
    changed.save(frame.image)
    image = open_dataset(tmp_path).read_image(frame)
    assert image.shape == (*SIZE, 3)
    if mode in ("L", "LA", "I;16"):
        np.testing.assert_array_equal(image, np.stack([grey_values] * 3, 2))
    assert faults_of(tmp_path) == []


@pytest.mark.parametrize(("suffix", "orientation"), [(".jpg", 6), (".jpg", 3), (".tif", 6), (".tif", 3), (".png", 8)])
def test_a_turned_photograph_is_upright_and_has_the_size_of_its_label(suffix, orientation, tmp_path):
    write_plain(tmp_path)
    frame = first(tmp_path)
    upright = np.tile(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], (32, 1, 3))
    turns = {6: Image.Transpose.ROTATE_90, 3: Image.Transpose.ROTATE_180, 8: Image.Transpose.ROTATE_270}
    exif = Image.Exif()
    exif[0x0112] = orientation
    frame.image.unlink()
    path = frame.image.with_suffix(suffix)
    Image.fromarray(upright).transpose(turns[orientation]).save(path, exif=exif)
    assert picture_size(path) == SIZE
    assert np.abs(read_image(path).astype(int) - upright).max() < 12
    assert faults_of(tmp_path) == []


def test_a_label_that_was_drawn_on_the_lying_photograph_is_named(tmp_path):
    write_plain(tmp_path)
    frame = first(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(read_image(frame.image)).save(frame.image, exif=exif)
    assert faults_of(tmp_path) == [f"{frame.mask}: label is 64x32, its frame {frame.image.name} is 32x64"]


def test_frames_of_several_sizes_are_no_fault(tmp_path):
    write_plain(tmp_path)
    for number, (_, stem) in enumerate(each()):
        size = (32 + 8 * number, 64 - 8 * number)
        photo(tmp_path / "images" / f"{stem}.jpg", size)
        grey(tmp_path / "masks" / f"{stem}.png", np.resize(codes(stem) % 3, size))
    assert faults_of(tmp_path) == []
    assert "have 3 sizes" in open_dataset(tmp_path).remarks("train")
