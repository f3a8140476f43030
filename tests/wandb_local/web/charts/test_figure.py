"""Smoothing, and what a figure holds."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_local.web.charts.figure import COLORS, Look, make_figure, plain, smooth
from wandb_local.web.charts.series import Series

VALUES = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=30)


@given(VALUES, st.floats(0, 0.99))
def test_smoothing_is_the_moving_average_of_pandas(values, weight):
    frame = pd.Series(values, dtype=float)
    expected = frame.ewm(alpha=1 - weight, adjust=True, ignore_na=True).mean().where(frame.notna())
    smoothed = [np.nan if value is None else value for value in smooth(values, weight)]
    np.testing.assert_allclose(smoothed, expected, rtol=1e-6, atol=1e-6)


def test_several_runs_keep_their_colours_with_and_without_smoothing():
    lines = [("one", Series([0, 1], [1.0, 2.0])), ("two", Series([0, 1], [3.0, 4.0]))]
    bare, smoothed = (make_figure("loss", lines, Look(smoothing=weight)) for weight in (0, 0.5))
    assert [trace["line"]["color"] for trace in bare["data"]] == list(COLORS[:2])
    assert [trace["line"]["color"] for trace in smoothed["data"]] == [COLORS[0], COLORS[0], COLORS[1], COLORS[1]]
    assert smoothed["data"][0]["y"] == [1.0, 2.0] and smoothed["data"][0]["opacity"] < 1
    assert smoothed["data"][1]["y"] == pytest.approx([1.0, (1 * 0.25 + 2 * 0.5) / 0.75])
    json.dumps(bare, allow_nan=False)


def test_times_are_written_as_times():
    figure = make_figure("loss", [("one", Series([1_700_000_000.5], [1.0]))], Look(axis="_timestamp"))
    assert figure["data"][0]["x"] == ["2023-11-14T22:13:20.500"]


def test_names_cannot_become_tags_or_templates():
    assert plain("<b>%{y}$x$&") == "&lt;b&gt;%&#123;y}&#36;x&#36;&amp;"
