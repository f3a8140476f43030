"""What the values of labels in a pair of folders mean: a list, a palette, grey colours, 0, 255 and --ignore."""

import re
import warnings

import numpy as np
import pytest
from PIL import Image

from camvid.check import check
from camvid.describe import describe
from camvid.layouts import find_taxonomy, open_dataset
from camvid.layouts.folders import pair_of_folders
from camvid.layouts.notices import GuessWarning
from camvid.taxonomy import TaxonomyError
from tests.camvid.replicas.comparing import assert_same, faults_of, first, masks_are
from tests.camvid.replicas.drawing import SIZE, grey, with_palette
from tests.camvid.replicas.folders import (
    COLORS,
    DICT,
    NAMES,
    codes,
    each,
    masked,
    relabelled,
    write_colors,
    write_plain,
)


def test_a_palette_that_is_not_the_classes_means_nothing(tmp_path):
    """Values are named by classes.txt, and by the places in class_dict.csv, which is said."""
    write_plain(tmp_path)
    for _, stem in each():
        with_palette(tmp_path / "masks" / f"{stem}.png", masked(stem), np.arange(768).reshape(256, 3) % 251)
    masks_are(tmp_path, lambda mask: mask)
    (tmp_path / "classes.txt").unlink()
    (tmp_path / "class_dict.csv").write_text(DICT)
    with pytest.warns(GuessWarning, match="its lines name these values: 0 road, 1 person, 2 sky, 3 Void"):
        masks_are(tmp_path, lambda mask: mask)


@pytest.mark.parametrize("listed", ["classes.txt", "taxonomy.yaml"])
def test_palettes_that_differ_are_said_where_values_are_indices(listed, tmp_path):
    """As a tool writes them that gives each picture its own order of the same colours."""
    write_plain(tmp_path)
    stems = [stem for _, stem in each()]
    orders = {stem: np.roll(np.arange(4, dtype=np.uint8), place % 2) for place, stem in enumerate(stems)}
    for stem in stems:
        with_palette(tmp_path / "masks" / f"{stem}.png", orders[stem][codes(stem)], COLORS[np.argsort(orders[stem])])
    if listed == "taxonomy.yaml":
        (tmp_path / "classes.txt").unlink()
        entries = "".join(f"- {{name: {name}, color: [{i}, 9, 9]}}\n" for i, name in enumerate((*NAMES, "x")))
        (tmp_path / listed).write_text(f"name: own\nclasses:\n{entries}")
    else:
        (tmp_path / listed).write_text("\n".join((*NAMES, "Void")))
    line = (
        rf"{stems[0]}\.png: its palette and that of .*{stems[1]}\.png differ; values are taken as indices.*class_dict"
    )
    with pytest.warns(GuessWarning, match=line):
        open_dataset(tmp_path)
    assert any(
        "values are taken as indices" in told for told in describe(tmp_path).lines if told.startswith("guessed: ")
    )
    (tmp_path / listed).unlink()
    (tmp_path / "class_dict.csv").write_text(DICT)
    with warnings.catch_warnings():
        warnings.simplefilter("error", GuessWarning)  # the colours say all
        masks_are(tmp_path, lambda mask: mask)


def test_palettes_that_differ_only_in_what_is_not_used_are_one(tmp_path):
    write_plain(tmp_path)
    for place, (_, stem) in enumerate(each()):
        unused = np.full((1, 3), place)
        with_palette(tmp_path / "masks" / f"{stem}.png", codes(stem), np.concatenate([COLORS, unused]))
    (tmp_path / "classes.txt").write_text("\n".join((*NAMES, "Void")))
    with warnings.catch_warnings():
        warnings.simplefilter("error", GuessWarning)
        masks_are(tmp_path, lambda mask: mask)


def test_one_based_values_are_said(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 255, mask + 1).astype(np.uint8))
    with pytest.warns(GuessWarning, match="its lines name these values: 1 road, 2 person, 3 sky"):
        masks_are(tmp_path, lambda mask: mask)


def test_one_value_more_than_names_is_void_or_a_class_and_has_to_be_said(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 0, mask + 1).astype(np.uint8))
    with pytest.raises(TaxonomyError, match=r"3 names, and the labels hold 4 values, 0 to 3: .* put Void into a line"):
        open_dataset(tmp_path)
    (tmp_path / "classes.txt").write_text("\n".join(("Void", *NAMES)))
    masks_are(tmp_path, lambda mask: mask)


@pytest.mark.parametrize(
    ("change", "names", "told"),
    [
        (
            lambda mask: mask,
            ("#road", *NAMES[1:]),
            "put Void into .*; 1 line of it begins with # and is left out",
        ),
        (lambda mask: mask + (mask < 255), ("#road", "#x", *NAMES), "1 road, 2 person.*; 2 lines .* and are left out"),
        (lambda mask: mask, ("#road", "#person", "sky"), "1 name, .* values up to 2; 2 lines of it begin with #"),
    ],
)
def test_names_that_do_not_fit_because_lines_are_comments(change, names, told, tmp_path):
    relabelled(tmp_path, lambda mask: change(mask).astype(np.uint8))
    (tmp_path / "classes.txt").write_text("\n".join(names))
    (line,) = [line for line in describe(tmp_path).lines if "left out" in line]
    assert re.search(told, line)
    with warnings.catch_warnings(record=True) as guesses:
        warnings.simplefilter("always")
        try:
            open_dataset(tmp_path)
        except TaxonomyError as error:
            assert re.search(told, str(error))
        else:
            assert any(re.search(told, str(guess.message)) for guess in guesses)


