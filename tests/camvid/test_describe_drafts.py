"""What `describe` says of folders that are no data set yet: what lies there, and a draft of its classes."""

import json

import numpy as np
import pytest
import yaml
from PIL import Image

from camvid.__main__ import main
from camvid.check import check
from camvid.describe import describe
from camvid.layouts import find_taxonomy
from camvid.layouts.folders import pair_of_folders
from camvid.taxonomy import load_taxonomy
from tests.camvid.commands import run
from tests.camvid.replicas.drawing import grey, photo, values
from tests.camvid.replicas.folders import COLORS, NAMES, codes

DRIVES = ("a_1", "a_2", "b_1", "b_2", "c_1", "c_2")


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
        f"error: {tmp_path}: layout folders, and no frame with its label: Label Studio's pictures, one for each class: "
        f"`python -m camvid convert {tmp_path} OUT` joins them\n"
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
