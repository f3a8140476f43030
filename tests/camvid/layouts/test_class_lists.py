"""Lists of classes in the forms of annotation tools."""

import json

import pytest

from camvid.layouts.class_lists import Listed, find_list, read_list
from camvid.layouts.own_classes import distinct_color, taxonomy_of
from camvid.taxonomy import TaxonomyError, load_taxonomy
from tests.camvid.replicas.voc import palette
from tests.files.test_texts import ENCODINGS, encoded

COLORED = (Listed("road", None, (128, 64, 128)), Listed("person", None, (220, 20, 60)))
VALUED = (Listed("road", 0), Listed("person", 1))
BY_LINE = (Listed("road", 0, by_line=True), Listed("person", 1, by_line=True))
CATEGORIES = [{"id": 7, "name": "road", "color": [128, 64, 128], "isthing": 0}, {"id": 24, "name": "person"}]
LISTS = {
    "classes.txt": ("road\nperson\n", BY_LINE),
    "codes.txt": ("road\nperson", BY_LINE),
    "class_dict.csv": ("name,r,g,b\nroad,128,64,128\nperson,220,20,60\n", COLORED),
    "labelmap.txt": ("# label:color_rgb:parts:actions\nroad:128,64,128::\nperson:220,20,60:head,hand:\n", COLORED),
    "label_colors.txt": ("128 64 128\troad\n220 20 60 person\n", COLORED),
    "_classes.csv": ("Pixel Value, Class\n0, road\n1, person\n", VALUED),
    "panoptic_categories.json": (json.dumps(CATEGORIES), (Listed("road", 7, (128, 64, 128)), Listed("person", 24))),
    "notes.json": (json.dumps({"categories": CATEGORIES[1:], "info": {}}), (Listed("person", 24),)),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_list_is_found_and_read_whatever_saved_it(name, encoding, tmp_path):
    text, expected = LISTS[name]
    (tmp_path / name).write_bytes(encoded(text.replace("\n", "\r\n"), encoding))
    assert find_list([tmp_path]) == tmp_path / name
    assert read_list(tmp_path / name) == expected


@pytest.mark.parametrize("name", ["Classes.txt", "CLASS_DICT.CSV", "x_Categories.json"])
def test_a_list_is_found_whatever_the_case_of_its_name(name, tmp_path):
    (tmp_path / name).touch()
    assert find_list([tmp_path]) == tmp_path / name


BAD = {
    "a.json": ('{"a": 1}', "a list of categories with id and name is needed"),
    "b.json": ("{", "not valid JSON"),
    "c.json": ('[{"name": "road"}]', "road: id must be a whole number"),
    "d.json": ('[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]', "value 1 is listed twice"),
    "_classes.csv": (
        "Pixel Value, Class\nx, road\n",
        "a pixel value and a class are needed in each line, got 'x,road'",
    ),
    "labelmap.txt": ("road:1,2,3::\nroad:1,2,4::\n", "name 'road' is listed twice"),
    "other.txt": ("road:1,2,300::\n", "three whole numbers from 0 to 255"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_list_is_named(name, tmp_path):
    text, message = BAD[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=rf"{name}.*: .*{message}"):
        read_list(tmp_path / name)


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.txt: missing; give a list of classes"):
        read_list(tmp_path / "none.txt")


def test_classes_of_a_list():
    listed = [*COLORED, Listed("Void", None, (0, 0, 0)), Listed("a/b", None, (128, 64, 128)), Listed("traffic_light")]
    taxonomy = taxonomy_of(listed, "list")
    assert taxonomy.names == ("road", "person", "a_b", "traffic_light")
    assert taxonomy.groups["a_b"] == ("a/b",)
    assert taxonomy.priority == (1, 3)  # as in cityscapes19
    assert taxonomy.background == (0,)
    assert len({spec.color for spec in taxonomy.classes}) == 4
    assert taxonomy.classes[1].color == (220, 20, 60)
    with pytest.raises(TaxonomyError, match="list: lists no class but void"):
        taxonomy_of([Listed("void")], "list")


def test_every_class_of_camvid_keeps_its_flags():
    known = load_taxonomy("camvid11")
    made = taxonomy_of([Listed(name) for name in known.names], "list")
    assert [made.classes[index].name for index in made.priority] == [
        name for index, name in enumerate(known.names) if index in known.priority
    ]


def test_colours_of_classes_without_one_are_vocs():
    assert [distinct_color(number) for number in range(256)] == [tuple(color) for color in palette().tolist()]
