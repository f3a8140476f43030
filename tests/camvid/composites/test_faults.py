"""What a user can do wrong: the message names file, value and fix, and nothing is left behind."""

import numpy as np
import pytest
from PIL import Image

from camvid.composites.convert import convert
from camvid.composites.draw import draw_composites
from camvid.layouts import open_dataset
from tests.camvid.composites.composed import write_blocks


def resize(path, size):
    with Image.open(path) as picture:
        picture.resize(size).save(path)


def empty(folder):
    for path in folder.iterdir():
        path.unlink()


def photos(root):
    """Noise where labels should be."""
    for path in (root / "train").iterdir():
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 128, 3), np.uint8)).save(path)


def twins(root):
    (root / "val" / "0.png").write_bytes((root / "val" / "0.jpg").read_bytes())


FAULTS = {
    "not twice as wide": (
        lambda root: resize(root / "val" / "1.jpg", (96, 64)),
        {},
        r"val/1\.jpg: 96x64 pixels; .* crop",
    ),
    "odd width": (lambda root: resize(root / "train" / "1.jpg", (127, 64)), {}, r"train/1\.jpg: 127x64 pixels"),
    "another size": (
        lambda root: resize(root / "val" / "2.jpg", (64, 32)),
        {},
        r"val/2\.jpg: 64x32 pixels, the others have 128x64; resize all to one size",
    ),
    "unreadable": (
        lambda root: (root / "val" / "2.jpg").write_bytes(b"x"),
        {},
        r"val/2\.jpg: unreadable picture \(1 bytes in an unknown format\)",
    ),
    "truncated": (
        lambda root: (root / "train" / "0.jpg").write_bytes((root / "train" / "0.jpg").read_bytes()[:600]),
        {},
        r"train/0\.jpg: unreadable or truncated picture",
    ),
    "empty split": (
        lambda root: empty(root / "val"),
        {},
        r"val: there is no picture in it; put the val composites there",
    ),
    "twice one name": (twins, {}, r"val/0\.png: 0\.jpg has the same name; remove or rename"),
    "no train": (
        lambda root: (root / "train").rename(root / "test"),
        {},
        r"there is no train/, from which the colours are taken",
    ),
    "too few colours": (lambda root: None, {"k": 10}, r"k=10: the labels have 3 distinct colours, .* take 1 to 3"),
    "no class": (lambda root: None, {"k": 0}, r"k=0: .* take 1 to 3"),
    "unknown colours": (lambda root: None, {"colors": "ade20k"}, "colors='ade20k': allowed are kmeans and cityscapes"),
    "labels are photos": (
        photos,
        {},
        r"train: only 0 % of the right halves lies in areas of one colour, .* on the right\?",
    ),
    "no palette": (lambda root: None, {"palette": "class_dict.csv"}, r"class_dict\.csv: no such file; give"),
}


@pytest.mark.parametrize("spoil,settings,message", FAULTS.values(), ids=FAULTS)
def test_faults_are_named_and_nothing_is_left(spoil, settings, message, tmp_path):
    write_blocks(tmp_path / "raw")
    spoil(tmp_path / "raw")
    settings = {"k": 3} | settings
    if palette := settings.get("palette"):
        settings["palette"] = tmp_path / palette
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        convert(tmp_path / "raw", tmp_path / "set", **settings)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_colors_of_another_data_set_are_not_taken_for_cityscapes(tmp_path):
    write_blocks(tmp_path / "raw", colors=((128, 0, 0), (64, 0, 128), (0, 0, 0), (128, 128, 0)))
    with pytest.raises(
        ValueError, match=r"colors=cityscapes: .* have colour .* not one of Cityscapes' .* without --colors"
    ):
        convert(tmp_path / "raw", tmp_path / "set", colors="cityscapes")


def test_a_folder_in_use_is_left_alone(tmp_path):
    write_blocks(tmp_path / "raw")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine.txt").write_text("keep")
    with pytest.raises(FileExistsError, match="set: not an empty folder; give a new one"):
        convert(tmp_path / "raw", tmp_path / "set", k=3)
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["mine.txt"]


def test_the_root_above_is_told(tmp_path):
    write_blocks(tmp_path / "raw" / "cityscapes_data")
    with pytest.raises(ValueError, match=r"it has no train/, val/ or test/; is it .*raw/cityscapes_data\?"):
        convert(tmp_path / "raw", tmp_path / "set")
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        convert(tmp_path / "nowhere", tmp_path / "set")


@pytest.mark.parametrize("inner", ["", "cityscapes_data"])
def test_raw_composites_as_data_name_the_command(inner, tmp_path):
    write_blocks(tmp_path / "raw" / inner)
    with pytest.raises(
        ValueError, match=rf"`python -m camvid composites {tmp_path / 'raw' / inner} OUT` makes a data set"
    ):
        open_dataset(tmp_path / "raw")


def test_own_classes_where_there_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"taxonomy\.yaml: missing; taxonomy own is what a data set brings"):
        open_dataset(tmp_path, "own")


@pytest.mark.parametrize("size,message", [((96, 128), "size=96x128: the halves .* take 96x96"), ((8, 8), "32x32")])
def test_impossible_sizes(size, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        draw_composites(tmp_path / "raw", 3, 0, size)
    assert not (tmp_path / "raw").exists()
