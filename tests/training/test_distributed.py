"""Two real processes over gloo make the training that one makes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.together import SETTINGS, train
from tests.wandb_local.process import free_port
from training.distributed import ALONE

pytestmark = pytest.mark.soak

TOP = Path(__file__).parents[2]
SCENARIOS = (*SETTINGS, "resume", "whole", "patience", "minutes", "nan", "fault")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What both processes told of each scenario, and the folder."""
    folder = tmp_path_factory.mktemp("together")
    words = [sys.executable, "-m", "tests.training.together", ",".join(SCENARIOS), str(folder)]
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            words, cwd=TOP, env=os.environ | meeting | {"RANK": str(rank)}, stderr=subprocess.PIPE, text=True
        )
        for rank in (0, 1)
    ]
    errors = [process.communicate(timeout=240)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], errors
    return folder


def reports(told, scenario):
    return [json.loads((told / scenario / f"{rank}.json").read_text()) for rank in (0, 1)]


def weights(told, scenario):
    return [load_file(told / scenario / f"{rank}.safetensors") for rank in (0, 1)]


@pytest.mark.parametrize("scenario", SETTINGS)
def test_the_weights_and_losses_are_those_of_one_process(told, tmp_path, scenario):
    alone = train(tmp_path, ALONE, **SETTINGS[scenario])
    first, second = weights(told, scenario)
    rtol, atol = (0.05, 0.02) if scenario == "bf16" else (1e-3, 1e-5)
    for key, value in alone.model.state_dict().items():
        assert torch.equal(first[key], second[key]), key
        assert torch.allclose(first[key], value, rtol=rtol, atol=atol), key
    for report in reports(told, scenario):
        assert report["count"] == 2
        losses = [row["train/loss"] for row in report["history"]]
        assert losses == pytest.approx([row["train/loss"] for row in alone.checkpoint.history], rel=rtol)


def test_the_first_process_alone_evaluates_and_both_hear_the_metrics(told):
    first, second = reports(told, "plain")
    assert (first["asked"], second["asked"]) == (4, 0)
    for report in (first, second):
        assert [row["val/miou"] for row in report["history"]] == [0.1, 0.2, 0.3, 0.4]
        assert [row["epoch"] for row in report["history"]] == [1, 2, 3, 4]


def test_a_resumed_training_ends_with_the_weights_of_a_whole_one(told):
    for whole, resumed in zip(weights(told, "whole"), weights(told, "resume"), strict=True):
        assert all(torch.equal(value, resumed[key]) for key, value in whole.items())


def test_patience_and_time_end_all_processes_at_the_same_step(told):
    for scenario in ("patience", "minutes"):
        first, second = reports(told, scenario)
        assert [row["epoch"] for row in first["history"]] == [row["epoch"] for row in second["history"]]
        losses = [[row.get("train/loss") for row in report["history"]] for report in (first, second)]
        assert losses[0] == losses[1]
    assert len(reports(told, "patience")[0]["history"]) < 4


def test_a_loss_that_diverges_in_one_process_ends_both_with_the_same_words(told):
    first, second = reports(told, "nan")
    assert first["raised"] == second["raised"]
    assert first["raised"].startswith("TrainingDiverged: the loss is no longer finite (epoch 3, step 2, lr 0.00")


def test_an_error_of_the_first_process_ends_both(told):
    first, second = reports(told, "fault")
    assert first["raised"] == "ValueError: frame 7 is damaged"
    assert second["raised"].endswith("the first process failed: frame 7 is damaged")
