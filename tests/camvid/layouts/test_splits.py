import shutil
import warnings
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camvid.check import check
from camvid.layouts import SPLITS, find_taxonomy, open_dataset, scan_layout
from camvid.layouts import splits as splits_module
from camvid.layouts.dataset import Frame
from camvid.layouts.notices import LeakWarning
from camvid.layouts.scan import Scan, sequence_of
from camvid.layouts.splits import split_frames
from tests.camvid.drawn import OFFICIAL, SEGNET, draw, write_fastai, write_kaggle, write_original, write_segnet
from tests.camvid.replicas.folders import write_colors, write_roboflow

OWN = {"train": ["clip_1", "clip_2", "clip_3"], "val": ["clip_4"], "test": ["clip_5"]}


OFFICIAL_LISTS = Path(splits_module.__file__).parent / "official_split"


def scan_of(names: list[str]) -> Scan:
    frames = tuple(Frame(name, sequence_of(name), Path(name), Path(name)) for name in sorted(names))
    return Scan(Path("root"), "original", frames, None, ())


def name_values(root):
    """Frames that are not of CamVid's drives: what their masks hold is listed, or it would be a guess."""
    (root / "codes.txt").write_text("\n".join([*SEGNET, "Void"]))


def names_of(splits):
    return {split: [frame.name for frame in splits[split]] for split in SPLITS}


@pytest.mark.parametrize(
    "name,sequence",
    [
        ("0016E5_07959", "0016E5"),
        ("Seq05VD_f00000", "Seq05VD"),
        ("0001TP_006690", "0001TP"),
        ("aachen_000000_000019_leftImg8bit", "aachen"),
        ("clip0012", "clip"),
        ("000123", ""),
    ],
)
def test_sequence_leads_the_name(name, sequence):
    assert sequence_of(name) == sequence


def test_published_lists_are_the_split_of_the_real_copy(real_camvid):
    """The stored lists give layouts without folders the split that the SegNet edition has in folders."""
    by_folder = names_of(open_dataset(real_camvid).splits)
    by_list = names_of(split_frames(scan_of([name for names in by_folder.values() for name in names])))
    assert by_list == by_folder


def test_published_lists_are_disjoint_and_complete():
    lists = {key: (OFFICIAL_LISTS / f"{key}.txt").read_text().split() for key in SPLITS}
    assert {key: len(names) for key, names in lists.items()} == {"train": 367, "val": 101, "test": 233}
    assert len({name for names in lists.values() for name in names}) == 701


@pytest.mark.parametrize("write", [write_segnet, write_kaggle])
def test_folders_are_the_official_split_of_layouts_that_have_them(write, tmp_path):
    write(tmp_path, draw(OWN))
    name_values(tmp_path)
    (tmp_path / "train.txt").write_text("/SegNet/CamVid/train/x.png /SegNet/CamVid/trainannot/x.png\n")  # passed over
    assert names_of(open_dataset(tmp_path).splits) == OWN


@pytest.mark.parametrize("write", [write_original, write_fastai])
def test_strange_names_have_no_official_split(write, tmp_path):
    write(tmp_path, draw({"train": [*OFFICIAL["train"], "clip_1", "clip_2"]}))
    with pytest.raises(
        ValueError, match=r"2 of 4 frames are in none of CamVid's lists \(first: clip_1\); take split seq"
    ):
        open_dataset(tmp_path)
    assert sum(map(len, open_dataset(tmp_path, split="sequence").splits.values())) == 4


@pytest.mark.parametrize("form", ["text", "text with endings", "yaml"])
@pytest.mark.parametrize("write", [write_original, write_fastai])
def test_a_data_set_may_ship_its_lists(write, form, tmp_path):
    write(tmp_path, draw(OWN))
    ending = ".png" if form == "text with endings" else ""
    for key, names in OWN.items():
        if form != "yaml":
            (tmp_path / f"{key}.txt").write_text("".join(f"{name}{ending}\n" for name in names))
    if form == "yaml":
        (tmp_path / "splits.yaml").write_text("\n".join(f"{key}: [{', '.join(names)}]" for key, names in OWN.items()))
    assert names_of(open_dataset(tmp_path).splits) == OWN


