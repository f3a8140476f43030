import json
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from camvid.taxonomy import Taxonomy, TaxonomyError, load_taxonomy, original_palette
from tests.camvid.drawn import PALETTE, SEGNET


def entry(**fields) -> dict[str, Any]:
    return {"name": "Road", "color": [1, 2, 3], **fields}


def test_camvid11_is_segnets_grouping_in_segnets_order():
    taxonomy = load_taxonomy("camvid11")
    assert taxonomy.names == tuple(SEGNET)
    assert {name: set(group) for name, group in taxonomy.groups.items()} == SEGNET
    assert {taxonomy.names[i] for i in taxonomy.priority} == {"Pedestrian", "Bicyclist", "Car", "SignSymbol"}
    assert {taxonomy.names[i] for i in taxonomy.background} == {"Sky", "Building", "Road", "Sidewalk", "Tree"}
    for name, color in zip(taxonomy.names, taxonomy.colors, strict=True):
        assert tuple(color) == PALETTE["Column_Pole" if name == "Pole" else name]


def test_camvid12_is_camvid11_and_void():
    eleven, twelve = load_taxonomy("camvid11"), load_taxonomy("camvid12")
    assert twelve.classes[:-1] == eleven.classes
    assert twelve.groups == {**eleven.groups, "Unlabelled": ("Void",)}
    assert twelve.priority == eleven.priority
    assert twelve.background == (*eleven.background, 11)


def test_camvid32_is_the_published_table_without_void():
    taxonomy = load_taxonomy("camvid32")
    assert taxonomy.num_classes == 31
    assert taxonomy.names == tuple(name for name in PALETTE if name != "Void")
    assert {spec.name: spec.color for spec in taxonomy.classes} | {"Void": (0, 0, 0)} == PALETTE
    assert {taxonomy.names[i] for i in taxonomy.priority} == {
        *("Pedestrian", "Child", "Bicyclist", "Car", "Truck_Bus", "SUVPickupTruck", "Train", "TrafficLight")
    }
    assert original_palette() == PALETTE
    assert taxonomy.colors.shape == (31, 3)
    assert taxonomy.colors.dtype == np.uint8


def test_backgrounds_of_the_two_taxonomies_agree():
    fine, coarse = load_taxonomy("camvid32"), load_taxonomy("camvid11")
    collected = {name for i in coarse.background for name in coarse.groups[coarse.names[i]]}
    assert {fine.names[i] for i in fine.background} == collected


@pytest.mark.parametrize("name", ["camvid11", "camvid12", "camvid32"])
def test_dict_yaml_and_json_round_trips(name, tmp_path):
    taxonomy = load_taxonomy(name)
    assert Taxonomy.from_dict(taxonomy.to_dict()) == taxonomy
    assert Taxonomy.from_dict(json.loads(json.dumps(taxonomy.to_dict()))) == taxonomy
    path = tmp_path / "taxonomy.yaml"
    path.write_text(yaml.safe_dump(taxonomy.to_dict()))
    assert load_taxonomy(path) == taxonomy
    assert load_taxonomy(str(path)).digest == taxonomy.digest


def test_digest_sees_every_field():
    data: dict[str, Any] = {"name": "t", "classes": [entry(), entry(name="Car", color=[4, 5, 6])]}
    changes: list[dict[str, Any]] = [
        {"priority": True},
        {"priority": True, "severity": 2},
        {"background": True},
        {"color": [9, 9, 9]},
        {"collects": ["Road", "Wall"]},
    ]
    changed = [{**data, "classes": [entry(**change), data["classes"][1]]} for change in changes]
    variants = [data, *changed, {**data, "name": "u"}, {**data, "classes": data["classes"][::-1]}]
    assert len({Taxonomy.from_dict(variant).digest for variant in variants}) == len(variants)


names = st.text(st.characters(codec="utf-8", exclude_characters="/", categories=["L", "N", "P"]), min_size=1)
colors = st.tuples(*[st.integers(0, 255)] * 3)


@given(st.lists(st.tuples(names, colors, st.booleans(), st.booleans()), min_size=1, max_size=20))
def test_any_valid_taxonomy_survives_yaml(rows):
    unique = {
        name: color for color, name in {color: name for name, color, *_ in rows}.items() if name.lower() != "void"
    }
    flags = {name: (priority, background) for name, _, priority, background in rows}
    classes = [
        {"name": name, "color": list(color), "priority": flags[name][0], "background": flags[name][1]}
        for name, color in unique.items()
    ]
    if classes:
        taxonomy = Taxonomy.from_dict({"name": "any", "classes": classes})
        assert Taxonomy.from_dict(yaml.safe_load(yaml.safe_dump(taxonomy.to_dict()))) == taxonomy
        assert taxonomy.names == tuple(unique)


