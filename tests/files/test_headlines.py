"""The one list of headline figures, against what is computed, printed, logged and allowed."""

import math
from typing import get_args

import pytest
import torch

from artifacts.callback import BEST_METRICS
from configs import ConfigError, TrainConfig
from configs.values import Monitor
from eval.drives import MATCHING
from eval.metrics import summarize
from files.headlines import HEADLINES, MIOU, MONITORED, PRIORITY_DICE, better, choose, worst


def test_the_list_names_what_an_evaluation_computes():
    computed = summarize(torch.eye(2, dtype=torch.int64), ["Road", "Car"], [1], [0])
    overall = [key for key in computed if "/" not in key]
    of_depth = {key for key in HEADLINES if key.startswith("depth/")}
    assert set(HEADLINES) == {*overall, *MATCHING, "edge_case_rate", *of_depth}


def test_settings_and_summary_take_those_that_may_be_monitored():
    assert get_args(Monitor) == MONITORED
    assert tuple(f"val/{key}" for key in MONITORED) == BEST_METRICS
    assert [key for key in MONITORED if not HEADLINES[key].higher] == ["depth/abs_rel", "depth/rmse"]
    assert TrainConfig.from_dict({"monitor": "object_recall"}).monitor == "object_recall"
    for key in ("false_alarms", "mean_dice"):
        with pytest.raises(ConfigError, match=f"monitor='{key}'"):
            TrainConfig.from_dict({"monitor": key})


@pytest.mark.parametrize("prefix", ["", "val/", "test/"])
@pytest.mark.parametrize(
    ("key", "higher"), [("miou", True), ("false_alarms", False), ("depth/rmse", False), ("depth/delta1", True)]
)
def test_what_is_better_follows_from_the_metric(prefix, key, higher):
    assert better(prefix + key, 0.2, 0.1) is higher is not better(prefix + key, 0.1, 0.2)
    assert not better(prefix + key, 0.1, 0.1)
    assert not better(prefix + key, math.nan, 0.1)
    assert all(better(prefix + key, value, worst(prefix + key)) for value in (-1e9, 0.0, 1e9))


def test_of_another_metric_more_is_better():
    assert better("val/iou/Road", 0.2, 0.1)


def test_they_are_chosen_by_key_in_the_order_that_is_asked_for():
    assert choose("priority_dice", "miou") == (PRIORITY_DICE, MIOU)
    assert len({headline.label for headline in HEADLINES.values()}) == len(HEADLINES)
    with pytest.raises(KeyError, match="moiu"):
        choose("moiu")
