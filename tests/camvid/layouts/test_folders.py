"""Any pair of folders: opened, checked, counted, shipped and converted, whatever form it has."""

import json
import warnings

import numpy as np
import pytest

from camvid.check import check
from camvid.convert import convert
from camvid.layouts import find_taxonomy, open_dataset, recognise
from camvid.layouts.folders import pair_of_folders
from camvid.layouts.notices import GuessWarning
from camvid.layouts.scan import sequence_of
from camvid.layouts.split_lists import DRIVES, published
from tests.camvid.drawn import draw, write_original
from tests.camvid.replicas.comparing import assert_counted, assert_same, assert_shipped
from tests.camvid.replicas.drawing import grey, photo, values, with_palette
from tests.camvid.replicas.folders import COLORS, NAMES, VARIANTS, codes, masked, write_colors, write_cvat, write_plain


@pytest.fixture(params=VARIANTS)
def variant(request, tmp_path):
    """The root of a variant, and the masks that it stands for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuessWarning)  # of those without a split
        yield tmp_path / "set", VARIANTS[request.param](tmp_path / "set")


def test_a_pair_of_folders_opens_with_its_own_classes(variant):
    root, masks = variant
    data = open_dataset(root)
    assert (data.layout, data.taxonomy.names) == ("folders", NAMES)
    assert_same(data, masks)


def test_it_is_checked_and_counted(variant):
    root, masks = variant
    report = check(root, find_taxonomy(root))
    assert report[:2] == (sum(map(len, masks.values())), [])
    assert report.taken[0].startswith("layout folders, split official: train ")
    assert_counted(open_dataset(root), masks)


def test_its_artifact_opens_as_the_same_data(variant, tmp_path):
    assert_shipped(open_dataset(variant[0]), tmp_path / "fetched")


def test_converted_it_is_the_same_data_in_plain_form(variant, tmp_path):
    root, masks = variant
    convert(tmp_path / "plain", root)
    before, data = open_dataset(root), open_dataset(tmp_path / "plain")
    assert_same(data, masks)
    assert data.taxonomy.names == NAMES
    for split, frames in before.splits.items():
        plain = {frame.name: frame for frame in data.splits[split]}
        assert plain.keys() == {frame.name for frame in frames}
        assert all(plain[frame.name].image.samefile(frame.image) for frame in frames)  # linked, not copied


def test_people_are_a_priority_class_without_being_told(tmp_path):
    write_plain(tmp_path)
    taxonomy = find_taxonomy(tmp_path)
    assert taxonomy.priority == (1,)
    assert taxonomy.background == (0, 2)


def test_known_classes_collect_own_names(tmp_path):
    write_plain(tmp_path)
    data = open_dataset(tmp_path, "camvid11")
    places = np.array([data.taxonomy.names.index(name) for name in ("Road", "Pedestrian", "Sky")] + [255])
    frame = data.splits["train"][0]
    np.testing.assert_array_equal(data.read_mask(frame), places[codes(frame.name)])


def test_folders_of_other_names_are_given(tmp_path):
    for number in range(9):
        photo(tmp_path / "rgb" / f"{number}.jpg")
        grey(tmp_path / "gt" / f"{number}.png", masked(str(number)))
    (tmp_path / "list.txt").write_text("road\nperson\nsky\n")
    layout = pair_of_folders(tmp_path / "rgb", tmp_path / "gt", tmp_path / "list.txt", [2])
    with pytest.warns(GuessWarning, match="divided by sequences"):
        data = open_dataset(tmp_path, layout=layout)
    assert data.taxonomy.names == NAMES  # a list without values names what the labels hold
    frame = data.splits["train"][0]
    mask = masked(frame.name)
    np.testing.assert_array_equal(data.read_mask(frame), np.where(mask == 2, 255, mask))


def test_names_that_tell_no_drive_are_divided_by_themselves(tmp_path):
    names = [f"{chr(97 + number // 26)}{chr(97 + number % 26)}-{number}x" for number in range(120)]
    for name in names:
        photo(tmp_path / "images" / f"{name}.png", (4, 4))
        grey(tmp_path / "masks" / f"{name}.png", values(name, 3, (4, 4)))
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    with pytest.warns(GuessWarning, match="divided by a hash of the name"):
        before = open_dataset(tmp_path).splits
    assert all(before.values())
    assert 70 <= len(before["train"]) <= 100
    for name in names[::2]:
        (tmp_path / "images" / f"{name}.png").unlink()
        (tmp_path / "masks" / f"{name}.png").unlink()
    with pytest.warns(GuessWarning):
        after = open_dataset(tmp_path).splits
    for key, frames in after.items():
        assert {frame.name for frame in frames} <= {frame.name for frame in before[key]}


def test_drives_take_the_end_of_each_where_nothing_divides_them(tmp_path):
    write_cvat(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", GuessWarning)  # nothing is guessed
        assert sum(map(len, open_dataset(tmp_path, split="drives").splits.values())) == 5


def test_a_frame_of_one_name_in_two_splits_is_told_apart(tmp_path):
    for split in ("train", "val"):
        photo(tmp_path / "images" / split / "001.png")
        grey(tmp_path / "masks" / split / "001.png", masked("a"))
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    assert {key: [f.name for f in frames] for key, frames in open_dataset(tmp_path).splits.items()} == {
        "train": ["train_001"],
        "val": ["val_001"],
        "test": [],
    }


def test_without_a_list_the_way_to_one_is_named(tmp_path):
    write_plain(tmp_path)
    (tmp_path / "classes.txt").unlink()
    with pytest.raises(ValueError, match=r"nothing lists the classes; .*classes\.txt .*camvid describe .* --out "):
        open_dataset(tmp_path)


def test_a_taxonomy_alone_names_values_in_its_order_and_colours_by_its_own(tmp_path):
    text = "".join(f"  - {{name: {n}, color: {COLORS[i].tolist()}}}\n" for i, n in enumerate(NAMES))
    for write, name in ((write_plain, "classes.txt"), (write_colors, "class_dict.csv")):
        masks = write(tmp_path / name)
        (tmp_path / name / name).unlink()
        (tmp_path / name / "taxonomy.yaml").write_text(f"name: own\nclasses:\n{text}")
        assert_same(open_dataset(tmp_path / name), masks)


@pytest.mark.parametrize("listed", ["labelmap.txt", "classes.txt"])
def test_a_form_of_voc_with_other_classes_is_read_by_their_list(listed, tmp_path):
    masks = write_cvat(tmp_path)[""]
    lists = tmp_path / "ImageSets" / "Segmentation"
    (lists / "train.txt").write_text("cam1_001\ncam1_002\n")
    (lists / "val.txt").write_text("cam3_001\n")
    if listed == "classes.txt":
        (tmp_path / "labelmap.txt").unlink()
        (tmp_path / listed).write_text("\n".join((*NAMES, "Void")))
        for stem in masks:
            with_palette(tmp_path / "SegmentationClass" / f"{stem}.png", codes(stem), COLORS)
    data = open_dataset(tmp_path)
    assert (data.layout, data.taxonomy.names) == ("voc", NAMES)
    assert {key: [f.name for f in frames] for key, frames in data.splits.items()} == {
        "train": ["cam1_001", "cam1_002"],
        "val": ["cam3_001"],
        "test": [],
    }
    for frame in data.splits["train"]:
        np.testing.assert_array_equal(data.read_mask(frame), masks[frame.name])


def test_coco_objects_are_named_with_the_way_out(tmp_path):
    photo(tmp_path / "images" / "1.jpg")
    (tmp_path / "annotations").mkdir()
    content: dict[str, list[str]] = {"images": [], "annotations": [], "categories": []}
    (tmp_path / "annotations" / "instances_train.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"instances_train\.json: objects in COCO's JSON are not read; draw label"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(("frame", "label"), [("frame_{}", "mask_{}"), ("{}", "000{}"), ("m_{}", "mask_{}")])
def test_names_that_make_no_pairs_are_refused_whole(frame, label, tmp_path):
    """Whole names are no endings: by them one frame would be a pair, and the others would be lost without a word."""
    for number in range(1, 7):
        photo(tmp_path / "images" / f"{frame.format(number)}.jpg")
        grey(tmp_path / "masks" / f"{label.format(number)}.png", values("x", 3))
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    with pytest.raises(ValueError, match="no frame with its label: images/ holds 6 pictures"):
        open_dataset(tmp_path)


def test_a_frame_that_is_named_otherwise_is_a_fault(tmp_path):
    for number in range(1, 7):
        photo(tmp_path / "images" / f"cam1_{number}_rgb.jpg")
        grey(tmp_path / "masks" / f"cam1_{number}_mask.png", values("x", 3))
    photo(tmp_path / "images" / "cam1_9.jpg")
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    with pytest.raises(ValueError, match=r"cam1_9\.jpg: frame without a label, as its name does not end with rgb"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("labels", ["masks", "labels"])
@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_labels_that_end_with_l_are_not_taken_for_camvid(labels, tmp_path):
    for stem in ("a_1", "b_1", "c_1", "c_2"):
        photo(tmp_path / "images" / f"{stem}.png")
        grey(tmp_path / labels / f"{stem}_L.png", masked(stem))
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    data = open_dataset(tmp_path)
    assert (data.layout, data.taxonomy.names) == ("folders", NAMES)


@pytest.mark.filterwarnings("ignore::camvid.layouts.notices.GuessWarning")
def test_frames_of_a_left_camera_are_no_labels(tmp_path):
    for stem in ("a_1_L", "b_1_L", "c_1_L", "c_2_L"):
        photo(tmp_path / "images" / f"{stem}.png")
        grey(tmp_path / "masks" / f"{stem}.png", masked(stem))
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    assert sum(map(len, open_dataset(tmp_path).splits.values())) == 4


def test_camvids_own_frames_are_the_original_in_any_folders(tmp_path):
    write_original(tmp_path, draw(), images="images", labels="labels")
    assert (recognise(tmp_path).name, find_taxonomy(tmp_path).name) == ("original", "camvid11")
    assert {sequence_of(name) for names in published().values() for name in names} == set(DRIVES)


def test_labels_of_values_beside_their_frames_are_named_with_the_way_out(tmp_path):
    photo(tmp_path / "all" / "a_1.png")
    grey(tmp_path / "all" / "a_1_L.png", masked("a_1"))
    with pytest.raises(ValueError, match=r"a_1_L\.png: the label holds values, .*into images/, the labels into masks/"):
        open_dataset(tmp_path)
