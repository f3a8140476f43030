"""What `describe` says of a data set, and of any folder."""

import subprocess
import sys

import numpy as np
import pytest
import yaml
from PIL import Image

from camvid.check import check
from camvid.describe import describe
from camvid.layouts import find_taxonomy
from camvid.layouts.folders import pair_of_folders
from camvid.taxonomy import Taxonomy
from tests.camvid.commands import CHECKOUT, run
from tests.camvid.drawn import draw, write_kaggle, write_segnet
from tests.camvid.replicas.drawing import grey, photo, values
from tests.camvid.replicas.every import REPLICAS
from tests.camvid.replicas.folders import COLORS, NAMES, VARIANTS, codes, masked, write_colors, write_plain

DRIVES = ("a_1", "a_2", "b_1", "b_2", "c_1", "c_2")


@pytest.mark.parametrize("name", [*REPLICAS, *VARIANTS])
def test_every_kind_of_data_set_is_described_without_a_fault(name, tmp_path):
    (REPLICAS[name].write if name in REPLICAS else VARIANTS[name])(tmp_path)
    found = describe(tmp_path)
    text = "\n".join(found.lines)
    assert found.lines[0].startswith(f"layout {REPLICAS[name].layout if name in REPLICAS else 'folders'}: ")
    assert "split official: train " in text
    assert "fault" not in text
    assert "outside the classes" not in text
    taxonomy = find_taxonomy(tmp_path)
    assert Taxonomy.from_dict(yaml.safe_load(found.classes)) == taxonomy
    assert all(any(line.startswith(f"  {known} ") for line in found.lines) for known in taxonomy.names)


def test_a_data_set_is_described_line_by_line(tmp_path):
    write_plain(tmp_path)
    (tmp_path / "images" / "cam9_001.jpg").write_bytes((tmp_path / "images" / "cam1_001.jpg").read_bytes())
    assert describe(tmp_path).lines == [
        "layout folders: images/cam1_001.jpg has the label masks/cam1_001.png",
        "5 frames with labels: frames .jpg, labels .png",
        "sizes of 5 frames: 5 of 64x32",
        "split official: train 3, val 2, test 0",
        "labels, of 5 looked at: mode L (5), values 0 to 2, 255",
        "classes of taxonomy own, with their values (* priority class):",
        "  road       25.000 %  in 5 of 5  0",
        "  person *   25.000 %  in 5 of 5  1",
        "  sky        25.000 %  in 5 of 5  2",
        "  Void       25.000 %  in 5 of 5  255",
        f"fault: {tmp_path}/images/cam9_001.jpg: frame without a label (cam9_001.png)",
    ]


def test_guesses_and_values_outside_are_said(tmp_path):
    write_segnet(tmp_path / "guess", draw({"train": ["x_1"], "val": ["y_1"]}))
    assert any(line.startswith("guessed: ") and "no codes.txt" in line for line in describe(tmp_path / "guess").lines)
    write_plain(tmp_path / "outside")
    grey(tmp_path / "outside" / "masks" / "cam1_001.png", np.full((32, 64), 77, np.uint8))
    assert "outside the classes: value 77, 2048 pixels" in describe(tmp_path / "outside").lines


def test_damaged_files_are_told_and_no_end(tmp_path):
    write_plain(tmp_path)
    (tmp_path / "images" / "cam1_001.jpg").write_bytes(b"no picture")
    (tmp_path / "masks" / "cam1_002.png").write_bytes(b"no picture")
    lines = describe(tmp_path).lines
    assert "sizes of 4 frames: 4 of 64x32" in lines
    for name in ("images/cam1_001.jpg", "masks/cam1_002.png"):
        assert f"fault: {tmp_path}/{name}: unreadable picture (10 bytes in an unknown format)" in lines
    for path in (tmp_path / "masks").iterdir():
        path.write_bytes(b"")
    assert describe(tmp_path).lines[-1].startswith(f"fault: {tmp_path}/masks/cam1_001.png: unreadable picture")


