"""Hidden files, links, names in two Unicode forms and missing partners in a pair of folders."""

import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from camvid.check import check
from camvid.convert import convert
from camvid.describe import describe
from camvid.layouts import find_taxonomy, open_dataset, scan_layout
from camvid.layouts.notices import GuessWarning
from tests.camvid.drawn import WRITERS, draw
from tests.camvid.replicas.comparing import faults_of, first
from tests.camvid.replicas.drawing import grey, photo
from tests.camvid.replicas.folders import NAMES, masked, write_cvat, write_plain


def test_what_systems_leave_is_no_frame(tmp_path):
    write_plain(tmp_path)
    for folder in ("images", "masks"):
        for name in ("._cam1_001.png", ".DS_Store", "Thumbs.db", "desktop.ini"):
            (tmp_path / folder / name).write_bytes(b"\0\1")
        (tmp_path / folder / "__MACOSX").mkdir()
        (tmp_path / folder / "__MACOSX" / "x.png").write_bytes(b"\0")
        (tmp_path / folder / ".ipynb_checkpoints").mkdir()
        (tmp_path / folder / ".ipynb_checkpoints" / "y.png").write_bytes(b"\0")
    assert check(tmp_path, find_taxonomy(tmp_path))[:2] == (5, [])


@pytest.mark.parametrize("layout", ["folders", "segnet"])
@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_pictures_that_are_hidden_are_counted_in_one_line(layout, tmp_path):
    root = tmp_path / "set"
    WRITERS[layout](root, draw({"train": ["0016E5_1", "0016E5_2"], "val": ["0016E5_3"]}))
    frame, last = (scan_layout(root).frames[place] for place in (0, -1))
    for path in (frame.image, last.label):
        shutil.copy(path, path.with_name(f"._{path.name}"))
    shutil.copy(frame.image, frame.image.with_name(".dotty.name.tif"))
    place = scan_layout(root).shown(frame.image.parent)
    line = f"1 hidden file is passed over, as a dot begins the name (first: {place}/.dotty.name.tif)"
    assert describe(root).lines.count(line) == 1
    assert check(root, find_taxonomy(root)).taken.count(line) == 1
    assert convert(tmp_path / "plain", root).count(line) == 1
    shutil.copy(last.label, last.label.with_name(".x.png"))
    assert any(told.startswith("2 hidden files are passed over") for told in describe(root).lines)


def test_links_to_files_and_folders_are_followed(tmp_path):
    write_plain(tmp_path / "far")
    near = tmp_path / "near"
    (near / "images").mkdir(parents=True)
    (near / "masks").symlink_to(tmp_path / "far" / "masks")
    for path in (tmp_path / "far" / "images").iterdir():
        (near / "images" / path.name).symlink_to(path)
    for name in ("classes.txt", "train.txt", "val.txt"):
        (near / name).symlink_to(tmp_path / "far" / name)
    assert check(near, find_taxonomy(near))[:2] == (5, [])
    convert(tmp_path / "plain", near)
    linked = first(tmp_path / "plain").image
    assert linked.samefile(tmp_path / "far" / "images" / linked.name)
    assert not linked.is_symlink()


def test_partners_that_are_missing_are_named_and_left_out_of_what_is_converted(tmp_path):
    write_plain(tmp_path / "set")
    (tmp_path / "set" / "masks" / "cam1_002.png").unlink()
    (tmp_path / "set" / "images" / "cam3_002.jpg").unlink()
    for split in ("train", "val"):
        path = tmp_path / "set" / f"{split}.txt"
        lines = [line for line in path.read_text().splitlines() if "1_002" not in line and "3_002" not in line]
        path.write_text("\n".join(lines))
    faults = faults_of(tmp_path / "set")
    assert [fault.split(": ")[1].split(" (")[0] for fault in faults] == [
        "frame without a label",
        "label without a frame",
    ]
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert [line for line in lines if line.startswith("left out: ")] == [f"left out: {fault}" for fault in faults]
    assert faults_of(tmp_path / "plain") == []


