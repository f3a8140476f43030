"""Smoothing, and what a figure holds."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_local.web.charts.columns import Column
from wandb_local.web.charts.extremes import smooth
from wandb_local.web.charts.figure import COLORS, POINTS, Look, make_figure, plain
from wandb_local.web.charts.series import Span

NAN, INF = float("nan"), float("inf")
VALUES = st.lists(st.just(NAN) | st.floats(-1e6, 1e6), max_size=30)


def column(y, x=None):
    return Column(np.arange(len(y), dtype=float) if x is None else np.array(x, dtype=float), np.array(y, dtype=float))


def drawn(figure, axis="y"):
    """What lies on one of the vertical axes: (x, y) of each trace."""
    return [(t["x"], t["y"]) for t in figure["data"] if t.get("yaxis", "y") == axis]


@given(VALUES, st.floats(0, 0.99))
def test_smoothing_is_the_moving_average_of_pandas(values, weight):
    frame = pd.Series(values, dtype=float)
    expected = frame.ewm(alpha=1 - weight, adjust=True, ignore_na=True).mean().where(frame.notna())
    np.testing.assert_allclose(smooth(np.array(values), weight), expected, rtol=1e-6, atol=1e-6)


def test_several_runs_keep_their_colours_with_and_without_smoothing():
    lines = [("one", column([1.0, 2.0])), ("two", column([3.0, 4.0]))]
    bare, smoothed = (make_figure("loss", lines, Look(smoothing=weight)) for weight in (0, 0.5))
    assert [trace["line"]["color"] for trace in bare["data"]] == list(COLORS[:2])
    assert [trace["line"]["color"] for trace in smoothed["data"]] == [COLORS[0], COLORS[0], COLORS[1], COLORS[1]]
    assert [trace["hoverinfo"] for trace in smoothed["data"] if "hoverinfo" in trace] == ["skip", "skip"]
    assert [bool(trace["hovertemplate"]) for trace in smoothed["data"]] == [False, True, False, True]
    assert smoothed["data"][0]["y"] == [1.0, 2.0] and smoothed["data"][0]["opacity"] < 1
    assert smoothed["data"][1]["y"] == pytest.approx([1.0, (1 * 0.25 + 2 * 0.5) / 0.75])
    json.dumps(bare, allow_nan=False)


def test_times_are_written_as_times():
    figure = make_figure("loss", [("one", column([1.0], [1_700_000_000.5]))], Look(axis="_timestamp"))
    assert figure["data"][0]["x"] == ["2023-11-14T22:13:20.500"]


def test_names_cannot_become_tags_or_templates():
    assert plain("<b>%{y}$x$&") == "&lt;b&gt;%&#123;y}&#36;x&#36;&amp;"


def test_a_smoothed_spike_is_as_high_as_all_its_neighbours_make_it():
    """Not as if the few points that are drawn were all that was logged."""
    y = np.ones(50_000)
    y[30_000] = 1001
    figure = make_figure("loss", [("one", column(y))], Look(smoothing=0.9))
    (_, raw), (_, line) = drawn(figure)
    assert max(raw) == 1001
    own = 0.9 ** (POINTS / len(y))
    assert max(line) == pytest.approx(1 + 1000 * (1 - own))
    assert len(raw) <= POINTS and len(line) <= POINTS


@pytest.mark.parametrize("smoothing", [0, 0.8])
def test_what_is_not_finite_is_marked_at_the_edges(smoothing):
    y = [1.0, NAN, 2.0, INF, -INF, 3.0, 4.0]
    figure = make_figure("loss", [("one", column(y))], Look(smoothing=smoothing))
    line = drawn(figure)[-1][1]
    assert [value is None for value in line] == [False, True, False, True, True, False, False]
    assert drawn(figure, "y2") == [([1, None], [0, None]), ([3, None], [1, None]), ([4, None], [0.06, None])]
    assert [t["text"][0] for t in figure["data"] if "text" in t] == ["NaN", "∞", "-∞"]
    json.dumps(figure, allow_nan=False)


def test_marks_of_several_runs_at_one_step_do_not_hide_each_other():
    lines = [(str(run), column([1.0, NAN, INF])) for run in range(10)]
    heights = [y[0] for _, y in drawn(make_figure("loss", lines, Look()), "y2")]
    assert len(set(heights)) == 20 and min(heights) == 0 and max(heights) == 1


def test_nothing_but_nan_is_still_a_chart():
    figure = make_figure("loss", [("one", column([NAN] * 5000))], Look())
    ((x, y),) = drawn(figure, "y2")
    assert len(x) <= 300 and {value for value in y if value is not None} == {0}
    assert "(50 values)" in figure["data"][-1]["text"][0]
    json.dumps(figure, allow_nan=False)


def test_a_log_axis_marks_what_it_has_no_place_for():
    figure = make_figure("loss", [("one", column([1.0, 0.0, -2.0, 4.0]))], Look(log=True))
    assert drawn(figure)[0][1] == [1.0, None, None, 4.0]
    assert [t["text"][0] for t in figure["data"] if "text" in t] == ["≤ 0"]
    assert drawn(make_figure("loss", [("one", column([0.0, -2.0]))], Look()), "y2") == []


def test_a_point_between_gaps_is_a_dot():
    y = [NAN if place % 2 else 1.0 for place in range(100)]
    (trace, _) = make_figure("loss", [("one", column(y))], Look())["data"]
    assert trace["mode"] == "lines+markers"
    assert {size for size, value in zip(trace["marker"]["size"], trace["y"], strict=True) if value is not None} == {4}


def test_a_span_has_points_and_marks_of_its_own():
    y = np.zeros(50_000)
    y[10_500], y[10_700] = 50, NAN
    figure = make_figure("loss", [("one", column(y))], Look(), Span(10_000, 10_999))
    ((x, shown),) = drawn(figure)
    within = [value for place, value in zip(x, shown, strict=True) if 10_000 <= place < 11_000]
    assert len(within) == 1000 and max(value for value in within if value is not None) == 50
    assert x[0] < 10_000 and x[-1] > 11_000  # the line goes on
    assert drawn(figure, "y2") == [([10_700, None], [0, None])]


@pytest.mark.parametrize("log", [False, True])
def test_a_constant_stands_in_the_middle_of_its_axis(log):
    axis = make_figure("lr", [("one", column([1e-3] * 50))], Look(log=log, smoothing=0.5))["layout"]["yaxis"]
    low, high = (10**end if log else end for end in axis["range"])
    assert 0 < low < 1e-3 < high < 0.01


def test_a_chart_is_as_high_as_what_lies_within_its_span():
    """The points beyond the edges only let the lines go on."""
    y = np.tile([0.4, 0.6], 25_000)
    y[13_000] = 40.0  # beyond the left edge, and drawn
    for look in (Look(), Look(log=True)):
        figure = make_figure("loss", [("one", column(y))], look, Span(13_090, 14_190))
        assert max(value for value in figure["data"][0]["y"]) == 40
        low, high = figure["layout"]["yaxis"]["range"]
        low, high = (10**low, 10**high) if look.log else (low, high)
        assert 0.3 < low < 0.4 and 0.6 < high < 0.8
    whole = make_figure("loss", [("one", column(y))], Look(), None)
    assert "range" not in whole["layout"]["yaxis"]  # plotly fits it to all points


def test_a_span_between_two_points_shows_the_line_through_it():
    figure = make_figure("loss", [("one", column([10.0, 20.0, 500.0]))], Look(), Span(0.2, 0.6))
    low, high = figure["layout"]["yaxis"]["range"]
    assert 10 < low < 12 and 16 < high < 18  # 12 to 16 is seen
    beside = make_figure("loss", [("one", column([10.0, 20.0]))], Look(), Span(5, 6))
    assert beside["layout"]["yaxis"]["range"] == [0, 1]


SPANS = (None, Span(0, 1), Span(1100, 1200))


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("smoothing", [0, 0.5])
@pytest.mark.parametrize("tiny", [5e-324, 1e-310, 2.3e-308, 1e-306, -1e-306, 1e-300])
def test_no_linear_axis_is_too_short_for_plotly(tiny, smoothing, log, span):
    """It divides the pixels of an axis by what lies between its ends, and gives up when that is infinite."""
    shapes = ([tiny] * 2, [tiny, 2 * tiny, 3 * tiny], [1.0] + 1200 * [0.0], [1e-290, 1e-290 * (1 + 1e-12)])
    for y in shapes:
        for x in (None, [tiny * place for place in range(len(y))]):
            figure = make_figure("m", [("a", column(y, x))], Look("own", log, smoothing), span)
            values = [value for trace in figure["data"] for value in (trace["x"] + ([] if log else trace["y"]))]
            assert all(abs(value) >= 1e-290 for value in values if value)
            low, high = figure["layout"]["yaxis"].get("range", (0, 1))
            assert 0 < 1e4 / (high - low) < INF
    logarithmic = make_figure("m", [("a", column([1e-310, 1e-309]))], Look(log=True))
    assert drawn(logarithmic) == [([0.0, 1.0], [1e-310, 1e-309])]  # such an axis has room for them