BAD_FILES = {
    "not YAML": ("classes: [", ["not valid YAML", "line 1"]),
    "not a mapping": ("- Road", ["must be a mapping with name, classes"]),
    "empty": ("", ["must be a mapping", "None"]),
    "classes missing": ("name: x", ["classes is missing"]),
    "unknown key": ("{name: x, classes: [], colours: 1}", ["unknown key 'colours'", "allowed are name, classes"]),
    "name not text": ("{name: 3, classes: []}", ["name must be a non-empty string", "3"]),
    "no class": ("{name: x, classes: []}", ["classes must be a list of 1 to 250"]),
    "classes a mapping": ("{name: x, classes: {Road: [1, 2, 3]}}", ["classes must be a list"]),
}


@pytest.mark.parametrize("text,parts", BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file_is_named(text, parts, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(TaxonomyError) as caught:
        load_taxonomy(path)
    for part in (str(path), *parts):
        assert part in str(caught.value)


def test_binary_file_is_named(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\x89PNG\xff\x00")
    with pytest.raises(TaxonomyError, match=r"mine\.yaml: this is not a text file in UTF-8"):
        load_taxonomy(path)


BAD_CLASSES = {
    "not a mapping": (["Road"], ["classes[0]", "must be a mapping", "'Road'"]),
    "no color": ([{"name": "Road"}], ["classes[0]", "color is missing"]),
    "typo": ([entry(prioriti=True)], ["unknown key 'prioriti'", "allowed are name, color, priority"]),
    "name is a boolean": ([entry(name=True)], ["name must be a non-empty string", "True"]),
    "name with a slash": ([entry(name="a/b")], ["'a/b'", "must not hold '/'"]),
    "void": ([entry(name="void")], ["Void needs no entry"]),
    "two numbers": ([entry(color=[1, 2])], ["(Road): color", "[1, 2]"]),
    "too large": ([entry(color=[1, 2, 256])], ["three whole numbers from 0 to 255", "256"]),
    "fraction": ([entry(color=[1, 2, 3.5])], ["3.5"]),
    "boolean in color": ([entry(color=[1, 2, True])], ["True"]),
    "hex string": ([entry(color="#010203")], ["'#010203'"]),
    "severity of nothing": ([entry(severity=0, priority=True)], ["severity must be a number above 0, got 0"]),
    "severity is a flag": ([entry(severity=True, priority=True)], ["severity must be a number above 0, got True"]),
    "severity without end": ([entry(severity=float("inf"), priority=True)], ["above 0, got inf"]),
    "severity of no priority": ([entry(severity=2)], ["severity 2 has no effect without priority: true"]),
    "flag is text": ([entry(priority="yes")], ["priority must be true or false", "'yes'"]),
    "collects is text": ([entry(collects="Road")], ["collects must be a list", "'Road'"]),
    "collects is empty": ([entry(collects=[])], ["collects must be a list", "[]"]),
    "collects a number": ([entry(collects=[3])], ["collects must be a non-empty string", "3"]),
    "name twice": ([entry(), entry(color=[9, 9, 9], collects=["X"])], ["class name 'Road'", "twice"]),
    "color twice": ([entry(), entry(name="Car")], ["color (1, 2, 3)", "twice"]),
    "collected twice": ([entry(), entry(name="B", color=[9, 9, 9], collects=["Road"])], ["collected name 'Road'"]),
}


@pytest.mark.parametrize("classes,parts", BAD_CLASSES.values(), ids=BAD_CLASSES)
def test_bad_class_is_named(classes, parts):
    with pytest.raises(TaxonomyError) as caught:
        Taxonomy.from_dict({"name": "x", "classes": classes}, "mine.yaml")
    for part in ("mine.yaml", *parts):
        assert part in str(caught.value)


def test_unknown_name_lists_the_built_in_ones():
    with pytest.raises(
        FileNotFoundError, match=r"'camvid13': there is no such YAML file; built in are bdd19, camvid11, camvid12, "
    ):
        load_taxonomy("camvid13")


def test_severity_is_kept_and_named_only_where_it_was_given():
    classes = [entry(severity=4, priority=True), entry(name="Car", color=[4, 5, 6])]
    taxonomy = Taxonomy.from_dict({"name": "t", "classes": classes})
    assert taxonomy.severity == taxonomy.scoring["severity"] == (4, 1)
    assert Taxonomy.from_dict(taxonomy.to_dict()) == taxonomy
    assert ["severity" in one for one in taxonomy.to_dict()["classes"]] == [True, False]
