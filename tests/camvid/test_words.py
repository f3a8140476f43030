"""Names of labels in other words, and classes that mean others."""

import pytest

from camvid.taxonomy import TAXONOMIES, Taxonomy, load_taxonomy
from camvid.words import class_map, in_words_of, known_names, synonyms

VOID = 255


def meant(trained, judging):
    """By name, None for no counterpart."""
    one, other = load_taxonomy(trained), load_taxonomy(judging)
    found = class_map(one, other)
    return {name: None if index == VOID else other.names[index] for name, index in zip(one.names, found, strict=True)}


def test_cityscapes_in_camvids_classes():
    assert meant("cityscapes19", "camvid11") == {
        "road": "Road",
        "sidewalk": "Sidewalk",
        "building": "Building",
        "wall": "Building",
        "fence": "Fence",
        "pole": "Pole",
        "traffic light": "SignSymbol",
        "traffic sign": "SignSymbol",
        "vegetation": "Tree",
        "terrain": "Tree",
        "sky": "Sky",
        "person": "Pedestrian",
        "rider": "Bicyclist",
        "car": "Car",
        "truck": "Car",
        "bus": "Car",
        "train": "Car",
        "motorcycle": "Bicyclist",
        "bicycle": "Bicyclist",
    }
    assert meant("bdd19", "camvid11") == meant("cityscapes19", "camvid11")


def test_mapillary_in_the_classes_of_cityscapes():
    found = meant("mapillary65", "cityscapes19")
    assert {found[name] for name in found} - {None} == set(load_taxonomy("cityscapes19").names)
    assert found["Lane Marking - General"] == found["Manhole"] == "road"
    assert found["Bicyclist"] == found["Other Rider"] == "rider"
    assert found["On Rails"] == "train"
    for name in ("Guard Rail", "Parking", "Bridge", "Caravan", "Trailer", "Bird", "Traffic Sign (Back)", "Ego Vehicle"):
        assert found[name] is None, name  # as Cityscapes' own labels of that name are void


def test_a_class_of_several_is_the_one_of_its_name_or_none():
    found = meant("camvid11", "cityscapes19")
    assert found["Car"] == "car"  # though trucks, buses and trains are in it
    assert found["Tree"] == "vegetation"
    assert found["Pole"] == "pole"  # that collects Column_Pole, and cones, which Cityscapes has not
    assert found["Bicyclist"] is None  # a rider or a bicycle


@pytest.mark.parametrize("name", TAXONOMIES)
def test_a_taxonomy_means_itself(name):
    classes = load_taxonomy(name)
    assert class_map(classes, classes) == tuple(range(classes.num_classes))


def test_every_class_of_the_road_has_a_counterpart_in_camvid():
    for name in ("cityscapes19", "bdd19", "mapillary65", "voc21"):
        classes, found = load_taxonomy(name), meant(name, "camvid11")
        assert classes.priority
        assert [classes.names[index] for index in classes.priority if found[classes.names[index]] is None] == []


def test_labels_that_one_data_set_tells_apart_are_not_merged():
    """A guard rail is a fence in CamVid, and void in Cityscapes' benchmark."""
    names = ("fence", "guard rail", "pole", "polegroup")
    assert set(in_words_of(load_taxonomy("cityscapes19"), names).sources) & set(names) == {"fence", "pole"}
    assert set(in_words_of(load_taxonomy("camvid11"), names).sources) & set(names) == set(names)


def test_unknown_names_stay_and_known_ones_that_are_not_listed_go():
    mine = Taxonomy.from_dict(
        {"name": "mine", "classes": [{"name": "a", "color": [1, 2, 3], "collects": ["sky", "x"]}]}
    )
    assert in_words_of(mine, ["road"]).groups == {"a": ("x",)}
    assert in_words_of(mine, ["sky", "x"]).groups == {"a": ("sky", "x")}


def test_every_word_is_known_to_some_data_set():
    built_in = {name for taxonomy in TAXONOMIES for name in load_taxonomy(taxonomy).sources}
    last = {word for words in synonyms().values() for word in words} - set(synonyms())
    assert last - built_in - {"Void"} <= {"CartLuggagePram", "OtherMoving", "TrafficCone", "Truck_Bus", "rail track"}
    assert built_in <= known_names()


def test_labels_that_were_written_by_the_classes_are_read_by_their_names():
    classes = [
        {"name": "Vehicle", "color": [1, 0, 0], "collects": ["Car", "lorry"]},
        {"name": "Car", "color": [2, 0, 0], "collects": ["Truck_Bus"]},
    ]
    taxonomy = Taxonomy.from_dict({"name": "mine", "classes": classes})
    assert in_words_of(taxonomy, ["Vehicle"]).groups == {"Vehicle": ("Vehicle",), "Car": ()}
    assert in_words_of(taxonomy, ["Car", "Vehicle", "lorry"]).groups["Vehicle"] == ("Car", "lorry")  # as it is asked
