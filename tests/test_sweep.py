"""The sweep as it stands in the repository, and a small one from end to end with the real CLI and a real server."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from camvid.synth import synth
from configs import TrainConfig
from tests.wandb_local.process import Server, client_environment
from wandb_local.search import validate

ROOT = Path(__file__).parents[1]
READ = """
import json, sys, wandb
runs = wandb.Api().sweep(sys.argv[1]).runs
print(json.dumps([[run.state, run.summary["val/priority_dice"], run.config["lr"]] for run in runs]))
"""
SWEEP = yaml.safe_load((ROOT / "sweep.yaml").read_text())


def values(parameter):
    return parameter.get("values") or [parameter[key] for key in ("value", "min", "max") if key in parameter]


@pytest.mark.parametrize("name", SWEEP["parameters"])
def test_every_parameter_is_a_setting_and_every_value_allowed(name):
    for value in values(SWEEP["parameters"][name]):
        settings = {name: yaml.safe_load(value) if name == "loss" else value}
        assert getattr(TrainConfig.from_dict(settings), name) == settings[name]


def test_the_server_accepts_it():
    assert validate(SWEEP)["method"] == "bayes"


@pytest.mark.soak
def test_a_small_sweep_from_end_to_end(tmp_path):
    data = tmp_path / "data"
    synth(data, frames=12, seed=2, layout="segnet", size=(96, 128))
    small = {
        "data": str(data),
        "out": str(tmp_path / "runs"),
        "epochs": 1,
        "backbone": "mobilenetv3_small_050",
        "batch_size": 2,
    }
    sweep = {key: SWEEP[key] for key in ("method", "metric", "early_terminate")} | {
        "program": str(ROOT / "train.py"),
        "command": [sys.executable, "${program}", "${args}"],
        "parameters": {name: {"value": value} for name, value in small.items()}
        | {"lr": SWEEP["parameters"]["lr"], "loss": SWEEP["parameters"]["loss"], "crp": SWEEP["parameters"]["crp"]},
    }
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(sweep))
    (tmp_path / "server").mkdir()
    with Server(tmp_path / "server") as server:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        environment = (
            kept | client_environment(server, tmp_path / "client") | {"PYTHONPATH": str(ROOT), "WANDB_SILENT": "false"}
        )
        made = command(["-m", "wandb", "sweep", "--project", "roads", "sweep.yaml"], tmp_path, environment)
        (agent,) = re.findall(r"wandb agent (\S+)", made.stdout + made.stderr)
        command(["-m", "wandb", "agent", "--count", "3", agent], tmp_path, environment)
        runs = json.loads(command(["-c", READ, agent], tmp_path, environment).stdout.splitlines()[-1])
        unknown = server.status()["unknown"]
    assert [state for state, _, _ in runs] == ["finished"] * 3
    assert all(0 <= score <= 1 for _, score, _ in runs)
    assert len({lr for _, _, lr in runs}) == 3
    assert unknown == []


def command(words, folder, environment):
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
