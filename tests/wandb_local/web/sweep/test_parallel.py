"""Axes and brushes of the parallel coordinates, and the chart over the runs' time."""

import itertools
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wandb_local.web.sweep.axes import NONE_AT, make_axis
from wandb_local.web.sweep.overtime import overtime_figure
from wandb_local.web.sweep.parallel import (
    METRIC,
    MOST_LINES,
    brushed,
    changed_brush,
    drawn_runs,
    make_axes,
    parallel_figure,
)
from wandb_local.web.sweep.read import Parameter, Sweep, SweepRun


def make_sweep(runs, goal="maximize"):
    config = {"method": "random", "metric": {"name": "val/<score>", "goal": goal}, "parameters": {}}
    return Sweep(cast("Any", {"state": "RUNNING"}), config, [Parameter("lr", log=True), Parameter("net.kind")], runs)


RUNS = [
    SweepRun("a", "run a", "finished", {"lr": 0.001, "net.kind": "unet"}, 0.5, 1.0),
    SweepRun("b", "run b", "stopped early", {"lr": 0.1, "net.kind": "fpn"}, 0.9, 2.0),
    SweepRun("c", "<b>run</b> c", "failed", {"lr": 0.01}, None, 3.0),
    SweepRun("d", "run d", "finished", {"lr": 0.01, "net.kind": "fpn"}, 0.7, 4.0),
]


def test_numbers_stand_to_scale():
    axis = make_axis("a", [0, 5, 10, None])
    assert axis.places == [0, 0.5, 1, NONE_AT]
    assert axis.ticks == [(NONE_AT, "none"), (0, "0"), (0.5, "5"), (1, "10")]


def test_a_logarithmic_axis_has_its_powers():
    axis = make_axis("a", [10**-e for e in (1, 1.5, 2, 2.3, 2.6, 3, 3.3, 3.6, 3.9, 4)], log=True)
    assert axis.places == pytest.approx([(4 - e) / 3 for e in (1, 1.5, 2, 2.3, 2.6, 3, 3.3, 3.6, 3.9, 4)])
    assert [text for _, text in axis.ticks] == ["0.0001", "0.001", "0.01", "0.1"]


def test_a_few_numbers_of_many_sizes_are_spread_by_logarithm():
    assert make_axis("a", [1e-4, 1e-3, 1e-2]).places == pytest.approx([0, 0.5, 1])
    assert make_axis("a", [8, 16, 32]).places == pytest.approx([0, 1 / 3, 1])


def test_named_values_are_spread_evenly():
    axis = make_axis("a", ["b", True, None, "c", [1]])
    assert axis.places == [0.375, 0.875, NONE_AT, 0.625, 0.125]
    assert axis.ticks == [(NONE_AT, "none"), (0.125, "[1]"), (0.375, "b"), (0.625, "c"), (0.875, "true")]


@given(
    st.lists(st.none() | st.floats(-1e6, 1e6) | st.integers(-(10**6), 10**6), min_size=1, max_size=40), st.booleans()
)
@settings(max_examples=150)
@example([1.0, 2.2e-313], False)
def test_places_keep_the_order_and_ticks_stand_apart(values, log):
    axis = make_axis("a", values, log)
    pairs = sorted((value, place) for value, place in zip(values, axis.places, strict=True) if value is not None)
    assert all(one[1] <= other[1] + 1e-9 for one, other in itertools.pairwise(pairs))
    assert all(-1e-9 <= place <= 1 + 1e-9 for _, place in pairs)
    assert [place for value, place in zip(values, axis.places, strict=True) if value is None] == [
        NONE_AT
    ] * values.count(None)
    heights = sorted(place for place, _ in axis.ticks)
    assert all(high - low >= 0.05 for low, high in itertools.pairwise(heights))
    assert len(axis.ticks) <= 14


def test_a_box_brushes_the_axes_that_it_touches_or_the_nearest():
    axes = make_axes(make_sweep(RUNS), RUNS)
    drawn = changed_brush(axes, {}, {"range": {"x": [-0.1, 0.2], "y": [0.9, 0.2]}})
    assert drawn == {"lr": (0.2, 0.9)}
    both = changed_brush(axes, drawn, {"range": {"x": [1.6, 1.8], "y": [0.5, 1.1]}})
    assert both == {"lr": (0.2, 0.9), METRIC: (0.5, 1.1)}
    assert changed_brush(axes, both, {"range": {"x": [-0.1, 0.1], "y": [0.5, 0.51]}}) == {METRIC: (0.5, 1.1)}
    assert changed_brush(axes, both, None) == both
    assert changed_brush(axes, both, {"points": []}) == both


def test_a_run_is_chosen_if_every_brush_has_it():
    axes = make_axes(make_sweep(RUNS), RUNS)
    assert brushed(axes, {}) == [True] * 4
    assert brushed(axes, {METRIC: (0.4, 1.0)}) == [False, True, False, True]
    assert brushed(axes, {METRIC: (0.4, 1.0), "lr": (0.0, 0.6)}) == [False, False, False, True]
    assert brushed(axes, {"net.kind": (-0.2, 0.0)}) == [False, False, True, False]


def test_the_best_lines_lie_on_top_and_the_worst_are_left_out():
    assert [run.name for run in drawn_runs(make_sweep(RUNS))] == ["c", "a", "d", "b"]
    assert [run.name for run in drawn_runs(make_sweep(RUNS, "minimize"))] == ["c", "b", "d", "a"]
    many = [SweepRun(str(n), "", "finished", {}, float(n)) for n in range(MOST_LINES + 10)]
    assert drawn_runs(make_sweep(many))[0].metric == 10


def test_every_run_has_a_line_and_logged_text_stays_text():
    sweep = make_sweep(RUNS)
    figure = parallel_figure(sweep, RUNS, {"lr": (0.0, 0.6)}, [True, False, True, True])
    names = [name for trace in figure["data"] for name in trace["customdata"] if trace["hoverinfo"] == "text"]
    assert set(names) == {"a", "c", "d"}
    faint = [trace for trace in figure["data"] if trace["hoverinfo"] == "skip"]
    assert {name for trace in faint for name in trace["customdata"]} == {"b"}
    assert figure["data"][0] is faint[0]  # below the others
    texts = [text for trace in figure["data"] for text in trace["text"]]
    assert any("&lt;b&gt;run&lt;/b&gt; c" in text for text in texts)
    assert not any("<b>run</b>" in text or "<score>" in text for text in texts)
    assert [note["text"] for note in figure["layout"]["annotations"] if "score" in note["text"]] == [
        "<b>val/&lt;score&gt;</b>"
    ]
    boxes = [shape for shape in figure["layout"]["shapes"] if shape["type"] == "rect"]
    assert [(box["y0"], box["y1"]) for box in boxes] == [(0.0, 0.6)]


@pytest.mark.parametrize("runs", [[], RUNS[2:3]], ids=["no run", "no metric"])
def test_a_sweep_that_has_just_begun_can_be_drawn(runs):
    sweep = make_sweep(runs)
    assert len(parallel_figure(sweep, runs, {}, [True] * len(runs))["data"]) == len(runs)
    assert overtime_figure(sweep)["data"] == []


def test_the_best_so_far_follows_the_goal():
    for goal, best in (("maximize", [0.5, 0.9, 0.9]), ("minimize", [0.5, 0.5, 0.5])):
        line, *points = overtime_figure(make_sweep(RUNS, goal))["data"]
        assert line["y"] == best
        assert {trace["name"]: trace["customdata"] for trace in points} == {
            "finished": ["a", "d"],
            "stopped early": ["b"],
        }
