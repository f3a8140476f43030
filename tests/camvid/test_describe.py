"""What `describe` says of a data set, and of any folder."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from camvid.__main__ import main
from camvid.check import check
from camvid.describe import describe
from camvid.layouts import find_taxonomy
from camvid.layouts.folders import pair_of_folders
from camvid.taxonomy import Taxonomy, load_taxonomy
from tests.camvid.drawn import draw, write_kaggle, write_segnet
from tests.camvid.replicas.drawing import grey, photo, values
from tests.camvid.replicas.every import REPLICAS
from tests.camvid.replicas.folders import COLORS, NAMES, VARIANTS, codes, masked, write_colors, write_plain

CHECKOUT = Path(__file__).parents[2]
DRIVES = ("a_1", "a_2", "b_1", "b_2", "c_1", "c_2")


def run(*arguments):
    command = [sys.executable, "-W", "error", "-m", "camvid", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=250)


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


def test_what_lacks_its_classes_gets_a_draft_that_opens_it(tmp_path):
    root = tmp_path / "set"
    for stem in DRIVES:
        photo(root / "images" / f"{stem}.jpg")
        grey(root / "masks" / f"{stem}.png", np.where(codes(stem) == 3, 255, codes(stem) * 11).astype(np.uint8))
    done = run("describe", root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing lists the classes" in done.stdout
    assert "  - {name: value_22, color: [128, 192, 128], collects: ['22']}  # 25 % of the pixels" in done.stdout
    assert not list(root.glob("*.yaml"))
    done = run("describe", root, "--out", root / "taxonomy.yaml")
    assert f"wrote {root}/taxonomy.yaml: name its classes" in done.stdout
    assert "taxonomy.yaml: this file exists" in run("describe", root, "--out", root / "taxonomy.yaml").stderr
    text = (root / "taxonomy.yaml").read_text().replace("value_11", "person")
    (root / "taxonomy.yaml").write_text(text)
    with pytest.warns(match="divided by sequences"):
        report = check(root, find_taxonomy(root))
    assert report[:2] == (6, [])
    assert report.taken[1] == "classes with their values (own): value_0 0, person 11, value_22 22, void 255"


@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_an_unknown_folder_is_told_place_by_place_and_opens_by_what_is_said(tmp_path):
    root = tmp_path / "my data"
    for stem in DRIVES:
        photo(root / "camera" / "town" / f"{stem}_rgb.png")
        grey(root / "truth" / "town" / f"{stem}_sem.png", COLORS[codes(stem)])
    found = describe(root)
    assert found.draft
    assert "no layout recognised" in found.lines[0]
    assert "camvid describe" not in found.lines[0]
    assert found.lines[1] == "camera/ has 6 .png of 64x32, photographs"
    assert found.lines[2] == (
        "truth/ has 6 .png of 64x32, labels: mode RGB (6), 4 colours: (0, 0, 0), (70, 130, 180), (128, 64, 128), "
        "(220, 20, 60)"
    )
    assert found.lines[3] == (
        f"6 names of camera/ are in truth/: `python -m camvid check '{root}' --images camera --masks truth "
        "--taxonomy FILE`; FILE lists the classes; `convert`, with the same flags and a folder to make, writes what "
        "`train.py` reads"
    )
    (tmp_path / "draft.yaml").write_text(found.classes)
    taxonomy = load_taxonomy(tmp_path / "draft.yaml")
    assert set(taxonomy.names) == set(NAMES)  # the colours are Cityscapes'
    report = check(root, taxonomy, pair_of_folders(root / "camera", root / "truth"))
    assert report[:2] == (6, [])


def test_colours_that_nobody_knows_are_drafted_by_their_numbers(tmp_path):
    photo(tmp_path / "a" / "1.png")
    grey(tmp_path / "b" / "1.png", np.array([(1, 2, 3), (4, 5, 6), (0, 0, 0)], np.uint8)[values("1", 3)])
    found = describe(tmp_path)
    assert "  - {name: color_1_2_3, color: [1, 2, 3]}  # 33 % of the pixels" in found.classes
    assert "color_0_0_0" not in found.classes
    assert "# void: black, (0, 0, 0) and what is rare, 33 % of the pixels" in found.classes


def test_a_mask_of_0_and_255_has_two_classes_and_of_more_values_255_is_left_out_with_a_word(tmp_path):
    for place, shown in {"two": (0, 255), "three": (0, 7, 255)}.items():
        photo(tmp_path / place / "a" / "1.png")
        grey(tmp_path / place / "b" / "1.png", np.array(shown, np.uint8)[values("1", len(shown))])
    two, three = (describe(tmp_path / place).classes for place in ("two", "three"))
    assert "name: value_255" in two
    assert "left out" not in two
    assert "name: value_255" not in three
    assert "# void: value 255 and what is rare, 33 % of the pixels; add a line if it is a class" in three


def test_known_colours_keep_the_priority_of_their_class(tmp_path):
    photo(tmp_path / "a" / "1.png")
    grey(tmp_path / "b" / "1.png", np.array([(220, 20, 60), (128, 64, 128), (0, 0, 142)], np.uint8)[values("1", 3)])
    drafted = yaml.safe_load(describe(tmp_path).classes or "")["classes"]
    assert {entry["name"]: entry.get("priority", False) for entry in drafted} == {
        "person": True,
        "road": False,
        "car": True,
    }


def test_compressed_labels_are_told_from_photographs(tmp_path):
    rows = np.arange(64)[:, None] // 22 + np.zeros((1, 96), int)
    for number in range(3):
        photo(tmp_path / "a" / f"{number}.jpg", (64, 96))
        (tmp_path / "b").mkdir(exist_ok=True)
        Image.fromarray(COLORS[rows]).save(tmp_path / "b" / f"{number}.jpg", quality=60)
    found = describe(tmp_path)
    assert found.lines[1].endswith("photographs")
    assert "labels with blended edges: mode RGB (3), 3 colours and " in found.lines[2]


def test_a_folder_of_something_else_is_described_as_well(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    found = describe(tmp_path)
    assert len(found.lines) == 1
    assert (found.classes, found.draft) == ("", False)
    (tmp_path / "x.png").write_bytes(b"no picture")
    assert describe(tmp_path).lines[1] == "./ has 1 .png of no size, unreadable pictures"
    with pytest.raises(FileNotFoundError, match="no such folder"):
        describe(tmp_path / "nowhere")


def test_label_studio_and_coco_are_named(tmp_path):
    grey(tmp_path / "a" / "task-1-annotation-2-by-1-tag-road-0.png", np.zeros((8, 8), np.uint8))
    assert "Label Studio's pictures, one for each class: `python -m camvid convert" in describe(tmp_path / "a").lines[0]
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "panoptic.json").write_text(json.dumps({"info": {}, "licenses": [], "images": []}))
    assert "panoptic.json: objects in COCO's JSON are not read" in describe(tmp_path / "b").lines[0]


def test_label_studio_in_folders_of_usual_names_leads_to_convert_and_an_unwritten_file_is_told(tmp_path):
    photo(tmp_path / "images" / "1.jpg")
    grey(tmp_path / "masks" / "task-1-annotation-2-by-1-tag-road-0.png", np.zeros((8, 8), np.uint8))
    done = run("check", tmp_path)
    assert done.stderr == (
        f"error: {tmp_path}: Label Studio's pictures, one for each class: `python -m camvid convert {tmp_path} OUT` "
        "joins them\n"
    )
    done = run("describe", tmp_path, "--out", tmp_path / "own.yaml")
    assert done.stdout.endswith(f"\n{tmp_path}/own.yaml: not written, as no classes were found\n")
    assert not (tmp_path / "own.yaml").exists()


def test_the_camvid_export_of_cvat_is_opened_by_its_own_list(tmp_path):
    for stem in DRIVES:
        photo(tmp_path / "default" / f"{stem}.png")
        grey(tmp_path / "defaultannot" / f"{stem}.png", COLORS[codes(stem)])
    (tmp_path / "label_colors.txt").write_text("0 0 0 Void\n128 64 128 lane\n220 20 60 kerb\n70 130 180 rain\n")
    (tmp_path / "default.txt").write_text("".join(f"/default/{s}.png /defaultannot/{s}.png\n" for s in DRIVES))
    found = describe(tmp_path)
    assert [entry["name"] for entry in yaml.safe_load(found.classes)["classes"]] == ["lane", "kerb", "rain"]
    flags = "--images default --masks defaultannot --classes label_colors.txt"
    assert f"6 names of default/ are in defaultannot/: `python -m camvid check {tmp_path} {flags}`; " in found.lines[-1]
    with pytest.warns(match="divided by sequences"):
        assert main(["check", str(tmp_path), *flags.split()]) == 0
    (tmp_path / "label_colors.txt").write_text("0 0 0 Void\n128 64 128 lane\n128 64 300 kerb\n")
    found = describe(tmp_path)
    assert (found.classes, found.draft) == ("", False)
    assert "label_colors.txt, line 3: " in found.lines[-1]


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
