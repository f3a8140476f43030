"""Labels that JPEG, blended edges or scaling changed: named, and converted back to one class for every pixel."""

import warnings

import numpy as np
import pytest
from PIL import Image

from camvid.convert import convert
from camvid.layouts import open_dataset
from camvid.layouts.notices import GuessWarning
from tests.camvid.replicas.comparing import faults_of
from tests.camvid.replicas.drawing import photo
from tests.camvid.replicas.folders import (
    COLORS,
    DICT,
    NAMES,
    each,
    masked,
    relabelled,
    write_colors,
)


def blocks(name):
    """Values in areas, as labels have them: three slanting stripes over 96x96 pixels."""
    rows, columns = np.indices((96, 96))
    return ((columns + rows // 3 + sum(name.encode())) // 32 % 3).astype(np.uint8)


def test_a_label_in_jpeg_is_refused_and_converted(tmp_path):
    root = tmp_path / "set"
    for _, stem in each():
        photo(root / "images" / f"{stem}.jpg", (96, 96))
        (root / "masks").mkdir(exist_ok=True)
        Image.fromarray(COLORS[blocks(stem)]).save(root / "masks" / f"{stem}.jpg", quality=85)
    (root / "class_dict.csv").write_text(DICT)
    with pytest.raises(ValueError, match=r"masks/cam1_001\.jpg: a label in JPEG, .*`python -m camvid convert .* OUT`"):
        open_dataset(root)
    assert_cleaned(root, tmp_path / "plain")


def assert_cleaned(root, out, right=0.97):
    """Converted, nearly all pixels have the class that they had before, and the rest is at an edge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GuessWarning)  # no split
        lines = convert(out, root)
    assert any(line.startswith("smoothed or compressed: ") for line in lines)
    data = open_dataset(out)
    for frame in data.splits["train"]:
        assert (data.read_mask(frame) == blocks(frame.name)).mean() > right
    assert faults_of(out) == []


def test_blended_edges_are_named_and_converted(tmp_path):
    root = tmp_path / "set"
    write_colors(root)
    for split, stem in each():
        photo(root / "images" / split / f"{stem}.TIF", (96, 96))
        picture = Image.fromarray(COLORS[blocks(stem)])
        smaller = picture.resize((53, 53), Image.Resampling.BICUBIC)
        smaller.resize((96, 96), Image.Resampling.BICUBIC).save(root / "labels" / split / f"{stem}.PNG")
    faults = faults_of(root)
    assert len(faults) == 6
    assert faults[-1].endswith("`python -m camvid convert` gives each pixel the nearest class of the list")
    with pytest.raises(ValueError, match=r"values not in the class list own: .*; blended edges or JPEG make that many"):
        data = open_dataset(root)
        data.read_mask(data.splits["train"][0])
    assert_cleaned(root, tmp_path / "plain", 0.93)


def test_values_in_jpeg_are_converted_where_they_lie_apart_and_else_refused(tmp_path):
    root = tmp_path / "set"
    for _, stem in each():
        photo(root / "images" / f"{stem}.jpg", (96, 96))
        (root / "masks").mkdir(exist_ok=True)
        Image.fromarray(blocks(stem) * np.uint8(100)).save(root / "masks" / f"{stem}.jpg", quality=85)
    (root / "categories.json").write_text(
        '[{"id": 0, "name": "road"}, {"id": 100, "name": "person"}, {"id": 200, "name": "sky"}]'
    )
    assert_cleaned(root, tmp_path / "plain")
    (root / "categories.json").unlink()
    (root / "classes.txt").write_text("\n".join(NAMES))
    with pytest.warns(GuessWarning), pytest.raises(ValueError, match="its values 0 and 1 are too near to each other"):
        convert(tmp_path / "other", root)
    assert not (tmp_path / "other").exists()


def test_a_forgotten_class_is_no_blended_edge(tmp_path):
    write_colors(tmp_path / "set")
    path = tmp_path / "set" / "class_dict.csv"
    path.write_text(DICT.replace("sky,70,130,180\n", ""))
    with pytest.raises(ValueError, match=r"1 value not in the classes: colour \(70, 130, 180\) .*; list them"):
        convert(tmp_path / "plain", tmp_path / "set")


def test_labels_of_half_the_size_are_named_and_scaled(tmp_path):
    relabelled(tmp_path / "set", lambda mask: mask[::2, ::2])
    faults = faults_of(tmp_path / "set")
    assert len(faults) == 5
    assert all(
        fault.endswith("`python -m camvid convert` writes labels at the size of their frames") for fault in faults
    )
    lines = convert(tmp_path / "plain", tmp_path / "set")
    assert "scaled to the size of the frame, each pixel as its nearest one: 5 labels" in lines
    data = open_dataset(tmp_path / "plain")
    frame = data.splits["train"][0]
    half = masked(frame.name)[::2, ::2]
    np.testing.assert_array_equal(data.read(frame)[1], half.repeat(2, 0).repeat(2, 1))


def test_a_label_of_another_shape_is_not_scaled(tmp_path):
    relabelled(tmp_path / "set", lambda mask: mask[:, :40])
    with pytest.raises(ValueError, match=r"label is 40x32, its frame .* is 64x32, another aspect"):
        convert(tmp_path / "plain", tmp_path / "set")
