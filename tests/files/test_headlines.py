"""The one list of headline figures, against what is computed, printed, logged and allowed."""

from typing import get_args

import pytest
import torch

from artifacts.callback import BEST_METRICS
from configs import ConfigError, TrainConfig
from configs.values import Monitor
from eval.drives import MATCHING
from eval.metrics import summarize
from files.headlines import HEADLINES, MIOU, MONITORED, PRIORITY_DICE, choose


def test_the_list_names_what_an_evaluation_computes():
    computed = summarize(torch.eye(2, dtype=torch.int64), ["Road", "Car"], [1], [0])
    overall = [key for key in computed if "/" not in key]
    assert set(HEADLINES) == {*overall, *MATCHING, "edge_case_rate"}


def test_settings_and_summary_take_those_that_may_be_monitored_of_which_more_is_better():
    assert get_args(Monitor) == MONITORED
    assert tuple(f"val/{key}" for key in MONITORED) == BEST_METRICS
    assert all(HEADLINES[key].higher for key in MONITORED)
    assert TrainConfig.from_dict({"monitor": "object_recall"}).monitor == "object_recall"
    for key in ("false_alarms", "mean_dice"):
        with pytest.raises(ConfigError, match=f"monitor='{key}'"):
            TrainConfig.from_dict({"monitor": key})


def test_they_are_chosen_by_key_in_the_order_that_is_asked_for():
    assert choose("priority_dice", "miou") == (PRIORITY_DICE, MIOU)
    assert len({headline.label for headline in HEADLINES.values()}) == len(HEADLINES)
    with pytest.raises(KeyError, match="moiu"):
        choose("moiu")