def test_own_lists_win_over_the_published_ones(tmp_path):
    write_original(tmp_path, draw())
    turned = {"train": OFFICIAL["test"], "val": OFFICIAL["train"], "test": OFFICIAL["val"]}
    for key, names in turned.items():
        (tmp_path / f"{key}.txt").write_text("\n".join(names))
    assert names_of(open_dataset(tmp_path).splits) == {key: list(names) for key, names in turned.items()}


BAD_LISTS = {
    "a file is missing": ({"val.txt": None}, r"val\.txt: missing beside train\.txt"),
    "absent frame": ({"val.txt": "clip_4\nclip_9"}, r"1 frame is listed but not there \(first: clip_9\)"),
    "forgotten frame": ({"val.txt": ""}, r"1 frame is in no list \(first: clip_4\)"),
    "twice": ({"val.txt": "clip_4\nclip_1"}, r"1 frame is listed twice \(first: clip_1\)"),
    "yaml broken": ({"splits.yaml": "train: ["}, r"splits\.yaml: not valid YAML"),
    "yaml of another form": (
        {"splits.yaml": "{train: [clip_1], valid: []}"},
        r"splits\.yaml: a mapping of train",
    ),
    "yaml with numbers": ({"splits.yaml": "{train: [1], val: [2], test: [3]}"}, r"splits\.yaml: a mapping of train"),
}


