"""What a run notes of its metrics, as clients write it."""

import json

import pytest

from wandb_local.web.charts.definitions import Definition, Definitions, defined_axes


def run(noted, *logged):
    keys = {name: {"typeCounts": [{"type": "number", "count": 1}], "monotonic": True} for name in logged}
    config = json.dumps({"_wandb": {"value": {"m": noted}}})
    return {"config": config, "history_keys": json.dumps({"keys": keys}), "system_metrics": "{}"}


EPOCH = {"1": "epoch", "6": [3]}


@pytest.mark.parametrize(
    ("records", "name", "found"),
    [
        ([EPOCH, {"2": "val/*", "5": 1}], "val/loss", Definition("epoch")),
        ([EPOCH, {"2": "*", "5": 1}], "system.cpu", Definition()),
        ([EPOCH, {"2": "*", "5": 1}, {"2": "val/*", "6": [2]}], "val/a", Definition(None, hidden=True)),
        ([EPOCH, {"1": "val/a", "5": 1}, {"2": "val/*", "6": [2]}], "val/a", Definition("epoch")),
        ([{"1": "a", "4": "epoch"}], "a", Definition("epoch")),  # an older client
        ([{"1": "a", "5": 7}, "x", {"2": 3}, {"1": "b", "5": 2}], "b", Definition()),
        ({"1": "a"}, "a", Definition()),
    ],
)
def test_a_name_goes_before_patterns_and_a_longer_pattern_before_a_shorter_one(records, name, found):
    assert Definitions(run(records)).of(name) == found


def test_the_first_run_that_can_be_drawn_so_decides():
    without, lost = run([], "loss", "epoch"), run([{"1": "loss", "4": "nowhere"}], "loss")
    own = run(
        [{"1": "loss", "4": "epoch"}, {"1": "epoch", "4": "epoch"}, {"1": "lr", "4": "_runtime"}], "loss", "epoch"
    )
    wanted = {"loss": "epoch", "epoch": "_step", "lr": "_runtime"}
    assert defined_axes([without, lost, own], ["loss", "epoch", "lr"]) == wanted
    assert defined_axes([without, lost], ["loss"]) == {"loss": "_step"}
