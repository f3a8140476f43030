"""The original edition as it is distributed: 960x720, its file names and colours, on drawn street scenes."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camvid.check import check
from camvid.layouts import open_dataset
from camvid.taxonomy import load_taxonomy
from tests.camvid.drawn import COLORS, NAMES, expected_index
from tests.drawings import synth_once

CAMVID32 = load_taxonomy("camvid32")
FRAMES, LABELS = "701_StillsRaw_full", "LabeledApproved_full"
# Real names of each official split; those of val are CamSeq01's.
CAMVID = ("0001TP_006690", "0006R0_f00930", "0016E5_00390", "0016E5_07959", "0001TP_008550", "Seq05VD_f00000")
CAMSEQ = tuple(f"0016E5_{number:05d}" for number in range(7959, 7971, 2))


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Six drawn frames with their labels in the original colours, and the list of colours."""
    folder = tmp_path_factory.mktemp("scenes") / "drawn"
    synth_once(folder, frames=6, seed=5, layout="original")
    return folder


def edition(scenes, root, names, frames=FRAMES, labels=LABELS):
    """The scenes under real names, in the folders of the edition."""
    for folder, target, ending in ((FRAMES, frames, ""), (LABELS, labels, "_L")):
        (root / target).mkdir(parents=True, exist_ok=True)
        for path, name in zip(sorted((scenes / folder).iterdir()), names, strict=True):
            shutil.copy(path, root / target / f"{name}{ending}.png")
    shutil.copy(scenes / "label_colors.txt", root)
    return root


@pytest.fixture
def camvid(scenes, tmp_path):
    return edition(scenes, tmp_path / "camvid", CAMVID)


def label(root, number):
    return root / LABELS / f"{CAMVID[number]}_L.png"


def frame(root, number):
    return root / FRAMES / f"{CAMVID[number]}.png"


@pytest.mark.parametrize("taxonomy", ["camvid32", "camvid12", "camvid11"])
def test_labels_are_the_original_colours_regrouped(camvid, taxonomy):
    data = open_dataset(camvid, taxonomy)
    assert (data.layout, [len(part) for part in data.splits.values()]) == ("original", [3, 1, 2])
    assert check(camvid, data.taxonomy)[:2] == (6, [])
    expected = np.array([expected_index(name, taxonomy) for name in NAMES], np.uint8)
    for one in data.splits["train"]:
        image, mask = data.read(one)
        assert image.shape == (720, 960, 3)
        assert mask.shape == (720, 960)
        with Image.open(one.label) as picture:
            colors = np.asarray(picture)  # (720, 960, 3)
        codes = (colors[::8, ::8, None] == COLORS).all(-1).argmax(-1)
        assert (mask[::8, ::8] == expected[codes]).all()
    if taxonomy == "camvid12":
        assert all((data.read_mask(one) < 12).all() for one in data.splits["train"])  # every pixel has a class


@pytest.mark.parametrize("labels", [".", "LabeledApproved_full"])
def test_camseq01_is_one_drive_that_is_cut_in_three(scenes, tmp_path, labels):
    root = edition(scenes, tmp_path / "CamSeq01", CAMSEQ, frames=".", labels=labels)
    data = open_dataset(root, "camvid12", split="sequence")
    assert data.taxonomy.num_classes == 12
    assert [one.name for part in data.splits.values() for one in part] == list(CAMSEQ)  # in order of time
    assert all(data.splits.values())
    official = open_dataset(root, "camvid12")
    assert [len(part) for part in official.splits.values()] == [0, 6, 0]  # CamVid validates on this drive


def no_label(root):
    label(root, 1).unlink()
    return [f"{frame(root, 1)}: frame without a label (0006R0_f00930_L.png)"]


def no_frame(root):
    frame(root, 1).unlink()
    return [f"{label(root, 1)}: label without a frame (0006R0_f00930 as .png, .jpg, .jpeg, .webp, …)"]


