from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from camvid.labels import color_labels, index_labels
from camvid.taxonomy import Taxonomy, TaxonomyError, load_taxonomy
from tests.camvid.drawn import COLORS, NAMES, expected_index

TAXONOMIES = ("camvid11", "camvid12", "camvid32")
codes = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 31))


def simple(*classes):
    entries = [{"name": name, "color": list(color), **more} for name, color, more in classes]
    return Taxonomy.from_dict({"name": "mine", "classes": entries})


@cache
def colors_of(name):
    """The decoder of a taxonomy's colours, which takes long to make."""
    return color_labels(load_taxonomy(name), None, "list")


@pytest.mark.parametrize("name", TAXONOMIES)
@given(codes=codes)
def test_colors_decode_to_the_indices_of_their_groups(name, codes):
    mask, outside = colors_of(name).decode(Image.fromarray(COLORS[codes]))
    expected = [[expected_index(NAMES[code], name) for code in row] for row in codes]
    assert mask.dtype == np.uint8
    assert mask.tolist() == expected
    assert outside == {}


@pytest.mark.parametrize("name", TAXONOMIES)
@given(codes=codes)
def test_indices_decode_to_the_indices_of_their_groups(name, codes):
    mask, outside = index_labels(load_taxonomy(name), NAMES, "codes.txt").decode(Image.fromarray(codes))
    assert mask.tolist() == [[expected_index(NAMES[code], name) for code in row] for row in codes]
    assert outside == {}


@given(arrays(np.uint8, (5, 7, 3), elements=st.integers(0, 255)))
def test_any_color_is_either_known_or_counted(pixels):
    known = {tuple(color): expected_index(name, "camvid11") for name, color in zip(NAMES, COLORS.tolist(), strict=True)}
    mask, outside = color_labels(load_taxonomy("camvid11"), None, "list").decode(Image.fromarray(pixels))
    flat = [tuple(pixel) for pixel in pixels.reshape(-1, 3).tolist()]
    strangers = [color for color in flat if color not in known]
    assert mask.ravel().tolist() == [known.get(color, 255) for color in flat]
    assert outside == {f"colour {color}": strangers.count(color) for color in set(strangers)}


def test_outside_is_sorted_by_count():
    values = np.array([[40, 41, 41], [42, 42, 42]], np.uint8)
    mask, outside = index_labels(load_taxonomy("camvid11"), NAMES, "codes.txt").decode(Image.fromarray(values))
    assert list(outside.items()) == [("value 42", 3), ("value 41", 2), ("value 40", 1)]
    assert (mask == 255).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_color_pictures_of_other_modes_decode_alike(mode):
    picture = Image.fromarray(COLORS[np.arange(32).reshape(4, 8)])
    other = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=64) if mode == "P" else picture.convert(mode)
    labels = color_labels(load_taxonomy("camvid32"), None, "list")
    assert (labels.decode(other)[0] == labels.decode(picture)[0]).all()


def test_index_pictures_with_a_palette_keep_their_values():
    picture = Image.fromarray(np.arange(32, dtype=np.uint8).reshape(4, 8))
    with_palette = picture.copy()
    with_palette.putpalette(np.roll(np.arange(768, dtype=np.uint8), 5).tolist())
    labels = index_labels(load_taxonomy("camvid32"), NAMES, "codes.txt")
    assert with_palette.mode == "P"
    assert (labels.decode(with_palette)[0] == labels.decode(picture)[0]).all()


def test_wrong_kind_of_picture_is_refused():
    grey, colored = Image.new("L", (2, 2)), Image.new("RGB", (2, 2), (0, 0, 1))
    with pytest.raises(ValueError, match="RGB label is needed; this one has mode L"):
        color_labels(load_taxonomy("camvid11"), None, "list").decode(grey)
    with pytest.raises(ValueError, match=r"an index label is needed, .* this one has mode RGB"):
        index_labels(load_taxonomy("camvid11"), NAMES, "codes.txt").decode(colored)


def test_names_beyond_the_32_take_the_taxonomys_color():
    taxonomy = simple(("Person", (9, 9, 9), {}), ("Way", (1, 1, 1), {"collects": ["Road"]}))
    picture = Image.fromarray(np.array([[(9, 9, 9), (128, 64, 128), (0, 0, 0), (64, 0, 128)]], np.uint8))
    mask, outside = color_labels(taxonomy, None, "list").decode(picture)
    assert mask.tolist() == [[0, 1, 255, 255]]  # Car is known and collected by no class
    assert outside == {}


def test_a_collected_name_wins_a_color_over_an_uncollected_one():
    taxonomy = simple(("Person", (64, 64, 0), {}))  # the colour of Pedestrian
    mask, _ = color_labels(taxonomy, None, "list").decode(Image.new("RGB", (1, 1), (64, 64, 0)))
    assert mask.tolist() == [[0]]


def test_one_color_for_two_classes_is_refused():
    taxonomy = simple(("Person", (64, 64, 0), {}), ("Walker", (1, 1, 1), {"collects": ["Pedestrian"]}))
    with pytest.raises(
        TaxonomyError, match=r"list: colour \(64, 64, 0\) stands for two classes of mine: Person and Walker"
    ):
        color_labels(taxonomy, None, "list")


def test_collected_name_that_nobody_lists_is_named():
    taxonomy = simple(("Person", (1, 1, 1), {"collects": ["Pedestrain", "Child"]}))
    with pytest.raises(
        TaxonomyError, match=r"class Person collects 'Pedestrain', which codes.txt does not list; .*Wall"
    ):
        index_labels(taxonomy, NAMES, "codes.txt")


def test_labels_that_no_class_collects_are_refused():
    with pytest.raises(TaxonomyError, match=r"camvid11 collects none of the names that codes.txt lists: cat, dog"):
        index_labels(load_taxonomy("camvid11"), ("cat", "dog"), "codes.txt")


def test_names_of_single_values_leave_the_others_outside():
    labels = index_labels(simple(("way", (1, 1, 1), {}), ("car", (2, 2, 2), {})), {3: "way", 300: "car"}, "list")
    picture = Image.fromarray(np.array([[0, 3, 255, 300]], np.uint16))
    mask, outside = labels.decode(picture)
    assert mask.tolist() == [[255, 0, 255, 1]]
    assert outside == {"value 0": 1}
    assert labels.known == {255: 255, 3: 0, 300: 1}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "I;16", "I"])
def test_values_are_read_whichever_way_a_tool_wrote_them(mode):
    values = np.arange(32, dtype=np.uint8).reshape(4, 8)
    picture = Image.fromarray(values.astype(np.uint16)) if mode == "I;16" else Image.fromarray(values).convert(mode)
    assert picture.mode == mode
    mask, outside = index_labels(load_taxonomy("camvid32"), NAMES, "codes.txt").decode(picture)
    assert (mask == [[expected_index(NAMES[value], "camvid32") for value in row] for row in values]).all()
    assert outside == {}


@pytest.mark.parametrize("value", [-1, 1 << 16])
def test_values_of_32_bits_that_16_do_not_hold_are_named(value):
    labels = index_labels(load_taxonomy("camvid32"), NAMES, "codes.txt")
    with pytest.raises(ValueError, match=rf"values .*{value}.*, where 0 to 65535 are allowed"):
        labels.decode(Image.fromarray(np.array([[0, value]], np.int32)))