def test_links_to_folders_above_them_are_passed_over_in_one_line(tmp_path):
    write_plain(tmp_path)
    for number in range(3):
        (tmp_path / "images" / f"up{number}").symlink_to("..")
    (tmp_path / "masks" / "round").symlink_to(".")
    (tmp_path / "root").symlink_to(".")
    line = "link images/up0 leads to a folder above it and is passed over, and so are 3 more"
    report = check(tmp_path, find_taxonomy(tmp_path))
    assert report[:2] == (5, [])
    assert [told for told in report.taken if "link" in told] == [line]
    assert [told for told in describe(tmp_path).lines if "link" in told] == [line]
    with pytest.warns(GuessWarning, match="link images/up0 leads"):
        open_dataset(tmp_path)


def test_links_in_an_unknown_folder_are_described_in_one_line(tmp_path):
    photo(tmp_path / "x" / "1.png")
    (tmp_path / "x" / "loop").symlink_to("..")
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "other").symlink_to("../x")
    assert describe(tmp_path).lines[1:] == [
        "./ has 2 .png of 64x32, photographs",
        "link x/loop leads to a folder above it and is passed over, and so is 1 more",
    ]


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_names_in_two_unicode_forms_are_pairs(lists, tmp_path):
    """A Mac writes an umlaut as two characters."""
    names = ("größe_1", "größe_2", "straße_1", "straße_2", "é_1")
    for stem in names:
        photo(tmp_path / "images" / f"{unicodedata.normalize('NFC', stem)}.png")
        grey(tmp_path / "masks" / f"{unicodedata.normalize('NFD', stem)}.png", masked(stem))
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    if lists:
        (tmp_path / "train.txt").write_text(unicodedata.normalize("NFD", "\n".join(names[:3])))
        (tmp_path / "val.txt").write_text("\n".join(names[3:]))
    data = open_dataset(tmp_path)
    assert {frame.name for part in data.splits.values() for frame in part} == set(names)


def test_names_in_two_unicode_forms_are_pairs_in_layouts_of_flat_folders(tmp_path):
    for stem in ("größe_1", "größe_2"):
        photo(tmp_path / "train" / f"{stem}.png")
        grey(tmp_path / "trainannot" / f"{unicodedata.normalize('NFD', stem)}.png", masked(stem))
    assert len(scan_layout(tmp_path).frames) == 2


def test_of_two_folders_of_labels_and_two_lists_it_is_said_which_are_taken(tmp_path):
    write_plain(tmp_path / "set")
    shutil.copytree(tmp_path / "set" / "masks", tmp_path / "set" / "labels")
    shutil.copytree(tmp_path / "set" / "images", tmp_path / "set" / "frames")
    shutil.copy(tmp_path / "set" / "classes.txt", tmp_path / "set" / "codes.txt")
    lines = [
        "frames are taken from images/, and frames/ is passed over; to take another one, move images/ away",
        "labels are taken from masks/, and labels/ is passed over; to take another one, move masks/ away",
        "classes are taken from classes.txt, and codes.txt is passed over; to take another one, move classes.txt away",
    ]
    for said in (
        describe(tmp_path / "set").lines,
        check(tmp_path / "set", find_taxonomy(tmp_path / "set")).taken,
        convert(tmp_path / "plain", tmp_path / "set"),
    ):
        assert [line for line in said if "passed over" in line] == lines
    with pytest.warns(GuessWarning) as warned:
        open_dataset(tmp_path / "set")
    assert [str(one.message) for one in warned] == [f"{tmp_path}/set: {line}" for line in lines]


def test_a_guess_is_printed_once_however_often_the_data_are_opened(tmp_path):
    write_cvat(tmp_path)
    code = "from camvid.layouts import open_dataset\nimport sys\nopen_dataset(sys.argv[1])\nopen_dataset(sys.argv[1])"
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3], timeout=100)
    assert done.stderr.count("GuessWarning: ") == 1
