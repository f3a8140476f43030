"""Replicas of the public data sets: opened, checked, counted and shipped, with their own classes and with others."""

import warnings

import numpy as np
import pytest
from PIL import Image

from camvid.check import check
from camvid.convert import convert
from camvid.layouts import LAYOUTS, find_taxonomy, open_dataset, scan_layout
from camvid.layouts.notices import GuessWarning
from camvid.taxonomy import load_taxonomy
from tests.camvid.drawn import WRITERS
from tests.camvid.replicas.cityscapes import NAMES, POLEGROUP, TABLE, TEST, write_colors, write_fine, write_idd
from tests.camvid.replicas.comparing import assert_counted, assert_same, assert_shipped
from tests.camvid.replicas.drawing import SIZE, grey, photo, values
from tests.camvid.replicas.every import REPLICAS, UNLABELLED
from tests.camvid.replicas.kitti import write_kitti
from tests.camvid.replicas.voc import write_voc


@pytest.fixture(params=REPLICAS)
def replica(request, tmp_path):
    """The replica, its root, and the masks that it stands for."""
    drawn = REPLICAS[request.param]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuessWarning)  # KITTI's split
        yield drawn, tmp_path, drawn.write(tmp_path)


def test_every_layout_is_drawn():
    assert {*WRITERS, *(drawn.layout for drawn in (REPLICAS | UNLABELLED).values())} == set(LAYOUTS)


def test_a_replica_opens_with_its_own_classes(replica):
    drawn, root, masks = replica
    data = open_dataset(root)
    assert (data.layout, data.taxonomy) == (drawn.layout, load_taxonomy(drawn.taxonomy))
    assert_same(data, masks)


def test_a_replica_has_no_fault_and_its_report_says_what_was_taken(replica):
    drawn, root, masks = replica
    report = check(root, find_taxonomy(root))
    assert report.faults == []
    assert report.frames == sum(map(len, masks.values()))
    assert report.taken[0].startswith(f"layout {drawn.layout}")
    left = [line for line in report.taken if line.startswith("frames without labels, which are left out: ")]
    assert left == [f"frames without labels, which are left out: test {count}" for count in drawn.unlabelled.values()]


def test_a_replica_is_counted(replica):
    _, root, masks = replica
    assert_counted(open_dataset(root), masks)


def test_an_artifact_of_a_replica_opens_as_the_same_data(replica, tmp_path):
    _, root, _ = replica
    assert_shipped(open_dataset(root), tmp_path / "fetched")


def test_drives_and_sequences_come_from_names(tmp_path):
    write_fine(tmp_path)
    frames = {frame.name: frame.sequence for frame in scan_layout(tmp_path).frames}
    assert frames["aachen_000001_000019"] == "aachen_000001"


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    write_idd(tmp_path)
    frames = scan_layout(tmp_path).frames
    assert [frame.name for frame in frames] == [
        "train_0_frame0029",
        "train_1_frame0029",
        "train_201_frame0511",
        "val_0_frame0029",
    ]
    assert frames[0].sequence == "train_0"


CAMVID11 = {
    "Sky": ["sky"],
    "Building": ["building", "wall", "bridge", "tunnel"],
    "Pole": ["pole", "polegroup"],
    "Road": ["road"],
    "Sidewalk": ["sidewalk", "parking"],
    "Tree": ["vegetation", "terrain"],
    "SignSymbol": ["traffic light", "traffic sign"],
    "Fence": ["fence", "guard rail"],
    "Car": ["car", "truck", "bus", "caravan", "trailer", "train"],
    "Pedestrian": ["person"],
    "Bicyclist": ["rider", "motorcycle", "bicycle"],
}