@pytest.mark.parametrize("files,message", BAD_LISTS.values(), ids=BAD_LISTS)
def test_bad_lists_are_named(files, message, tmp_path):
    write_original(tmp_path, draw(OWN))
    lists = {f"{key}.txt": "\n".join(names) for key, names in OWN.items()} | files
    for name, text in lists.items():
        if text is not None:
            (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        open_dataset(tmp_path)


@pytest.mark.parametrize("form", ["text", "yaml"])
def test_own_lists_may_do_without_test(form, tmp_path):
    write_original(tmp_path, draw({"train": ["clip_1", "clip_2"], "val": ["clip_3"]}))
    if form == "text":
        (tmp_path / "train.txt").write_text("clip_1\nclip_2")
        (tmp_path / "val.txt").write_text("clip_3")
    else:
        (tmp_path / "splits.yaml").write_text("{train: [clip_1, clip_2], val: [clip_3]}")
    assert names_of(open_dataset(tmp_path).splits) == {"train": ["clip_1", "clip_2"], "val": ["clip_3"], "test": []}


def test_fastais_valid_txt_splits_strange_names(tmp_path):
    write_fastai(tmp_path, draw(OWN))
    (tmp_path / "valid.txt").write_text("clip_4.png\nclip_5.png\n")
    expected = {"train": ["clip_1", "clip_2", "clip_3"], "val": ["clip_4", "clip_5"], "test": []}
    assert names_of(open_dataset(tmp_path).splits) == expected


def test_sequences_of_the_real_lists_stay_whole():
    names = [name for key in SPLITS for name in (OFFICIAL_LISTS / f"{key}.txt").read_text().split()]
    splits = split_frames(scan_of(names), "sequence")
    assert {key: {frame.sequence for frame in splits[key]} for key in SPLITS} == {
        "train": {"0016E5", "Seq05VD"},
        "val": {"0001TP"},
        "test": {"0006R0"},
    }


@given(st.lists(st.integers(1, 40), min_size=3, max_size=9), st.integers(0, 99))
def test_sequences_are_never_cut_and_no_split_is_empty(lengths, seed):
    names = [f"s{i}_{k:03d}" for i, length in enumerate(lengths) for k in range(length)]
    splits = split_frames(scan_of(names), "sequence", seed)
    homes = [{frame.sequence for frame in splits[key]} for key in SPLITS]
    assert sorted(frame.name for key in SPLITS for frame in splits[key]) == sorted(names)
    assert sum(map(len, homes)) == len(lengths)
    assert all(homes)
    assert splits == split_frames(scan_of(names), "sequence", seed)


@given(st.lists(st.integers(3, 60), min_size=1, max_size=2))
def test_fewer_than_three_sequences_are_cut_into_stretches(lengths):
    names = [f"s{i}_{k:03d}" for i, length in enumerate(lengths) for k in range(length)]
    splits = split_frames(scan_of(names), "sequence")
    assert Counter(frame.name for key in SPLITS for frame in splits[key]) == Counter(names)
    for i in range(len(lengths)):
        stretches = [[frame.name for frame in splits[key] if frame.sequence == f"s{i}"] for key in SPLITS]
        assert all(stretches)
        in_order = [name for name in names if name.startswith(f"s{i}_")]
        assert [name for stretch in stretches for name in stretch] == in_order


def test_too_few_frames_are_named():
    with pytest.raises(ValueError, match="root: 2 frames are too few to split"):
        split_frames(scan_of(["a_1", "a_2"]), "sequence")
    with pytest.raises(ValueError, match="root: 1 frame is too few to split"):
        split_frames(scan_of(["a_1"]), "sequence")


def test_random_split_warns_and_follows_its_seed():
    scan = scan_of([f"a_{i:02d}" for i in range(20)])
    with pytest.warns(LeakWarning, match="neighbouring frames"):
        first = split_frames(scan, "random", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakWarning)
        again, other = split_frames(scan, "random", 1), split_frames(scan, "random", 2)
    assert first == again != other
    assert {key: len(first[key]) for key in SPLITS} == {"train": 14, "val": 3, "test": 3}
    assert {frame.name for key in SPLITS for frame in first[key]} == {frame.name for frame in scan.frames}


def test_random_split_of_folders_pools_them(tmp_path):
    write_segnet(tmp_path, draw(OWN))
    name_values(tmp_path)
    with pytest.warns(LeakWarning) as caught:
        splits = open_dataset(tmp_path, split="random").splits
    assert caught[0].filename == __file__
    assert {key: len(splits[key]) for key in SPLITS} == {"train": 3, "val": 1, "test": 1}


def test_unknown_split_lists_the_choices(tmp_path):
    write_segnet(tmp_path, draw())
    with pytest.raises(ValueError, match="split 'mine': allowed are official, drives, sequence, random"):
        open_dataset(tmp_path, split="mine")
    assert scan_layout(tmp_path).folders is not None


@pytest.mark.parametrize(("kept", "way"), [(["train"], "sequence"), (["train", "test"], "drives")])
@pytest.mark.parametrize("write", [write_roboflow, write_colors])
def test_an_empty_val_split_names_what_divides_the_frames(write, kept, way, tmp_path):
    write(tmp_path)
    for path in sorted(tmp_path.rglob("val*")):
        if "test" in kept:
            path.rename(path.with_name("test"))
        else:
            shutil.rmtree(path)
    for path in sorted(tmp_path.rglob("cam2_001*")):
        shutil.copy(path, path.with_name(path.name.replace("cam2", "cam4")))  # a third drive
    told = rf"; `--split {way}` divides the frames of train"
    assert check(tmp_path, find_taxonomy(tmp_path)).faults == [f"{tmp_path}: split val is empty{told}"]
    with pytest.raises(ValueError, match=f"the val split has no frames, and a training needs them{told}$"):
        open_dataset(tmp_path).require("train", "val")
    open_dataset(tmp_path, split=way).require("train", "val")


def test_one_frame_and_one_more_fault_are_no_plural(tmp_path):
    with pytest.raises(ValueError, match="1 frame in 1 drive leave"):
        split_frames(scan_of(["a_1"]), "drives", 0)
    write_segnet(tmp_path, draw())
    for frame in scan_layout(tmp_path).frames[:2]:
        frame.label.unlink()
    with pytest.raises(ValueError, match="and 1 more fault; "):
        open_dataset(tmp_path)
