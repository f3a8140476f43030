"""Which points of a run are drawn."""

import json
import math

import pytest

from wandb_local.graphql.projects import need_run
from wandb_local.history import append_history
from wandb_local.runs import upsert
from wandb_local.web.charts.series import POINTS, Series, Span, axes_of, metric_names, read_series


@pytest.fixture
def make_run(context):
    """Stores a run with these history rows; steps are counted unless a row says its own."""

    def make(rows):
        upsert(context, {"entityName": "local", "modelName": "p", "name": "r"})
        lines = [json.dumps({"_step": step, "_runtime": step / 2, **row}) for step, row in enumerate(rows)]
        with context.db.write() as connection:
            append_history(connection, need_run(context, "local", "p", "r")["id"], 0, lines)
        return need_run(context, "local", "p", "r")

    return make


def test_a_short_run_is_drawn_whole(context, make_run):
    run = make_run([{"loss": 1 / (step + 1)} for step in range(50)])
    series = read_series(context, run, ["loss"])["loss"]
    assert series == Series(list(range(50)), [1 / (step + 1) for step in range(50)])


def test_a_long_run_keeps_its_ends_and_its_shape(context, make_run):
    run = make_run([{"loss": step**2} for step in range(20_000)])
    series = read_series(context, run, ["loss"])["loss"]
    assert len(series.x) == POINTS
    assert (series.x[0], series.x[-1]) == (0, 19_999)
    assert max(b - a for a, b in zip(series.x, series.x[1:], strict=False)) <= 21
    assert series.y == [x**2 for x in series.x]


@pytest.mark.parametrize(
    "name", ["val/loss", "nested.loss", "dotted.name", "a&b<c>", 'quote"d', "шлях", "back\\slash", ""]
)
def test_a_metric_that_is_logged_rarely_is_not_missed(context, make_run, name):
    """The rows of a sample have almost none of its values."""
    rare = {"nested": {"loss": 3.0}} if name == "nested.loss" else {name: 3.0}
    run = make_run([{"loss": 1.0, **(rare if step % 997 == 5 else {})} for step in range(10_000)])
    series = read_series(context, run, [name, "loss"])
    assert series[name] == Series(list(range(5, 10_000, 997)), [3.0] * 11)
    assert len(series["loss"].x) >= POINTS


def test_names_that_look_alike_are_not_mixed_up(context, make_run):
    run = make_run([{"loss_of_b": 2.0, **({"loss": 1.0} if step % 2000 == 0 else {})} for step in range(10_000)])
    series = read_series(context, run, ["loss"])["loss"]
    assert set(series.y) == {1.0} and len(series.x) == 5


def test_what_is_no_number_is_a_gap_or_nothing(context, make_run):
    values = [1.0, math.nan, math.inf, -math.inf, True, "text", None, [1], {"_type": "image-file"}, 2]
    run = make_run([{"x": value} for value in values])
    assert read_series(context, run, ["x"])["x"] == Series([0, 1, 2, 3, 9], [1.0, None, None, None, 2])


def test_a_span_of_a_long_run_is_drawn_finely(context, make_run):
    run = make_run([{"loss": float(step)} for step in range(20_000)])
    series = read_series(context, run, ["loss"], span=Span(5_000, 5_500))["loss"]
    assert series.x == list(range(5_000, 5_501))


def test_other_axes(context, make_run):
    run = make_run([{"loss": float(step), "epoch": step // 2} for step in range(6)])
    assert read_series(context, run, ["loss"], "_runtime")["loss"].x == [0, 0.5, 1, 1.5, 2, 2.5]
    assert read_series(context, run, ["loss"], "epoch")["loss"].x == [0, 0, 1, 1, 2, 2]
    assert read_series(context, run, ["loss"], "_timestamp")["loss"].x == []


def test_counts_that_never_fall_can_be_the_axis(context, make_run):
    run = make_run([{"loss": 1.0 - step, "epoch": step // 2, "seen": 0.5 * step, "jumps": -step} for step in range(4)])
    assert list(axes_of(run)) == ["_step", "_runtime", "_timestamp", "epoch"]


def test_metric_names_are_the_numbers_shallow_ones_first(context, make_run):
    run = make_run(
        [{"val/dice/car": 0.5, "loss": 1.0, "val/loss": 1, "note": "text", "image": {"_type": "image-file"}}]
    )
    assert metric_names(run) == ["loss", "val/loss", "val/dice/car"]