@pytest.mark.soak
def test_flags_of_a_pair_of_folders(tmp_path):
    root = tmp_path / "set"
    for stem in DRIVES:
        photo(root / "rgb" / f"{stem}.jpg")
        grey(tmp_path / "elsewhere" / f"{stem}.png", masked(stem))
    (root / "names.txt").write_text("\n".join(NAMES))
    pair = ("--images", "rgb", "--masks", tmp_path / "elsewhere", "--classes", "names.txt", "--ignore", "255", "2")
    command = [sys.executable, "-m", "camvid", "check", str(root), *map(str, pair)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=100)
    assert (done.returncode, done.stdout) == (0, "")
    assert (
        f"{root}: classes with their values (own): road 0, person 1, sky, void 2 255; these are in no label: sky"
        in done.stderr
    )
    assert f"{root}: labels hold values, as in {tmp_path}/elsewhere/a_1.png" in done.stderr
    plain = tmp_path / "plain"
    made = subprocess.run([*command[:3], "convert", *command[4:5], str(plain), *command[5:]], cwd=CHECKOUT, timeout=100)
    assert made.returncode == 0
    assert check(plain, find_taxonomy(plain))[:2] == (6, [])
    errors = {
        ("--images", "rgb"): "--images and --masks: give both",
        ("--images", "rgb", "--masks", "nowhere"): "nowhere: there is no such file or folder, nor is there nowhere",
        ("--classes", "/nowhere"): "error: /nowhere: there is no such file or folder\n",
        ("--classes", "mine.yaml"): "--classes mine.yaml: this is a taxonomy; give it as --taxonomy mine.yaml",
        (
            "--layout",
            "voc",
            "--ignore",
            "0",
        ): "--layout voc: --images, --masks, --classes and --ignore work only with the layout",
    }
    for flags, message in errors.items():
        done = run("stats", root, *flags)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr


def test_a_layout_of_two_folders_a_split_is_described_by_its_first_pair(tmp_path):
    write_kaggle(tmp_path, draw())
    assert describe(tmp_path).lines[0] == (
        "layout kaggle: train/0001TP_006690.png has the label train_labels/0001TP_006690_L.png"
    )


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("idd", "gtFine/train/0/frame0029_gtFine_labellevel3Ids.png"),
        ("cityscapes train ids", "gtFine/train/aachen/aachen_000000_000019_gtFine_labelTrainIds.png"),
        ("acdc", "gt/night/val/GOPR0356/GOPR0356_frame_000324_gt_labelIds.png"),
        ("bdd100k of 2018", "seg/labels/train/0000f77c-6257be58_train_id.png"),
        ("mapillary v2.0", "training/v2.0/labels/"),
    ],
)
def test_the_form_that_was_taken_is_named(name, label, tmp_path):
    REPLICAS[name].write(tmp_path)
    assert f" has the label {label}" in describe(tmp_path).lines[0]


def test_labels_of_half_the_size_are_told_with_the_way_out(tmp_path):
    write_plain(tmp_path)
    for path in (tmp_path / "masks").iterdir():
        grey(path, values(path.stem, 3, (16, 32)))
    assert (
        f"fault: 5 of 5 labels have another size than their frame, such as {tmp_path}/masks/cam1_001.png: label is "
        "32x16, its frame cam1_001.jpg is 64x32; `python -m camvid convert` writes labels at the size of their frames"
    ) in describe(tmp_path).lines


def test_labels_with_blended_edges_are_told_with_the_way_out(tmp_path):
    write_colors(tmp_path)
    for path in (tmp_path / "labels").rglob("*.PNG"):
        small = Image.fromarray(COLORS[codes(path.stem)[::8, ::8]])
        small.resize((64, 32), Image.Resampling.BILINEAR).save(path)
    assert any("`python -m camvid convert` gives each pixel" in line for line in describe(tmp_path).lines)


def test_a_list_that_cannot_be_read_gets_no_draft(tmp_path):
    write_plain(tmp_path)
    (tmp_path / "classes.txt").write_text("1 road\n2 person\n3 sky\n")
    found = describe(tmp_path)
    assert (found.classes, found.draft) == ("", False)
    assert any("classes.txt: numbers stand before the names" in line for line in found.lines)


def test_a_pair_of_folders_that_was_named_is_told_the_way_to_a_training(tmp_path):
    write_plain(tmp_path)
    line = "to train on it, let `python -m camvid convert ROOT OUT`, with the same flags, write it in plain form"
    assert line in describe(tmp_path, layout=pair_of_folders(tmp_path / "images", tmp_path / "masks")).lines
    assert line not in describe(tmp_path).lines
