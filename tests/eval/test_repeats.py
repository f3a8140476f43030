"""Mean and range over seeds."""

import math
from typing import Any

import pytest

from eval.repeats import seeds_page, seeds_table

TRAININGS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"fit": "one_cycle", "seed": 0}, {"miou": 0.4, "priority_dice": 0.5, "model/mb": 20.0, "train/minutes": 1.0}, ""),
    ({"fit": "one_cycle", "seed": 1}, {"miou": 0.6, "priority_dice": None, "model/mb": 20.0, "train/minutes": 3.0}, ""),
    ({"fit": "fine_tune", "seed": 0}, {}, "ended by signal 9"),
    ({"fit": "fine_tune", "seed": 1}, {"miou": 0.3}, ""),
]


def test_seeds_of_equal_settings_are_one_row():
    table = seeds_table(TRAININGS)
    assert list(table["fit"]) == ["one_cycle", "fine_tune"]
    assert list(table["seeds"]) == [2, 1]
    first, second = table.to_dict("records")
    assert (first["val/miou"], first["val/miou low"], first["val/miou high"]) == (pytest.approx(0.5), 0.4, 0.6)
    assert (first["val/priority_dice"], first["train/minutes"], first["failed"]) == (0.5, 2.0, "")
    assert second["failed"] == "ended by signal 9"
    assert math.isnan(second["model/mb"])


def test_the_page_shows_mean_and_range_and_leaves_out_what_says_nothing():
    page = seeds_page(seeds_table(TRAININGS))
    assert "0.500 [0.400, 0.600]" in page
    assert "| 0.300 |" in page
    assert "ended by signal 9" in page
    assert "failed" not in seeds_page(seeds_table(TRAININGS[:2]))
    assert "low" not in page
