import csv
import math

import numpy as np
import pytest
from PIL import Image

from camvid.layouts import SPLITS, open_dataset
from camvid.stats import class_frequency, frequency_rows, frequency_table, write_csv
from camvid.stats_plot import plot_frequency
from tests.camvid.drawn import OFFICIAL, draw, write_original


@pytest.fixture
def drawn(tmp_path):
    frames = draw()
    write_original(tmp_path, frames)
    return frames, tmp_path


@pytest.mark.parametrize("taxonomy", ["camvid11", "camvid32"])
def test_counts_equal_a_pixel_by_pixel_count(drawn, taxonomy):
    frames, root = drawn
    data = open_dataset(root, taxonomy)
    for split in SPLITS:
        masks = [frame.mask(taxonomy).ravel().tolist() for frame in frames if frame.split == split]
        found = class_frequency(data, split)
        classes = range(data.taxonomy.num_classes)
        assert found.pixels.tolist() == [sum(mask.count(index) for mask in masks) for index in classes]
        assert found.images.tolist() == [sum(index in mask for mask in masks) for index in classes]
        assert found.void == sum(mask.count(255) for mask in masks)
        assert found.void_images == sum(255 in mask for mask in masks)
        assert found.pixels.dtype == found.images.dtype == np.int64
        assert found.pixels.sum() + found.void == len(masks) * 8 * 12


def test_real_void_pixels(real_camvid):
    data = open_dataset(real_camvid)
    found = {split: class_frequency(data, split) for split in SPLITS}
    assert {split: found[split].void for split in SPLITS} == {"train": 2_503_995, "val": 297_271, "test": 1_543_383}
    assert {split: found[split].frames for split in SPLITS} == {"train": 367, "val": 101, "test": 233}


def test_csv_holds_what_the_table_shows(drawn, tmp_path):
    data = open_dataset(drawn[1])
    found = {split: class_frequency(data, split) for split in SPLITS}
    path = tmp_path / "frequency.csv"
    write_csv(path, data.taxonomy, found)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["split", "class", "pixels", "pixel_share", "images", "image_share"]
    assert len(rows) == 3 * 12
    table = frequency_table(data.taxonomy, found).splitlines()
    for split in SPLITS:
        mine = [row for row in rows if row["split"] == split]
        assert math.isclose(sum(float(row["pixel_share"]) for row in mine), 1)
        assert [int(row["pixels"]) for row in mine] == [*found[split].pixels.tolist(), found[split].void]
    for line, row in zip(table[2:14], rows[:12], strict=True):
        assert line.split()[0] == row["class"]
        numbers = line.replace("*", "").split()[1:]
        assert float(numbers[0]) == pytest.approx(100 * float(row["pixel_share"]), abs=6e-4)
        assert float(numbers[1]) == pytest.approx(100 * float(row["image_share"]), abs=6e-2)
    assert {line.split()[0] for line in table[2:14] if "*" in line} == {"SignSymbol", "Car", "Pedestrian", "Bicyclist"}


def test_an_empty_split_has_no_shares(tmp_path):
    write_original(tmp_path, draw({"train": OFFICIAL["train"]}))
    data = open_dataset(tmp_path)
    found = {"test": class_frequency(data, "test")}
    rows = list(frequency_rows(data.taxonomy, found))
    assert all(row.pixels == row.images == 0 and math.isnan(row.pixel_share) for row in rows)
    assert "nan" in frequency_table(data.taxonomy, found)


@pytest.mark.parametrize("taxonomy", ["camvid11", "camvid32"])
@pytest.mark.parametrize("names", [OFFICIAL, {"train": OFFICIAL["train"]}], ids=["full", "two splits empty"])
def test_plot_is_a_picture_of_bars(taxonomy, names, tmp_path):
    write_original(tmp_path, draw(names))
    data = open_dataset(tmp_path, taxonomy)
    path = tmp_path / "frequency.png"
    plot_frequency(path, data.taxonomy, {split: class_frequency(data, split) for split in SPLITS}, "drawn")
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape[1] == 1320
    assert (pixels == (0x1F, 0x3B, 0x57)).all(-1).mean() > 0.02  # the bars of the train split
