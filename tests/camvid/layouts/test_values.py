"""What the values of index labels mean: a list, an own taxonomy, SegNet's order, and 255 for void."""

import numpy as np
import pytest

from camvid.check import check
from camvid.layouts import find_taxonomy, open_dataset
from camvid.layouts.notices import GuessWarning
from camvid.taxonomy import TaxonomyError, load_taxonomy
from tests.camvid.drawn import NAMES, OFFICIAL, draw, save, write_fastai, write_segnet
from tests.drawings import synth_once
from tests.files.written import grey_png

CAMVID11 = load_taxonomy("camvid11")
HOME = ("road", "car", "sky")  # CamVid's 0, 1, 2 are Sky, Building, Pole
MINE = {"train": ["park_1", "park_2"], "val": ["park_3"], "test": ["park_4"]}
VALUES = np.arange(96, dtype=np.uint8).reshape(8, 12) % 4  # 3 is void


def home_made(root, names=MINE, void=255):
    """Index masks of three classes and void in folders that are named as SegNet's."""
    for split, stems in names.items():
        for stem in stems:
            save(np.zeros((8, 12, 3), np.uint8), root / split / f"{stem}.png")
            save(np.where(VALUES == 3, void, VALUES).astype(np.uint8), root / f"{split}annot" / f"{stem}.png")
    return root


def taxonomy_of(root, *entries):
    lines = (f"  - {{name: {name}, color: [{i}, {i}, 0]{more}}}" for i, (name, more) in enumerate(entries))
    (root / "taxonomy.yaml").write_text("\n".join(["name: home", "classes:", *lines]))
    return root


def plain(*names):
    return [(name, "") for name in names]


def first_mask(root, taxonomy="camvid11"):
    data = open_dataset(root, taxonomy)
    return data.read_mask(data.splits["train"][0])


def test_an_own_taxonomy_is_obeyed(tmp_path):
    taxonomy_of(home_made(tmp_path), *plain(*HOME))
    assert (first_mask(tmp_path, "own") == np.where(VALUES == 3, 255, VALUES)).all()
    report = check(tmp_path, find_taxonomy(tmp_path, "own"))
    assert report[:2] == (4, [])
    assert report.taken == [
        "layout segnet, split official: train 2, val 1, test 1",
        "classes with their values (home): road 0, car 1, sky 2, void 255",
        "labels hold values, as in trainannot/park_1.png",
    ]


def test_a_class_of_an_own_taxonomy_may_collect_void(tmp_path):
    taxonomy_of(home_made(tmp_path), *plain("road", "car"), ("rest", ", collects: [Void]"))
    assert (first_mask(tmp_path, "own") == np.where(VALUES == 3, 2, VALUES)).all()


def test_values_that_an_own_taxonomy_lacks_are_faults(tmp_path):
    taxonomy_of(home_made(tmp_path, void=3), *plain(*HOME))
    (fault,) = check(tmp_path, find_taxonomy(tmp_path, "own")).faults
    assert fault.endswith(
        f": value 3 not in the class list home: {4 * 24} pixels in 4 files, of which this is the first"
    )


def test_the_classes_of_a_data_set_are_not_passed_over(tmp_path):
    taxonomy_of(home_made(tmp_path), *plain(*HOME))
    with pytest.raises(
        TaxonomyError, match=r"taxonomy\.yaml: .*classes of its own \(road, car, sky\).*take taxonomy own"
    ):
        open_dataset(tmp_path, "camvid11")


def test_the_classes_of_a_data_set_are_taken_by_themselves(tmp_path):
    taxonomy_of(home_made(tmp_path), *plain(*HOME))
    assert open_dataset(tmp_path).taxonomy == find_taxonomy(tmp_path, "own")


def test_segnets_values_are_said_to_be_a_guess(tmp_path):
    home_made(tmp_path)
    with pytest.warns(
        GuessWarning, match=r"no codes\.txt lists the names .* guessed: 0 Sky, 1 Building, .* 11 Void"
    ) as said:
        report = check(tmp_path, CAMVID11)
    assert len(said) == 1
    assert report.taken[1].startswith("classes with their values (camvid11): Sky 0, Building 1, Pole 2, Road 3,")
    assert report.taken[1].endswith("; these are in no label: " + ", ".join(CAMVID11.names[3:]))
    with pytest.warns(GuessWarning) as said:
        open_dataset(tmp_path)
    assert said[0].filename == __file__


def test_frames_of_camvid_need_no_guess(tmp_path):
    home_made(tmp_path, OFFICIAL)
    assert open_dataset(tmp_path).layout == "segnet"


def test_a_list_of_names_says_what_the_values_mean(tmp_path):
    home_made(tmp_path, void=3)
    (tmp_path / "codes.txt").write_text("Road\nCar\nSky\nVoid\n")
    index = CAMVID11.names.index
    assert (first_mask(tmp_path) == np.array([index("Road"), index("Car"), index("Sky"), 255])[VALUES]).all()
    taken = check(tmp_path, CAMVID11).taken[1]
    assert taken.startswith("classes with their values (camvid11): Sky 2, Building, Pole, Road 0, ")
    assert taken.endswith(
        "void 3 255; these are in no label: Building, Pole, Sidewalk, Tree, SignSymbol, Fence, Pedestrian, Bicyclist"
    )


