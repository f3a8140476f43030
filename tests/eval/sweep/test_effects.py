"""The statistic of the report is that of the server's page."""

from pathlib import Path

import numpy as np
import pytest

import eval.sweep.effects
import wandb_local.search.effects
from eval.sweep.importance import importances
from tests.eval.sweep.made import drawn_sweep
from wandb_local.web.sweep import importance as page
from wandb_local.web.sweep.read import Parameter, SweepRun

OURS, SERVERS = Path(eval.sweep.effects.__file__).parent, Path(wandb_local.search.effects.__file__).parent


@pytest.mark.parametrize("name", ["effects.py", "gaussian_process.py"])
def test_the_two_copies_are_one_text(name):
    assert (SERVERS / name).read_text().replace("wandb_local.search.", "eval.sweep.") == (OURS / name).read_text()


@pytest.mark.parametrize("seed", range(3))
def test_the_two_copies_agree(seed):
    draw = np.random.default_rng(seed)
    values = [draw.random(20).tolist(), draw.choice(["a", "b", "c"], 20).tolist(), (draw.random(20) < 0.5).tolist()]
    scores = draw.random(20).tolist()
    ours, theirs = eval.sweep.effects.effects(values, scores), wandb_local.search.effects.effects(values, scores)
    assert [vars(effect) for effect in ours[0]] == [vars(effect) for effect in theirs[0]]
    assert ours[1] == theirs[1]


def test_the_page_and_the_report_say_the_same_of_a_sweep():
    sweep = drawn_sweep(30)
    runs = [
        SweepRun(run.id, run.name, run.state, run.settings, None if np.isnan(sweep.score(run)) else sweep.score(run))
        for run in sweep.runs
    ]
    shown = page.importances([Parameter(name, log=name == "lr") for name in sweep.parameters], runs)
    reported = importances(sweep).rows
    assert [(row.name, row.importance, row.stands_out) for row in shown] == [
        (row.parameter, row.value, row.stands_out) for row in reported
    ]
    assert dict.fromkeys(row.name for row in shown if row.stands_out) == {"backbone": None, "lr": None}
