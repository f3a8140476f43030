"""Frames of 16 bits whose upper bits are empty."""

import cv2
import numpy as np
import pytest

from camvid.check import check
from camvid.describe import describe
from camvid.layouts import find_taxonomy, open_dataset
from tests.camvid.replicas.folders import write_plain


def frames_of(root, brightest, channels, ending="png", kind=np.uint16):
    write_plain(root)
    for path in (root / "images").iterdir():
        values = np.linspace(0, brightest, 32 * 64 * channels).reshape(32, 64, channels).astype(kind)
        cv2.imwrite(str(path.with_suffix(f".{ending}")), values)
        path.unlink()


def told(root):
    """Whether each of the three says it, and what they say."""
    lines = (
        [*describe(root).lines],
        check(root, find_taxonomy(root)).taken,
        open_dataset(root).remarks("train").split("\n"),
    )
    return [[line for line in each if "of 16 bits" in line] for each in lines]


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("brightest", "bits", "factor"), [(4095, 12, 16), (1023, 10, 64), (16383, 14, 4)])
def test_frames_that_use_the_lower_bits_alone_are_named_with_the_way_out(
    brightest, bits, factor, channels, ending, tmp_path
):
    frames_of(tmp_path, brightest, channels, ending)
    for said in told(tmp_path):
        (line,) = said
        assert line.startswith(
            f"{tmp_path}/images/cam1_001.{ending}: a frame of 16 bits that uses only the lower {bits} "
        )
        assert f"multiply the values by {factor}: `cv2.imwrite" in line


@pytest.mark.parametrize(
    ("brightest", "kind"), [(65535, np.uint16), (40000, np.uint16), (255, np.uint8), (0, np.uint16)]
)
def test_other_frames_get_no_word(brightest, kind, tmp_path):
    frames_of(tmp_path, brightest, 3, kind=kind)
    assert told(tmp_path) == [[], [], []]


def test_a_damaged_frame_of_16_bits_is_left_to_the_faults(tmp_path, capfd):
    frames_of(tmp_path, 4095, 1)
    for path in (tmp_path / "images").iterdir():
        path.write_bytes(path.read_bytes()[:-30])
    assert told(tmp_path)[0] == []
    assert "libpng" not in capfd.readouterr().err
