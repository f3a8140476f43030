import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eval.evaluate import evaluate
from eval.writers.colors import VOID_COLOR
from eval.writers.depth import UNKNOWN_COLOR, depth_error_picture, depth_picture, with_depth_scale, write_depth
from eval.writers.report import write_report
from eval.writers.table import class_table, depth_table, drive_table
from tests.eval.drawn import COLORS, SPLIT, ColorModel, streets
from tests.eval.measured import DepthColorModel, measured

OF_CLASSES = {"classes.png", "confusion.png", "found.png", "worst.png"}
OF_DEPTH = {"depth.png", "depth_classes.csv", "depth_distances.csv"}
ALWAYS = {"index.html", "metrics.json", "per_image.csv", "objects.csv", "drives.csv"}


def row(*metres):
    return np.array([metres], np.float32)


def lightness(picture):
    """CIE L* of sRGB, about the lightness that people see."""
    linear = ((picture / 255 + 0.055) / 1.055) ** 2.4
    return 116 * np.cbrt(linear @ (0.2126, 0.7152, 0.0722)) - 16


def test_the_nearer_the_brighter_and_unknown_is_grey():
    picture = depth_picture(row(2, 4, 8, 16, 32, 64, 80, 500, np.nan))[0]
    light = lightness(picture)
    assert (np.diff(light[:7]) < 0).all()
    assert np.array_equal(picture[6], picture[7])
    assert tuple(picture[8]) == UNKNOWN_COLOR


def test_equal_ratios_of_distance_are_equal_steps_of_lightness():
    steps = -np.diff(lightness(depth_picture(row(*(2 * 40 ** (np.arange(11) / 10))))[0]))
    assert steps.max() < 1.3 * steps.min()


def test_too_near_is_blue_too_far_is_red_and_right_is_pale():
    near, right, far, worse, unknown = depth_error_picture(row(5, 10, 15, 40, 3), row(10, 10, 10, 10, np.nan))[0]
    assert near[2] > near[0] + 40 and far[0] > far[2] + 40
    assert right.min() > 240
    assert np.array_equal(far, worse)
    assert tuple(unknown) == VOID_COLOR


@pytest.mark.parametrize("size", [(48, 64), (301, 501)])
def test_the_scale_is_below_and_the_picture_is_unchanged(size):
    picture = depth_picture(np.full(size, 10, np.float32))
    sheet = with_depth_scale(picture)
    assert not any(side % 2 for side in sheet.shape[:2])
    assert np.array_equal(sheet[: size[0], : size[1]], picture)
    below = sheet[size[0] :].reshape(-1, 3)
    for metres in (3, 10, 40):  # their colours are on the bar
        assert np.abs(below.astype(int) - depth_picture(row(metres))[0, 0].astype(int)).sum(1).min() < 12


def test_files_hold_256_steps_a_metre_and_0_where_nothing_is_known(tmp_path):
    path = write_depth(tmp_path / "a" / "depth.png", row(1, 2.5, 80, 300, np.nan))
    with Image.open(path) as picture:
        assert picture.mode == "I;16"
        assert np.asarray(picture).tolist() == [[256, 640, 20480, 65535, 0]]


@pytest.fixture(scope="module")
def samples():
    return [measured(seed) for seed in range(3)]


def test_report_of_classes_and_depth(samples, tmp_path):
    evaluation = evaluate(DepthColorModel(), samples, **SPLIT, depth_threshold=0.3)
    history = [{"train/loss": 1.0, "val/loss": 1.0, "val/miou": 0.5, "val/priority_dice": 0.4, "val/depth/delta1": 0.6}]
    page = write_report(evaluation, samples, tmp_path, colors=COLORS, history=history).read_text()
    assert {path.name for path in tmp_path.iterdir()} == OF_CLASSES | OF_DEPTH | ALWAYS | {"curves.png"}
    assert "or the depth of a priority class is wrong by more than 30%" in page
    assert "Depth by class" in page and "Depth by distance" in page and "<dt>depth/silog</dt>" in page
    table = pd.read_csv(tmp_path / "depth_classes.csv", index_col="class")
    assert table.loc["Pedestrian", "pixels"] == 3 * 48
    assert pd.read_csv(tmp_path / "depth_distances.csv")["distance"].tolist() == ["0-10m", "10-20m", "20-40m", "40-80m"]
    assert json.loads((tmp_path / "metrics.json").read_text())["depth/abs_rel/Sky"] is None
    assert "depth/abs_rel/Pedestrian" in pd.read_csv(tmp_path / "per_image.csv")


def test_report_of_depth_alone(samples, tmp_path):
    evaluation = evaluate(DepthColorModel(classes=False), samples, **SPLIT)
    page = write_report(evaluation, samples, tmp_path, colors=COLORS).read_text()
    assert {path.name for path in tmp_path.iterdir()} == OF_DEPTH | ALWAYS
    assert "IoU" not in page and "depth_threshold is 0" in page
    assert "<h2>depth.png</h2>" not in page and 'src="depth.png"' in page  # it stands at the top
    assert class_table(evaluation) == drive_table(evaluation) == ""


def test_a_report_of_classes_has_nothing_of_depth(samples, tmp_path):
    evaluation = evaluate(ColorModel(), samples, **SPLIT)
    page = write_report(evaluation, samples, tmp_path, colors=COLORS).read_text()
    assert {path.name for path in tmp_path.iterdir()} == OF_CLASSES | ALWAYS
    assert "epth" not in page
    assert depth_table(evaluation) == ""


def test_depth_without_truth_is_shown_and_not_scored(tmp_path):
    evaluation = evaluate(DepthColorModel(), streets(2), **SPLIT)
    page = write_report(evaluation, streets(2), tmp_path, colors=COLORS).read_text()
    assert "<dt>depth/abs_rel</dt><dd>–</dd>" in page
    assert depth_table(evaluation) == ""
    with Image.open(tmp_path / "depth.png") as sheet, Image.open(tmp_path / "worst.png") as worst:
        assert sheet.width < worst.width  # two panels and not four


def test_table_for_the_terminal(samples):
    evaluation = evaluate(DepthColorModel(), samples, **SPLIT)
    head, *rows = depth_table(evaluation).splitlines()
    assert head.split()[:2] == ["depth", "AbsRel"]
    names = [line[2:].split()[0] for line in rows]
    assert names == ["Building", "Road", "Car", "Pedestrian", "0-10m", "10-20m", "20-40m", "40-80m", "all"]
    assert rows[names.index("Pedestrian")].startswith("★")
    assert len({len(line) for line in rows}) == 1
    assert "depth/" not in class_table(evaluation)