def frame_twice(root):
    twin = frame(root, 1).with_suffix(".webp")
    shutil.copy(frame(root, 2), twin)
    return [f"{twin}: duplicate name 0006R0_f00930, also {frame(root, 1)}"]


def label_twice(root):
    twin = root / "LabeledApproved_old" / label(root, 1).name
    twin.parent.mkdir()
    shutil.copy(label(root, 1), twin)
    return [f"{twin}: duplicate name 0006R0_f00930, also {label(root, 1)}"]


def cut_frame(root):
    frame(root, 2).write_bytes(frame(root, 2).read_bytes()[:200_000])
    return [f"{frame(root, 2)}: unreadable or truncated picture"]


def cut_label(root):
    label(root, 2).write_bytes(label(root, 2).read_bytes()[:-8])
    return [f"{label(root, 2)}: unreadable or truncated picture"]


def flipped_bit(root):
    data = bytearray(label(root, 2).read_bytes())
    data[len(data) // 2] ^= 1
    label(root, 2).write_bytes(data)
    return [f"{label(root, 2)}: unreadable or truncated picture"]


def nothing_in_it(root):
    frame(root, 2).write_bytes(b"")
    return [f"{frame(root, 2)}: unreadable picture (0 bytes in an unknown format)"]


def half_size_label(root):
    with Image.open(label(root, 3)) as picture:
        half = picture.resize((480, 360), Image.Resampling.NEAREST)
    half.save(label(root, 3))
    return [f"{label(root, 3)}: label is 480x360, its frame {frame(root, 3).name} is 960x720"]


def grey_label(root):
    Image.new("L", (960, 720)).save(label(root, 3))
    return [f"{label(root, 3)}: an RGB label is needed; this one has mode L"]


def unknown_colour(root):
    with Image.open(label(root, 4)) as picture:
        changed = picture.copy()
    changed.paste((12, 34, 56), (100, 50, 130, 60))
    changed.save(label(root, 4))
    return [f"{label(root, 4)}: colour (12, 34, 56) not in the class list camvid32: 300 pixels"]


def unknown_drive(root):
    for path in (frame(root, 5), label(root, 5)):
        path.rename(path.with_name(path.name.replace("Seq05VD", "Seq99XX")))
    return [f"{root}: split official: 1 of 6 frames are in none of CamVid's lists (first: Seq99XX_f00000)"]


def no_validation(root):
    frame(root, 3).unlink()
    label(root, 3).unlink()
    return [f"{root}: split val is empty"]


FAULTS = [
    *(no_label, no_frame, frame_twice, label_twice, cut_frame, cut_label, flipped_bit, nothing_in_it),
    *(half_size_label, grey_label, unknown_colour, unknown_drive, no_validation),
]


@pytest.mark.parametrize("damage", FAULTS)
def test_each_fault_is_one_line(camvid, damage):
    expected = damage(camvid)
    faults = check(camvid, CAMVID32).faults
    assert len(faults) == len(expected)
    assert all(fault.startswith(start) for fault, start in zip(faults, expected, strict=True))


def test_a_label_resized_with_smoothing_is_told_in_a_few_lines(camvid):
    """The usual accident: colours between two classes, thousands of them."""
    with Image.open(label(camvid, 0)) as picture:
        smooth = picture.resize((480, 360), Image.Resampling.BILINEAR).resize((960, 720), Image.Resampling.BILINEAR)
    smooth.save(label(camvid, 0))
    faults = check(camvid, CAMVID32).faults
    assert 2 <= len(faults) <= 6
    assert all(fault.startswith(f"{label(camvid, 0)}: ") for fault in faults)
    assert "more values not in the class list camvid32" in faults[-1]


def test_a_list_of_colours_that_is_wrong_is_named(camvid):
    colors = camvid / "label_colors.txt"
    colors.write_text(colors.read_text().replace("64 0 128", "64 0 300"))
    with pytest.raises(ValueError, match=r"label_colors\.txt, line 6: .*R, G, B from 0 to 255 are needed"):
        check(Path(camvid), CAMVID32)