@pytest.mark.parametrize("write", [write_fine, write_colors])
def test_cityscapes_labels_in_camvids_classes(write, tmp_path):
    write(tmp_path)
    places = {name: index for index, names in enumerate(CAMVID11.values()) for name in names}
    known = np.array([places.get(name, 255) for name in NAMES], np.uint8)
    data = open_dataset(tmp_path, "camvid11")
    assert data.taxonomy.names == tuple(CAMVID11)
    for frame in data.splits["train"]:
        city = frame.name.split("_")[0]
        ids = values(f"{city}/{frame.name}", len(TABLE))
        if write is write_colors:
            ids[ids == POLEGROUP] = 0
        np.testing.assert_array_equal(data.read_mask(frame), known[ids])


@pytest.mark.parametrize("taxonomy", ["camvid11", "camvid12", "camvid32", "cityscapes19"])
def test_every_replica_opens_in_known_classes(replica, taxonomy):
    _, root, _ = replica
    data = open_dataset(root, taxonomy)
    seen = np.unique(np.concatenate([data.read_mask(frame).ravel() for frame in data.splits["train"]]))
    assert {"car", "Car"} & {data.taxonomy.names[index] for index in seen if index < data.taxonomy.num_classes}


def test_void_of_cityscapes_is_a_class_where_a_taxonomy_has_one(tmp_path):
    write_fine(tmp_path)
    data = open_dataset(tmp_path, "camvid12")
    void = data.taxonomy.names.index("Unlabelled")
    frame = data.splits["train"][0]
    ids = values(f"aachen/{frame.name}", len(TABLE))
    assert (data.read_mask(frame)[ids < 7] == void).all()


def test_a_misspelt_name_is_refused(tmp_path):
    write_fine(tmp_path / "set")
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nclasses:\n  - {name: Way, color: [1, 1, 1], collects: [raod]}\n")
    with pytest.raises(ValueError, match=r"class Way collects 'raod', which .*labelIds.* does not list"):
        open_dataset(tmp_path / "set", path)


def test_a_frame_without_a_label_among_others_is_a_fault(tmp_path):
    write_fine(tmp_path)
    photo(tmp_path / "leftImg8bit" / "train" / "aachen" / "aachen_000002_000019_leftImg8bit.png")
    grey(tmp_path / "gtFine" / "val" / "lindau" / "lindau_000009_000019_gtFine_labelIds.png", values("x", 5))
    first, second = check(tmp_path, find_taxonomy(tmp_path)).faults
    assert "aachen_000002_000019_leftImg8bit.png: frame without a label (aachen/aachen_000002_000019_gtFine" in first
    assert "lindau_000009_000019_gtFine_labelIds.png: label without a frame" in second


@pytest.mark.parametrize(
    "name,said",
    [
        ("cityscapes", "values, as in gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png"),
        ("cityscapes colours", "colours, as in gtFine/train/aachen/aachen_000000_000019_gtFine_color.png"),
    ],
)
def test_a_report_says_what_the_labels_hold(name, said, tmp_path):
    REPLICAS[name].write(tmp_path)
    assert f"labels hold {said}" in check(tmp_path, find_taxonomy(tmp_path)).taken


def test_what_systems_add_to_folders_is_no_frame(tmp_path):
    write_fine(tmp_path)
    for junk in ("__MACOSX/aachen/x_leftImg8bit.png", ".hidden/y_leftImg8bit.png", "aachen/._z_leftImg8bit.png"):
        path = tmp_path / "leftImg8bit" / "train" / junk
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture")
    assert check(tmp_path, find_taxonomy(tmp_path)).faults == []


def test_val_without_labels_is_said(tmp_path):
    write_fine(tmp_path)
    for path in (tmp_path / "gtFine" / "val").rglob("*.png"):
        path.unlink()
    report = check(tmp_path, find_taxonomy(tmp_path))
    way = "`--split sequence` divides the frames of train"
    assert report.faults == [f"{tmp_path}: split val is empty; {way}"]
    assert "frames without labels, which are left out: val 2, test 2" in report.taken


def test_void_labels_of_test_are_no_fault_and_said(tmp_path):
    """As Cityscapes ships them."""
    write_fine(tmp_path)
    for stem in TEST:
        grey(tmp_path / "gtFine" / "test" / f"{stem}_gtFine_labelIds.png", np.zeros(SIZE, np.uint8))
    report = check(tmp_path, find_taxonomy(tmp_path))
    assert (report.frames, report.faults) == (7, [])
    assert (
        "split test: all pixels of its labels are void; some benchmarks keep their test labels secret in this way"
        in report.taken
    )


