"""The presets of ``wandb.plot`` as figures."""

import json
import math
from typing import Any

import pytest

from wandb_local.web.charts.presets import draw

COLUMNS = ["x", "y", "group", "Actual", "Predicted", "nPredictions"]
ROWS: list[list[Any]] = [
    [2, 0.5, "a", "car", "car", 7.0],
    [1, math.nan, "b", "car", "<bus>", 0.0],
    [3, 0.25, None, "<bus>", "car", 2.0],
    [0, 1.0, "a", "<bus>", "<bus>", math.inf],
]


def figure(preset, **fields):
    made = draw(preset, fields, {}, COLUMNS, ROWS)
    json.dumps(made, allow_nan=False)
    return made


def points(made):
    return {trace["name"]: list(zip(trace["x"], trace["y"], strict=True)) for trace in made["data"]}


def test_lines_go_from_left_to_right_and_curves_as_their_table_does():
    line = figure("wandb/line/v0", x="x", y="y", stroke="group")
    assert points(line) == {"a": [(0, 1.0), (2, 0.5)], "b": [(1, None)], "": [(3, 0.25)]}
    assert [trace["mode"] for trace in line["data"]] == ["lines", "markers", "markers"]  # one point makes no line
    curve = figure("wandb/area-under-curve/v0", x="x", y="y", **{"class": "group"})
    assert points(curve)["a"] == [(2, 0.5), (0, 1.0)]
    assert curve["layout"]["yaxis"]["range"] == [-0.02, 1.02]
    series = figure("wandb/lineseries/v0", step="x", lineKey="group", lineVal="y")
    assert points(series) == points(line) and series["layout"]["showlegend"]
    assert not figure("wandb/line/v0", x="x", y="y", stroke=None)["layout"]["showlegend"]


def test_bars_points_and_histograms_have_each_row():
    bar = figure("wandb/bar/v0", label="group", value="x")["data"][0]
    assert (bar["x"], bar["y"]) == ([2, 1, 3, 0], ["a", "b", "", "a"])
    scatter = figure("wandb/scatter/v0", x="x", y="y")["data"][0]
    assert (scatter["x"], scatter["y"]) == ([2, 1, 3, 0], [0.5, None, 0.25, 1.0])
    assert figure("wandb/histogram/v0", value="y")["data"][0]["x"] == [0.5, None, 0.25, 1.0]


def test_numbers_that_are_too_close_to_0_for_plotly_are_drawn_as_0():
    made = draw("wandb/line/v0", {}, {}, ["x", "y"], [[1e-310, -1e-308], [2, 1e-280]])
    assert points(made) == {"": [(0, 0), (2, 1e-280)]}


def test_a_confusion_matrix_has_its_diagonal_from_the_top_left_and_text_that_is_no_tag():
    matrix = figure("wandb/confusion_matrix/v1")["data"][0]  # fields that are not named have their own names
    assert matrix["x"] == matrix["y"] == ["car", "&lt;bus&gt;"]
    assert matrix["z"] == [[7.0, 0.0], [2.0, 0]]


@pytest.mark.parametrize(
    ("preset", "said"),
    [("someone/own", "preset 'someone/own' is unknown"), ("wandb/bar/v0", "no column 'label'")],
)
def test_what_cannot_be_drawn_is_said(preset, said):
    with pytest.raises(ValueError, match=said):
        figure(preset)
