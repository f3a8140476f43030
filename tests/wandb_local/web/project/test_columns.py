"""The rows of the list of runs, read from the stores."""

import json
from typing import Any

from wandb_local.protocol import filestream
from wandb_local.records import runs
from wandb_local.records import sweeps as records
from wandb_local.records.projects import need_project
from wandb_local.web.documents import cell
from wandb_local.web.project.asked import Asked, asked_of
from wandb_local.web.project.columns import _results, column_definitions, grid_rows, newest, usual
from wandb_local.web.project.order import Orders


def listed(context):
    """The runs of the project, newest first."""
    project_id = need_project(context, "local", "p")["id"]
    return newest(context, Orders(context.db).get(Asked(project_id)))


def test_numbers_that_are_not_finite_are_shown_and_count_as_missing(context):
    for name, summary in {"a": '{"loss": 1.5}', "b": '{"loss": NaN}', "c": '{"loss": -Infinity, "word": "no"}'}.items():
        runs.upsert(context, {"entityName": "local", "modelName": "p", "name": name, "config": json.dumps({"lr": 1})})
        files = {"wandb-summary.json": {"offset": 0, "content": [summary]}}
        filestream.receive(context, "local", "p", name, {"files": files})
    found = listed(context)
    rows = grid_rows(found, "local", "p", ["summary.loss", "summary.word"])
    by_name = {row["id"]: row for row in rows}
    assert {name: row["summary.loss"] for name, row in by_name.items()} == {"a": 1.5, "b": None, "c": None}
    assert {name: {k: v for k, v in row["shown"].items() if k != "created"} for name, row in by_name.items()} == {
        "a": {},
        "b": {"summary.loss": "NaN"},
        "c": {"summary.loss": "-∞"},
    }
    loss, word = column_definitions(["summary.loss", "summary.word"], rows)[3:5]
    assert (loss["filter"], word["filter"]) == ("agNumberColumnFilter", "agTextColumnFilter")


def test_all_digits_of_a_whole_number_are_shown(context):
    seeds = {"seed": {"value": 12345678901234567891}, "small": {"value": 2**53}, "flag": {"value": True}}
    runs.upsert(context, {"entityName": "local", "modelName": "p", "name": "a", "config": json.dumps(seeds)})
    found = listed(context)
    chosen = ["config.seed", "config.small", "config.flag"]
    (row,) = grid_rows(found, "local", "p", chosen)
    assert [row[name] for name in chosen] == [12345678901234567891, 2**53, "true"]  # to sort and filter by
    assert row["shown"]["config.seed"] == "12345678901234567891" and "config.small" not in row["shown"]
    filters = [column["filter"] for column in column_definitions(chosen, [row])[3:6]]
    assert filters == ["agNumberColumnFilter", "agNumberColumnFilter", "agTextColumnFilter"]
    assert cell(-12345678901234567891) == "-12345678901234567891"


def add(context, name, summary, config=None, **more):
    """A run of the project with this summary and config."""
    wrapped = json.dumps({key: {"value": value} for key, value in (config or {}).items()})
    runs.upsert(context, {"entityName": "local", "modelName": "p", "name": name, "config": wrapped, **more})
    files = {"wandb-summary.json": {"offset": 0, "content": [json.dumps(summary)]}}
    filestream.receive(context, "local", "p", name, {"files": files})


def send_history(context, name, row):
    """Log one row of a run."""
    files = {"wandb-history.jsonl": {"offset": 0, "content": [json.dumps(row)]}}
    filestream.receive(context, "local", "p", name, {"files": files})


def test_the_usual_columns_are_what_most_runs_end_with_and_what_validation_gave(context):
    classes = {f"val/iou/{name}": 0.5 for name in ("car", "pole", "road")}
    for number in range(4):
        logged = {"best/epoch": number, "cpu": 8, "epoch": 20, "note": "text", "train/loss": number / 8}
        measured = {"val/loss": number / 4, "val/miou": number / 5, "val/speed": 3.0}
        add(context, f"r{number}", logged | classes | measured, {"lr": number, "same": 1})
        send_history(context, f"r{number}", {"epoch": 20, "train/loss": number / 8, **classes, **measured})
    add(context, "odd", {"aux": 1.0, "val/once": 0.5}, {"lr": 9, "same": 1})
    found = usual(listed(context))
    results = ("val/loss", "val/miou", "val/speed", "epoch", "train/loss")
    assert found == [*(f"summary.{name}" for name in results), "config.lr"]