def test_labels_without_any_pair_name_the_folders(tmp_path):
    photo(tmp_path / "leftImg8bit" / "train" / "aachen" / "aachen_1_2_leftImg8bit.png")
    (tmp_path / "gtFine").mkdir()
    with pytest.raises(
        ValueError, match=r"no frame with its label: leftImg8bit/train/ .*aachen/ has 1 .*; gtFine/train/ is"
    ):
        open_dataset(tmp_path)


def test_kitti_is_divided_the_same_way_whatever_the_seed(tmp_path):
    write_kitti(tmp_path)
    with pytest.warns(GuessWarning, match=r"divided by a hash of the name, .*: train 5, val 1, test 1") as said:
        first = open_dataset(tmp_path).splits
    assert said[0].filename == __file__
    with pytest.warns(GuessWarning):
        assert open_dataset(tmp_path, seed=7).splits == first
    (tmp_path / "train.txt").write_text("\n".join(f"{number:06d}" for number in range(6)))
    (tmp_path / "val.txt").write_text("000006\n")
    assert [frame.name for frame in open_dataset(tmp_path).splits["val"]] == ["000006"]


def test_faults_of_vocs_lists(tmp_path):
    write_voc(tmp_path)
    lists = tmp_path / "ImageSets" / "Segmentation"
    (lists / "val.txt").write_text("2007_000033\n2007_000032\n2007_999999\n2007_000027\n")
    assert scan_layout(tmp_path).faults == (
        f"{lists}: 2007_000032 is listed 2 times",
        f"{lists / 'val.txt'}: lists 2007_999999, which is not in JPEGImages",
        f"{tmp_path}/JPEGImages/2007_000027.jpg: frame without a label (SegmentationClass/2007_000027.png)",
    )


@pytest.mark.parametrize(
    ("lists", "sizes"),
    [
        ({"val": "2007_000033\n2007_000032\n"}, "train 3, val 1, test 0"),
        ({"train": "2007_000032\n2007_000032\n2007_000039\n"}, "train 2, val 1, test 0"),
        ({"val": "2007_000032\n"}, "train 3, val 0, test 0"),
    ],
)
def test_a_frame_that_vocs_lists_name_twice_is_in_one_split_and_counted_once(lists, sizes, tmp_path):
    write_voc(tmp_path / "set")
    for split, names in lists.items():
        (tmp_path / "set" / "ImageSets" / "Segmentation" / f"{split}.txt").write_text(names)
    report = check(tmp_path / "set", find_taxonomy(tmp_path / "set"))
    assert report.taken[0] == f"layout voc, split official: {sizes}"
    assert report.faults[0].endswith("2007_000032 is listed 2 times")
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert not [line for line in lines if "between the splits" in line]
    assert scan_layout(tmp_path / "plain").faults == ()


def test_mapillary_without_its_configuration(tmp_path):
    REPLICAS["mapillary v2.0"].write(tmp_path)
    (tmp_path / "config_v2.0.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"config_v2\.0\.json: missing; it names the label values"):
        open_dataset(tmp_path)
    (tmp_path / "config_v2.0.json").write_text("{}")
    with pytest.raises(ValueError, match=r"config_v2\.0\.json: not Mapillary's configuration"):
        open_dataset(tmp_path)


def test_a_value_beyond_the_list_is_a_fault(tmp_path):
    masks = REPLICAS["bdd100k"].write(tmp_path)
    stem = next(iter(masks["val"]))
    path = tmp_path / "labels" / "sem_seg" / "masks" / "val" / f"{stem}.png"
    Image.fromarray(np.full((32, 64), 19, np.uint8)).save(path)
    (fault,) = check(tmp_path, find_taxonomy(tmp_path)).faults
    assert fault == f"{path}: value 19 not in the class list bdd19: {32 * 64} pixels"