def test_a_list_of_other_names_needs_another_taxonomy(tmp_path):
    home_made(tmp_path)
    (tmp_path / "codes.txt").write_text("\n".join(HOME))
    with pytest.raises(
        TaxonomyError, match=r"camvid11 collects none of the names that .*codes\.txt lists: road, car, sky"
    ):
        open_dataset(tmp_path)
    taxonomy_of(tmp_path, ("way", ", collects: [road]"), ("thing", ", collects: [car]"))
    assert (first_mask(tmp_path, "own") == np.array([0, 1, 255, 255])[VALUES]).all()


@pytest.mark.parametrize("taxonomy", ["camvid11", "camvid12"])
def test_segnets_own_names_change_nothing(taxonomy, tmp_path):
    frames = draw()
    write_segnet(tmp_path, frames)
    before = open_dataset(tmp_path, taxonomy).labels
    for names in ((*CAMVID11.names, "Void"), CAMVID11.names):
        (tmp_path / "codes.txt").write_text("\n".join(names))
        assert open_dataset(tmp_path, taxonomy).labels == before
    assert (first_mask(tmp_path, taxonomy) == frames[0].mask(taxonomy)).all()


def test_segnets_names_are_regrouped_where_each_class_gets_some(tmp_path):
    write_segnet(tmp_path, draw())
    collecting = [("way", ", collects: [Road, Sidewalk]"), ("people", ", collects: [Pedestrian, Bicyclist]")]
    taxonomy_of(tmp_path, *collecting)
    with pytest.raises(
        TaxonomyError, match=r"class way collects Road, Sidewalk, and nothing says which values .*codes\.txt"
    ):
        open_dataset(tmp_path, "own")
    (tmp_path / "codes.txt").write_text("\n".join((*CAMVID11.names, "Void")))
    fine = draw()[0].mask("camvid11")
    assert (
        first_mask(tmp_path, "own") == np.select([np.isin(fine, [3, 4]), np.isin(fine, [9, 10])], [0, 1], 255)
    ).all()
    with pytest.raises(
        TaxonomyError, match=r"'camvid32' over the SegNet masks .*class Animal collects none of the names"
    ):
        open_dataset(tmp_path, "camvid32")


@pytest.mark.parametrize("taxonomy", ["camvid11", "camvid12"])
@pytest.mark.parametrize("layout", ["segnet", "fastai"])
def test_255_is_void_where_no_class_has_that_value(layout, taxonomy, tmp_path):
    (write_segnet if layout == "segnet" else write_fastai)(tmp_path, draw())
    data = open_dataset(tmp_path, taxonomy)
    frame = data.splits["train"][0]
    save(np.array([[0, 255], [254, 255]], np.uint8), frame.label)
    mask, outside = data.decode(frame)
    void = data.read_mask(data.splits["val"][0]).max()
    assert outside == {"value 254": 1}
    assert (mask[:, 1] == void).all()
    assert void == (11 if taxonomy == "camvid12" else 255)


def test_a_class_may_have_the_value_255(tmp_path):
    frames = draw()
    write_fastai(tmp_path, frames)
    (tmp_path / "codes.txt").write_text("\n".join([*NAMES, *(f"other {i}" for i in range(32, 255)), "last"]))
    taxonomy_of(tmp_path, *plain("Road", "last"))
    data = open_dataset(tmp_path, "own")
    save(np.array([[17, 255, 254]], np.uint8), data.splits["train"][0].label)
    assert data.decode(data.splits["train"][0])[0].tolist() == [[0, 1, 255]]


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_masks_of_few_bits_hold_the_values_that_are_stored(bits, tmp_path):
    write_segnet(tmp_path, draw())
    data = open_dataset(tmp_path)
    values = np.random.default_rng(bits).integers(0, min(11, 2**bits), (8, 12))
    for part in data.splits.values():
        for frame in part:
            grey_png(values, bits, frame.label)
            assert (data.read_mask(frame) == values).all()
    assert check(tmp_path, CAMVID11)[:2] == (6, [])
    grey_png(np.zeros((8, 12), int), 1, data.splits["train"][0].label)  # an empty mask, as annotation tools write it
    assert check(tmp_path, CAMVID11)[:2] == (6, [])


@pytest.mark.parametrize("layout", ["segnet", "fastai"])
def test_a_name_in_other_letters_is_no_void(layout, tmp_path):
    synth_once(tmp_path / "set", frames=6, seed=1, layout=layout, size=(48, 64))
    names = (tmp_path / "set" / "codes.txt").read_text()
    (tmp_path / "set" / "codes.txt").write_text(names.replace("Road\n", "road\n"))
    with pytest.raises(TaxonomyError, match=r"lists 'road', which would be void: taxonomy camvid11 spells it 'Road'"):
        open_dataset(tmp_path / "set")
