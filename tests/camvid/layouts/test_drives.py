from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camvid.check import check
from camvid.layouts import SPLITS, open_dataset
from camvid.layouts.dataset import Frame
from camvid.layouts.scan import Scan, sequence_of
from camvid.layouts.splits import split_frames
from camvid.taxonomy import load_taxonomy
from tests.camvid.drawn import draw, write_segnet


def scan_of(names, test=()):
    """Frames in a layout whose folders say which of them test."""
    frames = tuple(Frame(name, sequence_of(name), Path(name), Path(name)) for name in sorted([*names, *test]))
    folders = {"train": tuple(names[1:]), "val": tuple(names[:1]), "test": tuple(test)} if test else None
    return Scan(Path("root"), "segnet" if test else "original", frames, folders, ())


def drive(name, count, first=0, step=30):
    return [f"{name}_{first + step * number:05d}" for number in range(count)]


def named(splits):
    return {key: [frame.name for frame in splits[key]] for key in SPLITS}


def test_the_last_stretch_of_each_drive_is_val_and_nobody_sees_the_gap_before_it():
    found = named(split_frames(scan_of(drive("a", 40) + drive("b", 20), test=drive("c", 5)), "drives"))
    assert found["train"] == drive("a", 32) + drive("b", 16)
    assert found["val"] == drive("a", 6, first=34 * 30) + drive("b", 3, first=17 * 30)
    assert found["test"] == drive("c", 5)


def test_without_a_test_split_of_its_own_a_data_set_gets_one_by_the_same_rule():
    found = named(split_frames(scan_of(drive("a", 40)), "drives"))
    assert found["train"] == drive("a", 24)
    assert found["val"] == drive("a", 6, first=26 * 30)
    assert found["test"] == drive("a", 6, first=34 * 30)


def test_a_dense_clip_is_thinned_to_the_usual_step_of_its_drive():
    clip = drive("a", 35, first=20 * 30 + 9, step=6)  # 609 to 813
    names = [*drive("a", 20), *clip, *drive("a", 20, first=28 * 30)]
    found = named(split_frames(scan_of(names), "drives"))
    kept = [int(name.split("_")[1]) for key in SPLITS for name in found[key]]
    assert min(after - before for before, after in pairwise(sorted(kept))) == 30
    gaps = 2 * round(0.05 * 47)
    assert len(kept) == 47 - gaps  # seven of the clip stay


def test_a_film_whose_every_frame_is_there_is_not_thinned():
    found = named(split_frames(scan_of(drive("a", 100, step=1)), "drives"))
    assert {key: len(found[key]) for key in SPLITS} == {"train": 60, "val": 15, "test": 15}


def test_numbers_need_no_leading_zeros():
    names = [f"a_{number}" for number in range(1, 31)]
    found = named(split_frames(scan_of(names, test=["b_1"]), "drives"))
    assert sorted(found["val"], key=len) == sorted(names[-4:], key=len)


@given(st.lists(st.integers(1, 40), min_size=2, max_size=12), st.integers(1, 99))
def test_each_frame_is_in_one_split_at_most_short_drives_are_never_cut_and_no_seed_matters(lengths, seed):
    names = [name for number, length in enumerate(lengths) for name in drive(f"s{number}", length)]
    try:
        splits = split_frames(scan_of(names), "drives", seed)
    except ValueError as error:
        assert "take split sequence" in str(error)
        return
    assert max(Counter(name for key in SPLITS for name in named(splits)[key]).values()) == 1
    for number, length in enumerate(lengths):
        homes = {key for key in SPLITS for frame in splits[key] if frame.sequence == f"s{number}"}
        assert len(homes) == (1 if length < 10 else 3)
    assert splits == split_frames(scan_of(names), "drives", 0)


def test_too_few_drives_are_named():
    with pytest.raises(ValueError, match=r"root: split drives: 2 frames in 1 drive leave val empty; take split seq"):
        split_frames(scan_of(["a_1", "a_2"]), "drives")


def test_on_camvid_val_shows_each_drive_that_trains_and_its_own_test_stays(real_camvid):
    official, drives = (open_dataset(real_camvid, split=split) for split in ("official", "drives"))
    assert named(drives.splits)["test"] == named(official.splits)["test"]
    counts = {key: Counter(frame.sequence for frame in drives.splits[key]) for key in ("train", "val")}
    assert counts == {
        "train": {"0001TP": 50, "0006R0": 81, "0016E5": 168},
        "val": {"0001TP": 9, "0006R0": 15, "0016E5": 32},
    }
    assert "val frames are of" not in drives.remarks("train")
    assert official.remarks("train").endswith(
        ": all 101 val frames are of 0016E5, one of the 3 drives of the train split: a model that is better on val "
        "may be worse elsewhere; to choose settings or models, take `--split drives`, which holds out a stretch of "
        "every drive\n"
    )


def test_check_says_how_many_frames_are_left_out_and_what_val_can_tell(tmp_path):
    write_segnet(tmp_path, draw({"train": [*drive("0001TP", 3), *drive("0016E5", 20)], "val": ["0016E5_00900"]}))
    taken = check(tmp_path, load_taxonomy("camvid11")).taken
    assert taken[0] == "layout segnet, split official: train 23, val 1, test 0"
    assert taken[-1].startswith("the only val frame is of 0016E5, one of the 2 drives of the train split")
    taken = check(tmp_path, load_taxonomy("camvid11"), split="drives").taken
    assert taken[0] == "layout segnet, split drives: train 16, val 3, test 3, left out 2"
