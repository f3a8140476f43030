"""From composites to a data set: what is derived agrees with what was drawn, and nothing half is left."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.optimize import linear_sum_assignment

from camvid.check import check
from camvid.composites.convert import convert
from camvid.composites.draw import draw_composites
from camvid.layouts import content_digest, find_taxonomy, open_dataset
from camvid.layouts.class_lists import read_class_dict
from tests.camvid.composites.composed import COLORS, scenes, write_blocks, write_composites
from tests.camvid.killed import kill_once_there

SIDE, COUNT = 256, 12


@pytest.fixture(scope="module", params=COLORS)
def converted(request, tmp_path_factory):
    """A conversion with as many classes as the labels have, and the truth."""
    root = tmp_path_factory.mktemp(request.param)
    truth = write_composites(root / "raw", COUNT, SIDE, COLORS[request.param]())
    settings = {"colors": "cityscapes"} if request.param == "cityscapes" else {"k": 11}
    convert(root / "raw", root / "set", **settings)
    return root / "set", truth


def agreement(out, truth):
    """Share of the pixels whose class stands for their true colour, where each class stands for one of them."""
    data = open_dataset(out, "own")
    colors = np.unique(np.concatenate([label.reshape(-1, 3) for label in truth.values()]), axis=0)
    counts = np.zeros((256, len(colors)), np.int64)  # classes (void is the last) by true colours
    for frame in (frame for split in data.splits.values() for frame in split):
        true = (truth[frame.name][:, :, None] == colors).all(-1).argmax(-1)
        pairs = data.read_mask(frame).astype(int) * len(colors) + true
        counts += np.bincount(pairs.ravel(), minlength=counts.size).reshape(counts.shape)
    rows, columns = linear_sum_assignment(-counts)
    return counts[rows, columns].sum() / counts.sum()


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_classes_agree_with_the_truth(converted):
    assert agreement(*converted) >= 0.98


def test_what_is_written_is_a_data_set_without_faults(converted):
    out, truth = converted
    taxonomy = find_taxonomy(out, "own")
    assert check(out, taxonomy)[:2] == (COUNT, [])
    data = open_dataset(out, taxonomy)
    assert {split: len(frames) for split, frames in data.splits.items()} == {"train": COUNT - 2, "val": 2, "test": 0}
    assert {frame.name for frames in data.splits.values() for frame in frames} == set(truth)
    assert taxonomy.num_classes == len(read_class_dict(out / "class_dict.csv")) - 1  # all but black, which is void
    assert "unlabeled" not in taxonomy.sources
    photo, _ = scenes(COUNT, SIDE)[0]
    first = next(frame for frame in data.splits["train"] if frame.name == "train_1")
    assert np.abs(data.read_image(first).astype(int) - photo).mean() < 8  # the left half


def test_the_report_names_and_shows_every_color(converted):
    out, _ = converted
    with (out / "composites.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["color"] for row in rows} == set(read_class_dict(out / "class_dict.csv"))
    assert sum(int(row["pixels"]) for row in rows) == COUNT * SIDE * SIDE
    assert rows[-1]["class"] == "Void"
    with Image.open(out / "composites.png") as picture:
        picture.load()
        assert picture.width == 1300
        assert picture.height >= 700
        assert len(set(picture.convert("RGB").resize((200, 100)).tobytes())) > 100  # photos are in it


@pytest.fixture
def blocks(tmp_path):
    """Composites of four colours, one of them black, and the clean label."""
    return tmp_path / "raw", write_blocks(tmp_path / "raw")


def test_known_colors_are_named_and_flagged(blocks, tmp_path):
    root, label = blocks
    palette = convert(root, tmp_path / "set", k=3)
    assert set(palette.taxonomy.groups.values()) == {("road",), ("car",), ("sky",)}
    data = open_dataset(tmp_path / "set", "own")
    mask = data.read_mask(data.splits["val"][0])
    names = np.array([*data.taxonomy.names, *["?"] * (255 - data.taxonomy.num_classes), "void"])
    assert names[mask[[0, 0, -1, -1], [0, -1, 0, -1]]].tolist() == ["road", "car", "sky", "void"]
    assert [data.taxonomy.names[index] for index in data.taxonomy.priority] == ["car"]
    assert {data.taxonomy.names[index] for index in data.taxonomy.background} == {"road", "sky"}
    assert label.shape[:2] == mask.shape


def test_the_same_seed_gives_the_same_bytes(blocks, tmp_path):
    root, _ = blocks
    for name in ("one", "other"):
        convert(root, tmp_path / name, k=2, seed=3)
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_an_earlier_palette_gives_the_same_classes(blocks, tmp_path):
    root, _ = blocks
    convert(root, tmp_path / "set", k=2)
    write_blocks(tmp_path / "new", colors=((70, 130, 180), (70, 130, 180), (0, 0, 142), (0, 0, 142)))
    convert(tmp_path / "new", tmp_path / "more", palette=tmp_path / "set" / "class_dict.csv")
    for name in ("class_dict.csv", "taxonomy.yaml"):
        assert (tmp_path / "more" / name).read_bytes() == (tmp_path / "set" / name).read_bytes()
    one, more = (open_dataset(tmp_path / name, "own") for name in ("set", "more"))
    old, new = one.read_mask(one.splits["val"][0]), more.read_mask(more.splits["val"][0])
    assert (new[0, 0], new[-1, 0]) == (old[-1, 0], old[0, -1])


def test_the_palette_is_part_of_the_data_set(blocks, tmp_path):
    root, _ = blocks
    digests = []
    for k in (2, 3):
        convert(root, tmp_path / str(k), k=k)
        digests.append(content_digest(open_dataset(tmp_path / str(k), "own")))
    assert digests[0] != digests[1]


def test_a_test_split_is_taken_where_there_is_one(blocks, tmp_path):
    root, _ = blocks
    (root / "val").rename(root / "test")
    convert(root, tmp_path / "set", k=3)
    splits = open_dataset(tmp_path / "set", "own").splits
    assert {split: len(frames) for split, frames in splits.items()} == {"train": 3, "val": 0, "test": 3}


def test_a_set_may_lack_test_but_not_have_it_empty(blocks, tmp_path):
    root, _ = blocks
    convert(root, tmp_path / "set", k=3)
    taxonomy = find_taxonomy(tmp_path / "set", "own")
    assert check(tmp_path / "set", taxonomy).faults == []
    (tmp_path / "set" / "test").mkdir()
    found = check(tmp_path / "set", taxonomy).faults
    assert found == [f"{tmp_path / 'set'}: split test is empty: test/ holds no picture"]


def test_drawn_composites_convert(tmp_path):
    draw_composites(tmp_path / "raw", 5, 0, (96, 96))
    palette = convert(tmp_path / "raw", tmp_path / "set", k=4)
    assert palette.taxonomy.num_classes == 4
    assert {path.name for path in (tmp_path / "raw" / "train").iterdir()} == {f"{n}.jpg" for n in (1, 2, 3, 4)}
    with Image.open(tmp_path / "raw" / "val" / "1.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (192, 96))


def test_a_kill_leaves_nothing_that_passes_for_whole(tmp_path):
    write_blocks(tmp_path / "raw", files=200)
    words = [sys.executable, "-m", "camvid", "composites", tmp_path / "raw", tmp_path / "set", "--k", "3"]
    kill_once_there(words, tmp_path, ".set.part/train/*.png")
    assert not (tmp_path / "set").exists()
