"""Which points of a run are drawn."""

import json
import math

import pytest

from wandb_local.records.history import append_history
from wandb_local.records.lines import numbers_with
from wandb_local.records.projects import need_run
from wandb_local.records.runs import upsert
from wandb_local.web.charts import columns
from wandb_local.web.charts.columns import Columns
from wandb_local.web.charts.series import Span, axes_of, metric_names, read_columns


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


def read(context, run, names, *more):
    """The columns as pairs of lists."""
    found = read_columns(Columns(context.db), run, names, *more)
    return {name: (column.x.tolist(), column.y.tolist()) for name, column in found.items()}


def test_a_run_is_read_whole(context, make_run):
    run = make_run([{"loss": step**2} for step in range(6_000)])
    assert read(context, run, ["loss"])["loss"] == (list(range(6_000)), [step**2 for step in range(6_000)])


def test_the_extremes_of_a_very_long_run_are_kept_and_a_part_of_it_is_read_whole(context, make_run, monkeypatch):
    monkeypatch.setattr(columns, "_LARGEST", 500)
    spikes = {777: 50.0, 4_321: -50.0, 5_000: math.nan}
    run = make_run([{"loss": spikes.get(step, step / 6_000)} for step in range(6_000)])
    x, y = read(context, run, ["loss"])["loss"]
    assert len(x) < 1000 and (x[0], x[-1]) == (0, 5_999)
    assert {777: 50.0, 4_321: -50.0}.items() <= dict(zip(x, y, strict=True)).items()
    assert read(context, run, ["loss"], "_step", Span(4_000, 4_500))["loss"][0] == list(range(4_000, 4_501))


def test_what_is_remembered_is_bounded_and_never_old(context, make_run, monkeypatch):
    monkeypatch.setattr(columns, "_KEPT", 100)
    run = make_run([{"a": 1.0, "b": 2.0, "c": 3.0} for _ in range(40)])
    kept = Columns(context.db)
    first = kept.read(run, "history", ["a", "b", "c"], "_step")
    assert list(map(len, (first["a"].x, first["c"].y))) == [40, 40]
    assert sum(len(column.x) for column in kept._known.values()) <= 100
    with context.db.write() as connection:
        append_history(connection, run["id"], 40, [json.dumps({"_step": 40, "c": 5.0})])
    longer = need_run(context, "local", "p", "r")
    assert kept.read(longer, "history", ["c"], "_step")["c"].y.tolist() == [3.0] * 40 + [5.0]


@pytest.mark.parametrize(
    "name", ["val/loss", "nested.loss", "dotted.name", "a&b<c>", 'quote"d', "шлях", "back\\slash", ""]
)
def test_a_metric_that_is_logged_rarely_is_not_missed(context, make_run, name):
    rare = {"nested": {"loss": 3.0}} if name == "nested.loss" else {name: 3.0}
    run = make_run([{"loss_of_b": 1.0, **(rare if step % 997 == 5 else {})} for step in range(3_000)])
    found = read(context, run, [name, "loss_of_b", "loss"])
    assert found[name] == (list(range(5, 3_000, 997)), [3.0] * 4)
    assert len(found["loss_of_b"][0]) == 3_000 and found["loss"] == ([], [])
    numbers = numbers_with(context.db, run["id"], name)
    assert len(numbers) == 4 or not name


def test_what_is_no_number_is_nothing(context, make_run):
    values = [1.0, math.nan, math.inf, -math.inf, True, "text", None, [1], {"_type": "image-file"}, 2, 10**400, "NaN"]
    run = make_run([{"x": value} for value in values])
    x, y = read(context, run, ["x"])["x"]
    assert x == [0, 1, 2, 3, 9, 10, 11]
    assert list(map(str, y)) == ["1.0", "nan", "inf", "-inf", "2.0", "inf", "nan"]


def test_other_axes(context, make_run):
    run = make_run([{"loss": float(step), "epoch": step // 2} for step in range(6)])
    assert read(context, run, ["loss"], "_runtime")["loss"][0] == [0, 0.5, 1, 1.5, 2, 2.5]
    assert read(context, run, ["loss"], "epoch")["loss"][0] == [0, 0, 1, 1, 2, 2]
    assert read(context, run, ["loss"], "_timestamp")["loss"][0] == []


def test_system_metrics_lie_over_their_times_and_keep_their_spikes(context, make_run):
    run = make_run([{"loss": 1.0}])
    with context.db.write() as connection:
        rows = [
            (run["id"], n, json.dumps({"_runtime": n / 10, "system.gpu": 99.0 if n == 4_321 else 1.0}))
            for n in range(5_000)
        ]
        connection.executemany("INSERT INTO events (run_id, number, line) VALUES (?, ?, ?)", rows)
    x, y = read(context, run, ["system.gpu"], "_step")["system.gpu"]
    assert (len(x), x[4_321], max(y)) == (5_000, 432.1, 99.0)


def test_counts_that_never_fall_can_be_the_axis(context, make_run):
    run = make_run([{"loss": 1.0 - step, "epoch": step // 2, "seen": 0.5 * step, "jumps": -step} for step in range(4)])
    assert list(axes_of(run)) == ["_step", "_runtime", "_timestamp", "epoch"]


def test_metric_names_are_the_numbers_shallow_ones_first(context, make_run):
    run = make_run(
        [{"val/dice/car": 0.5, "loss": 1.0, "val/loss": 1, "note": "text", "image": {"_type": "image-file"}}]
    )
    assert metric_names(run) == ["loss", "val/loss", "val/dice/car"]
