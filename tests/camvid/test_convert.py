"""Any data set in the plain form of layout folders."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from camvid.convert import convert
from camvid.layouts import open_dataset
from tests.camvid.drawn import draw, write_original, write_segnet
from tests.camvid.killed import kill_once_there
from tests.camvid.replicas.drawing import SIZE, grey, photo
from tests.camvid.replicas.every import REPLICAS
from tests.camvid.replicas.folders import masked, write_plain

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", REPLICAS)
@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_every_public_data_set_is_the_same_in_plain_form(name, tmp_path):
    REPLICAS[name].write(tmp_path / "set")
    before = open_dataset(tmp_path / "set")
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert lines[0].startswith(f"{tmp_path}/set: layout {before.layout}, split official: train ")
    assert (tmp_path / "plain" / "converted.txt").read_text().splitlines() == lines
    after = open_dataset(tmp_path / "plain")
    assert (after.layout, after.taxonomy.classes) == ("folders", before.taxonomy.classes)
    model = open_dataset(tmp_path / "plain", before.taxonomy)  # as a model reads it that the original has trained
    for split, frames in before.splits.items():
        assert {frame.name for frame in after.splits[split]} == {frame.name for frame in frames}
        found = {frame.name: frame for frame in after.splits[split]}
        for frame in frames:
            for now, then in zip(after.read(found[frame.name]), before.read(frame), strict=True):
                np.testing.assert_array_equal(now, then)
            np.testing.assert_array_equal(model.read_mask(found[frame.name]), before.read_mask(frame))


def test_labels_that_hold_the_indices_are_linked_and_others_are_not(tmp_path):
    write_plain(tmp_path / "set")
    assert "5 frames linked; 5 labels linked as they are, 0 written as PNG" in convert(
        tmp_path / "plain", tmp_path / "set"
    )
    write_original(tmp_path / "camvid", draw())
    lines = convert(tmp_path / "other", tmp_path / "camvid", "camvid12", split="sequence")
    assert "6 frames linked; 0 labels linked as they are, 6 written as PNG" in lines
    data, model, before = (
        open_dataset(tmp_path / name, taxonomy)
        for name, taxonomy in (("other", "own"), ("other", "camvid12"), ("camvid", "camvid12"))
    )
    frames = {frame.name: frame for part in before.splits.values() for frame in part}
    for frame in (frame for part in data.splits.values() for frame in part):
        for reader in (data, model):
            np.testing.assert_array_equal(reader.read_mask(frame), before.read_mask(frames[frame.name]))


def test_on_another_disk_links_are_symbolic(tmp_path):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:  # a disk of its own
        write_plain(Path(memory))
        convert(tmp_path / "plain", Path(memory))
        frame = open_dataset(tmp_path / "plain").splits["train"][0]
        assert frame.image.is_symlink()
        assert frame.image.resolve() == Path(memory, "images", frame.image.name)


@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_frames_that_a_split_leaves_out_are_counted(tmp_path):
    names = [f"a_{number:03d}" for number in range(40)]
    write_segnet(tmp_path / "set", draw({"train": names[:30], "val": names[30:]}))
    lines = convert(tmp_path / "plain", tmp_path / "set", "camvid11", split="drives")
    assert any(line.startswith("left out: ") and line.endswith(" frames between the splits") for line in lines)


def test_a_folder_that_is_there_is_kept_and_a_damaged_file_leaves_none(tmp_path):
    write_plain(tmp_path / "set")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "mine").touch()
    with pytest.raises(FileExistsError, match="not an empty folder"):
        convert(tmp_path / "plain", tmp_path / "set")
    (tmp_path / "set" / "masks" / "cam1_002.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"cam1_002\.png: unreadable picture"):
        convert(tmp_path / "other", tmp_path / "set")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain", "set"]


def test_a_kill_leaves_no_folder(tmp_path):
    for number in range(60):
        photo(tmp_path / "set" / "images" / f"{number}.png", (200, 300))
        grey(tmp_path / "set" / "masks" / f"{number}.png", np.zeros((100, 150), np.uint8))
    (tmp_path / "set" / "classes.txt").write_text("road\nperson")
    words = [sys.executable, "-m", "camvid", "convert", tmp_path / "set", tmp_path / "plain"]
    kill_once_there(words, tmp_path, ".plain.part/masks/*/*.png")
    assert not (tmp_path / "plain").exists()


# Label Studio

TASKS = {12: "cam1_001", 13: "cam2_001", 14: "cam3_001"}


def write_export(root, names="{}.jpg"):
    """Black-and-white pictures of road and person, and the frames; sky has none."""
    for task, stem in TASKS.items():
        photo(root / "frames" / names.format(stem if "{}" in names else task))
        for value, tag in enumerate(("road", "traffic light")):
            shown = np.where(masked(stem) == value, 255, 0).astype(np.uint8)
            grey(root / "export" / f"task-{task}-annotation-{task + 1}-by-1-tag-{tag}-0.png", shown)


FORMS = {
    "JSON": [{"id": task, "data": {"image": f"/data/upload/1/8f3a1b2c-{stem}.jpg"}} for task, stem in TASKS.items()],
    "JSON-MIN": [{"id": task, "image": f"s3://bucket/frames/{stem}.jpg", "tag": []} for task, stem in TASKS.items()],
    "local": [{"id": t, "data": {"image": f"/data/local-files/?d=frames%2F{stem}.jpg"}} for t, stem in TASKS.items()],
}


@pytest.mark.parametrize(("form", "place"), [*((form, "") for form in FORMS), ("JSON", "export")])
@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_pictures_of_classes_become_labels(form, place, tmp_path):
    write_export(tmp_path / "set")
    (tmp_path / "set" / place / "project-1.json").write_text(json.dumps(FORMS[form]))
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert "classes: 0 road, 1 traffic light; 255 void" in lines
    assert any(line.startswith("a picture for each class: what none shows is void") for line in lines)
    data = open_dataset(tmp_path / "plain")
    assert data.taxonomy.priority == (1,)
    read = {frame.name: data.read(frame)[1] for part in data.splits.values() for frame in part}
    assert read.keys() == set(TASKS.values())
    for stem, mask in read.items():
        np.testing.assert_array_equal(mask, np.where(masked(stem) < 2, masked(stem), 255))


@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_a_frame_that_is_called_by_its_task_needs_no_list(tmp_path):
    for task in TASKS:
        photo(tmp_path / "set" / f"{task}.jpg")
        grey(tmp_path / "set" / f"task-{task}-annotation-1-by-1-tag-road-0.png", np.full(SIZE, 255, np.uint8))
    (tmp_path / "set" / "classes.txt").write_text("sky\nroad\n")
    assert "classes: 0 sky, 1 road; 255 void" in convert(tmp_path / "plain", tmp_path / "set")
    data = open_dataset(tmp_path / "plain")
    assert (data.read_mask(data.splits["train"][0]) == 1).all()


def test_tasks_whose_frames_are_unknown_are_named_with_the_way_out(tmp_path):
    write_export(tmp_path / "set")
    with pytest.raises(ValueError, match=r"no frame of task 12; .*the export of the project as JSON"):
        convert(tmp_path / "plain", tmp_path / "set")
    with pytest.raises(ValueError, match="Label Studio's pictures, one for each class: `python -m camvid convert "):
        open_dataset(tmp_path / "set")


def test_pictures_of_several_sizes_for_one_frame_are_named(tmp_path):
    write_export(tmp_path / "set")
    (tmp_path / "set" / "tasks.json").write_text(json.dumps(FORMS["JSON"]))
    grey(tmp_path / "set" / "export" / "task-12-annotation-13-by-1-tag-road-1.png", np.zeros((8, 8), np.uint8))
    with (
        pytest.warns(match="divided"),
        pytest.raises(ValueError, match=r"task-12-.*: 8x8 pixels, another picture"),
    ):
        convert(tmp_path / "plain", tmp_path / "set")


@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_a_class_that_the_list_lacks_is_told(tmp_path):
    for task in TASKS:
        photo(tmp_path / "set" / f"{task}.jpg")
        for tag in ("sky", "car"):
            grey(tmp_path / "set" / f"task-{task}-annotation-1-by-1-tag-{tag}-0.png", np.full(SIZE, 255, np.uint8))
    (tmp_path / "set" / "classes.txt").write_text("sky\n")
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert "left out: pictures of car, which the list of classes lacks" in lines
    data = open_dataset(tmp_path / "plain")
    assert (data.read_mask(data.splits["train"][0]) == 0).all()


@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_of_two_annotations_of_a_task_the_latest_is_taken_and_that_is_told(tmp_path):
    write_export(tmp_path / "set", "{}.jpg")
    (tmp_path / "set" / "tasks.json").write_text(json.dumps(FORMS["JSON"]))
    for number, shown in {7: 255, 99: 0}.items():
        path = tmp_path / "set" / "export" / f"task-12-annotation-{number}-by-1-tag-road-0.png"
        grey(path, np.full(SIZE, shown, np.uint8))
    lines = convert(tmp_path / "plain", tmp_path / "set")
    for earlier in (7, 13):
        assert f"left out: annotation {earlier} of task 12, as annotation 99 is later" in lines
    data = open_dataset(tmp_path / "plain")
    (frame,) = (frame for part in data.splits.values() for frame in part if frame.name == TASKS[12])
    assert (data.read_mask(frame) == 255).all()


@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_a_frame_without_an_annotation_is_told(tmp_path):
    write_export(tmp_path / "set")
    (tmp_path / "set" / "tasks.json").write_text(json.dumps(FORMS["JSON"]))
    photo(tmp_path / "set" / "frames" / "cam4_001.jpg")
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert [line for line in lines if line.startswith("left out: ")] == [
        f"left out: {tmp_path}/set/frames/cam4_001.jpg: frame without an annotation"
    ]