def test_black_and_white_labels_are_two_classes_if_two_are_listed(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 1, 255, 0).astype(np.uint8))
    (tmp_path / "classes.txt").write_text("background\nperson\n")
    with pytest.warns(GuessWarning, match="its lines name these values: 0 background, 255 person"):
        masks_are(tmp_path, lambda mask: mask == 1)
    (tmp_path / "classes.txt").write_text("person\n")
    with pytest.raises(TaxonomyError, match="one name for labels of 0 and 255; list two"):
        open_dataset(tmp_path)
    (tmp_path / "classes.txt").write_text("\n".join(NAMES))
    masks_are(tmp_path, lambda mask: np.where(mask == 1, 255, 0))


def test_grey_colours_of_a_list_name_values(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 0, mask * 60 + 60).astype(np.uint8))
    (tmp_path / "classes.txt").unlink()
    (tmp_path / "class_dict.csv").write_text(
        "name,r,g,b\nVoid,0,0,0\nroad,60,60,60\nperson,120,120,120\nsky,180,180,180"
    )
    masks_are(tmp_path, lambda mask: mask)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_values_as_grey_in_colour_are_values(mode, tmp_path):
    write_plain(tmp_path)
    for _, stem in each():
        Image.fromarray(masked(stem)).convert(mode).save(tmp_path / "masks" / f"{stem}.png")
    masks_are(tmp_path, lambda mask: mask)
    assert faults_of(tmp_path) == []


def test_an_empty_label_and_a_class_that_train_lacks_are_no_faults(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 1, 0, mask).astype(np.uint8))
    grey(first(tmp_path).mask, np.full(SIZE, 255, np.uint8))
    assert faults_of(tmp_path) == []
    assert open_dataset(tmp_path).taxonomy.names == NAMES


def test_values_that_a_list_says_are_not_guessed(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 255, mask + 1).astype(np.uint8))
    (tmp_path / "classes.txt").unlink()
    listed = ",".join(f'{{"id": {value}, "name": "{name}"}}' for value, name in enumerate(NAMES))
    (tmp_path / "categories.json").write_text(f"[{listed}]")
    assert len(faults_of(tmp_path)) == 1  # index 3, of which the list does not speak


def test_zero_that_is_ignored_is_no_class(tmp_path):
    relabelled(tmp_path, lambda mask: np.where(mask == 255, 0, mask + 1).astype(np.uint8))
    layout = pair_of_folders(ignore=[0])
    with pytest.warns(GuessWarning, match="its lines name these values: 1 road, 2 person, 3 sky"):
        data = open_dataset(tmp_path, layout=layout)
    frame = data.splits["train"][0]
    np.testing.assert_array_equal(data.read_mask(frame), masked(frame.name))


def test_colours_are_not_ignored_by_a_value(tmp_path):
    write_colors(tmp_path)
    assert open_dataset(tmp_path, layout=pair_of_folders(ignore=[255])).taxonomy.names == NAMES
    with pytest.raises(TaxonomyError, match=r"--ignore 3: .* holds colours, no values; name that colour Void"):
        open_dataset(tmp_path, layout=pair_of_folders(ignore=[3]))


@pytest.mark.parametrize("mode", ["F", "LA"])
def test_a_mode_that_no_label_has_is_named(mode, tmp_path):
    write_plain(tmp_path)
    for _, stem in each():
        (tmp_path / "masks" / f"{stem}.png").unlink()
        Image.fromarray(masked(stem)).convert(mode).save(tmp_path / "masks" / f"{stem}.tif")
    said = f"mode {mode}: that is no label of classes; save the labels with one channel of 8 or 16 bits"
    with pytest.raises(ValueError, match=rf"cam1_001\.tif: {said}"):
        open_dataset(tmp_path)
    found = describe(tmp_path)
    assert f"labels, of 5 looked at: {said}" in found.lines
    assert found.classes == ""


def test_values_of_32_bits_are_values(tmp_path):
    masks = relabelled_as_tiff(tmp_path, lambda mask: mask.astype(np.int32))
    assert_same(open_dataset(tmp_path), masks)
    assert any("mode I (5), values 0 to 2, 255" in line for line in describe(tmp_path).lines)
    assert "labels hold values, as in masks/cam1_001.tif" in check(tmp_path, find_taxonomy(tmp_path)).taken


def test_ids_of_objects_in_32_bits_are_no_labels(tmp_path):
    relabelled_as_tiff(tmp_path, lambda mask: mask.astype(np.int32) * 1000)
    line = "mode I, values 0 to 255000, where 0 to 65535 are allowed: that is no label of classes; save"
    assert any(line in told for told in describe(tmp_path).lines)
    with pytest.raises(ValueError, match=line):
        open_dataset(tmp_path)


def relabelled_as_tiff(root, change):
    """The plain replica, whose masks are TIFF pictures of `change` of their values."""
    masks = write_plain(root)
    for path in (root / "masks").iterdir():
        grey(path.with_suffix(".tif"), change(masked(path.stem)))
        path.unlink()
    return masks