def test_the_usual_columns_do_not_depend_on_the_order_in_which_a_client_writes(context):
    """A client writes the keys of history, summary and config in an order that is another one each time."""
    means = ("pixel_acc", "priority_dice", "mean_acc", "foreground_acc", "mean_dice", "edge_case_rate", "miou", "loss")
    keys = [f"val/{name}" for name in means] + ["val/iou/car", "val/iou/road", "train/loss", "lr", "epoch"]
    numbers = {"seed": 3, "model.seed": 1, "weight_decay": 0.1, "lr": 0.5, "epochs": 8}
    paths = {"out": "runs/", "data": "/data/"}
    seen = []
    for turn in range(3):
        for number in range(2):
            some = keys[turn:] + keys[:turn]
            logged = dict.fromkeys(some if number else reversed(some), 0.5 if turn == 2 else number / 4 + turn)
            ours: dict[str, Any] = {key: f"{path}{number}" for key, path in paths.items()}
            ours |= {key: value + number for key, value in numbers.items()}
            add(context, f"r{number}", logged | {"val/mb": 1.0}, dict(reversed(ours.items())) if turn else ours)
            send_history(context, f"r{number}", logged)
        seen.append(usual(listed(context)))
    results = ("val/loss", "val/miou", "val/mean_acc", "val/mean_dice", "val/pixel_acc")
    chosen = ("lr", "epochs", "weight_decay", "out", "data")
    assert seen == 3 * [[*(f"summary.{name}" for name in results), *(f"config.{name}" for name in chosen)]]


def test_the_metric_of_a_sweep_is_the_first_of_the_usual_columns(context):
    runs.upsert(context, {"entityName": "local", "modelName": "p", "name": "first"})
    project = {"entityName": "local", "projectName": "p"}
    config = {
        "method": "random",
        "metric": {"name": "score", "goal": "maximize"},
        "parameters": {"lr": {"values": [1]}},
    }
    sweep = records.upsert(context, {**project, "config": json.dumps(config)})
    name = context.db.value("SELECT name FROM sweeps WHERE id = ?", (sweep,))
    for number in range(3):
        add(context, f"r{number}", {"val/loss": number, "zeal": number})
    add(context, "searched", {"score": 1.0, "val/loss": 2.0}, sweep=name)
    found = usual(listed(context))
    assert found == ["summary.score", "summary.val/loss", "summary.zeal"]


def test_what_a_script_hides_and_draws_over_comes_last_and_a_summary_of_a_metric_counts_as_the_metric(context):
    """As after ``define_metric("val/*", step_metric="val/epoch", summary="min,max")``; one run alone hides a metric."""
    noted: list[dict[str, Any]] = [{"1": "val/epoch"}, {"2": "val/*", "5": 1}, {"1": "val/a", "5": 1, "6": [2]}]
    once = {"1": "val/in/1", "5": 1, "6": [2]}
    plain = {"loss": 1.0, "val/a": 1.0, "val/epoch": 3, "val/in/1": 1.0, "val/x.best": 1.0}
    for number in range(2):
        add(context, f"r{number}", plain | {"val/loss": {"min": 0.5, "max": 1.0}, "val/only": 1.0})
        entry = {"_wandb": {"value": {"m": [*noted, once] if number else noted}}}
        given = {"entityName": "local", "modelName": "p", "name": f"r{number}", "config": json.dumps(entry)}
        runs.upsert(context, given)
        send_history(context, f"r{number}", plain | {"val/loss": number})
    results = ["val/loss.max", "val/loss.min", "val/x.best", "val/only", "loss"]
    assert usual(listed(context)) == [f"summary.{name}" for name in results]
    assert _results(listed(context))[5:] == ["val/in/1", "val/a", "val/epoch"]


def test_a_nested_key_and_one_with_a_dot_are_two_columns(context):
    both = {"a": {"b": 1, "c.d": 3, "c": {"d": 4}}, "a.b": 2}
    for name, document in {"one": both, "other": dict(reversed(both.items()))}.items():
        add(context, name, document, document)
    names = [f"{word}.{key}" for word in ("config", "summary") for key in ("a.b", "a.b (nested)", "a.c.d")]
    names += ["config.a.c.d (nested)"]
    for row in grid_rows(listed(context), "local", "p", names):
        assert [row[name] for name in names] == [2, 1, 3, 2, 1, 3, 4]
    offered = [row["name"] for row in context.db.rows("SELECT name FROM run_columns WHERE name LIKE 'config%'")]
    assert sorted(offered) == sorted(name for name in names if name.startswith("config"))
    nested = Orders(context.db).get(asked_of(1, "", {"sortModel": [], "filterModel": ONE}, []))
    assert len(nested) == 2


ONE = {"config.a.b (nested)": {"filterType": "number", "type": "equals", "filter": 1}}
