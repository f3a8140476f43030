"""Final trainings from a sweep as a user runs them: real sweep, real server, a kill in between."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from commands.experiments import RECIPE
from tests.drawings import synth_once
from tests.wandb_local.process import Server, client_environment

ROOT = Path(__file__).parents[1]
SMALL = {"epochs": 1, "batch_size": 2, "resize_factor": 0.67}
READ = """
import json, sys, wandb
api = wandb.Api()
(run,) = api.runs("local/roads", filters={"jobType": "comparison"})
finals = api.runs("local/roads", filters={"config.from_sweep": sys.argv[1]})
print(json.dumps([sorted(run.summary.keys()), [dict(run.config) for run in finals]]))
"""


@pytest.fixture
def place(tmp_path):
    """Drawn data, and an environment whose client talks to a server."""
    synth_once(tmp_path / "data", frames=12, seed=2, layout="segnet", size=(96, 128))
    (tmp_path / "server").mkdir()
    with Server(tmp_path / "server") as server:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        yield (
            kept
            | client_environment(server, tmp_path / "client")
            | {"PYTHONPATH": str(ROOT), "WANDB_SILENT": "false", "XDG_CACHE_HOME": str(tmp_path / "cache")}
        )


def command(words, folder, environment, code=0):
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def small_sweep(folder, environment):
    """The path of a sweep of one run."""
    fixed = SMALL | {"data": str(folder / "data"), "out": str(folder / "runs"), "max_minutes": 5}
    sweep = yaml.safe_load((ROOT / "configs" / "sweep_cpu.yaml").read_text())
    sweep |= {"program": str(ROOT / "train.py"), "command": [sys.executable, "${program}", "${args}"], "run_cap": 1}
    del sweep["parameters"]["dataset"], sweep["early_terminate"]
    sweep["parameters"] |= {name: {"value": value} for name, value in fixed.items()}
    sweep["parameters"]["backbone"] = {"value": "mobilenetv3_small_050"}
    (folder / "sweep.yaml").write_text(yaml.safe_dump(sweep))
    made = command(["-m", "wandb", "sweep", "--project", "roads", "sweep.yaml"], folder, environment)
    (path,) = re.findall(r"wandb agent (\S+)", made)
    command(["-m", "wandb", "agent", path], folder, environment)
    return path


@pytest.mark.evening
@pytest.mark.timeout(600)
def test_from_sweep_to_comparison_with_a_kill_in_between(tmp_path, place):
    path = small_sweep(tmp_path, place)
    recipe = [str(ROOT / "train.py"), f"--config={ROOT}/configs/final.yaml", "--from-sweep", path, "--project=roads"]
    words = [*recipe, "--data=data", "--out=finals", "--vary=fit=fine_tune", "--seeds=0,1", "--epochs=1"]
    words += ["--backbone=mobilenetv3_small_050"]

    # the backbone was no choice of this sweep, the others are taken; killed when the second training begins
    with subprocess.Popen(
        [sys.executable, *words], cwd=tmp_path, env=place, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        head = []
        for line in process.stdout:
            head.append(line)
            if line.startswith("[2/2]"):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    told = "".join(head)
    assert f"sweep {path}, run " in told
    assert "lr=" in told

    said = command(words, tmp_path, place)
    assert said.count("already complete: ") == 1
    table = pd.read_csv(tmp_path / "finals" / "comparison.csv")
    assert list(table["fit"]) == ["fine_tune"]
    assert list(table["seeds"]) == [2]
    assert (table["val/miou low"] <= table["val/miou"]).all()
    assert (table["val/miou"] <= table["val/miou high"]).all()
    assert (tmp_path / "finals" / "comparison.md").read_text() in said

    keys, configs = json.loads(command(["-c", READ, path], tmp_path, place).splitlines()[-1])
    assert "comparison/trainings" in keys
    best = {name: configs[0][name] for name in ("lr", "weight_decay", "augment")}
    assert all({name: config[name] for name in best} == best for config in configs)
    assert sorted((config["fit"], config["seed"]) for config in configs) == [("fine_tune", 0), ("fine_tune", 1)]
    command([*words, "--lr=0.5"], tmp_path, place, code=2)


def test_each_training_is_started_by_the_recipe():
    assert RECIPE.samefile(ROOT / "train.py")


@pytest.mark.soak
def test_a_sweep_that_cannot_be_read_is_an_error_of_one_line(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    environment = kept | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "WANDB_CONFIG_DIR": str(tmp_path)}
    said = command([str(ROOT / "train.py"), "--from-sweep=e/p/1"], tmp_path, environment, code=2)
    assert said.splitlines()[-1].startswith("error: sweep 'e/p/1' cannot be read offline")
