from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camvid.layouts import open_dataset
from camvid.synth import Kind, synth
from camvid.synth.plan import plan
from camvid.synth.render import draw_frame
from camvid.synth.world import make_world
from camvid.synth.write import STYLES
from camvid.taxonomy import load_taxonomy

SIZE = (72, 96)
FRAMES, SEED = 7, 11
PRIORITY = ("Pedestrian", "Child", "Bicyclist", "Car", "Truck_Bus", "TrafficLight")


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


@cache
def drawn(seed, index):
    """A frame as each layout should hold it, drawn once for all of them."""
    return draw_frame(make_world(seed), index, SIZE)


@pytest.fixture(scope="module", params=STYLES)
def written(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param) / "set"
    synth(root, FRAMES, SEED, request.param, SIZE)
    return request.param, root


def test_a_layout_opens_and_holds_what_was_drawn(written):
    layout, root = written
    taxonomy = load_taxonomy("camvid11" if layout == "segnet" else "camvid32")
    index_of = np.array([taxonomy.sources.get(kind.name, 255) for kind in Kind], np.uint8)
    dataset = open_dataset(root, taxonomy)
    assert dataset.layout == layout
    frames = {frame.name: (split, frame) for split, part in dataset.splits.items() for frame in part}
    assert len(frames) == FRAMES
    for shot in plan(FRAMES, SEED):
        split, frame = frames[shot.name]
        image, label = drawn(shot.seed, shot.index)
        assert split == shot.split
        assert (dataset.read_image(frame) == image).all()
        assert (dataset.read_mask(frame) == index_of[label]).all()


def test_no_sequence_lies_in_two_splits(written):
    _, root = written
    dataset = open_dataset(root)
    sequences = [{frame.sequence for frame in part} for part in dataset.splits.values()]
    assert all(sequences)
    assert sum(map(len, sequences)) == len(set().union(*sequences))


def test_the_same_arguments_write_the_same_bytes(written, tmp_path):
    layout, root = written
    synth(tmp_path / "again", FRAMES, SEED, layout, SIZE)
    assert contents(tmp_path / "again") == contents(root)


def test_another_seed_draws_other_frames(tmp_path):
    for seed in (SEED, SEED + 1):
        synth(tmp_path / str(seed), 3, seed, "kaggle", SIZE)
    one, other = (contents(tmp_path / str(seed)) for seed in (SEED, SEED + 1))
    assert one.keys() == other.keys()
    assert one != other


FILES = {
    "original": ["701_StillsRaw_full/SynthA_000030.png", "LabeledApproved_full/SynthA_000030_L.png", "val.txt"],
    "fastai": ["images/SynthA_000030.png", "labels/SynthA_000030_P.png", "codes.txt", "valid.txt", "test.txt"],
    "segnet": ["train/SynthA_000030.png", "trainannot/SynthA_000030.png"],
    "kaggle": ["train/SynthA_000030.png", "train_labels/SynthA_000030_L.png", "class_dict.csv"],
}


def test_files_are_named_as_in_the_original(written):
    layout, root = written
    assert set(FILES[layout]) <= set(contents(root))


@pytest.mark.parametrize("seed", [0, 1])
def test_every_split_of_30_frames_shows_the_priority_classes(tmp_path, seed):
    synth(tmp_path, 30, seed, "fastai", (96, 128))
    for split in ("train", "val", "test"):
        names = (tmp_path / f"{split}.txt").read_text().split()
        labels = [read(tmp_path / "labels" / f"{name}_P.png") for name in names]
        seen = {Kind(k).name for k in np.unique(np.stack(labels))}
        assert seen >= set(PRIORITY), split


def test_each_layout_has_its_own_size(tmp_path):
    synth(tmp_path, 3, 0, "segnet")
    assert read(tmp_path / "train" / "SynthA_000030.png").shape == (360, 480, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layout": "voc"}, "layout 'voc': allowed are original, fastai, segnet, kaggle"),
        ({"frames": 2}, "frames must be 3 or more .* got 2"),
        ({"seed": -1}, "seed must be 0 or more, got -1"),
        ({"size": (720, 10)}, "size must be 32x32 .* got 720x10"),
    ],
)
def test_impossible_arguments_are_named_and_nothing_is_written(tmp_path, change, message):
    arguments = {"frames": 3, "seed": 0, "layout": "original", "size": SIZE} | change
    with pytest.raises(ValueError, match=message):
        synth(tmp_path / "set", **arguments)
    assert not (tmp_path / "set").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(FileExistsError, match=r"not an empty folder; give a new one"):
        synth(tmp_path, 3, 0, size=SIZE)
    with pytest.raises(FileExistsError, match=r"mine\.txt: not an empty folder"):
        synth(tmp_path / "mine.txt", 3, 0, size=SIZE)
    assert list(tmp_path.iterdir()) == [tmp_path / "mine.txt"]


def test_an_empty_folder_is_taken(tmp_path):
    synth(tmp_path, 3, 0, size=SIZE)
    assert len(list((tmp_path / "701_StillsRaw_full").iterdir())) == 3
