"""The sweep as it stands in the repository, and a small one from end to end with the real CLI and a real server."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from configs import TrainConfig
from tests.drawings import synth_once
from tests.wandb_local.process import Server, client_environment
from wandb_local.search import validate
from wandb_local.search.hyperband import brackets

ROOT = Path(__file__).parents[1]
TRADE_OFFS = (
    "model/parameters",
    "model/mb",
    "model/latency_ms",
    "model/throughput",
    "throughput",
    "train/minutes",
    "train/peak_mb",
)
READ = f"""
import json, sys, wandb
KEYS = {("error", "val/priority_dice", *TRADE_OFFS)!r}
runs = wandb.Api().sweep(sys.argv[1]).runs
print(json.dumps([[run.state, {{key: run.summary.get(key) for key in KEYS}}, dict(run.config)] for run in runs]))
"""
FILES = ("sweep.yaml", "configs/sweep_cpu.yaml")


def read(file):
    return yaml.safe_load((ROOT / file).read_text())


SWEEP = read("sweep.yaml")


def values(parameter):
    return parameter.get("values") or [parameter[key] for key in ("value", "min", "max") if key in parameter]


@pytest.mark.parametrize(("file", "name"), [(file, name) for file in FILES for name in read(file)["parameters"]])
def test_every_parameter_is_a_setting_and_every_value_allowed(file, name):
    for value in values(read(file)["parameters"][name]):
        settings = {name: yaml.safe_load(value) if name == "loss" else value}
        kept = getattr(TrainConfig.from_dict(settings), name)
        assert kept == (value.removeprefix("val/") if name == "monitor" else settings[name])


@pytest.mark.parametrize("file", FILES)
def test_the_server_accepts_it(file):
    assert validate(read(file))["method"] == "bayes"


@pytest.mark.parametrize("file", FILES)
def test_it_goes_where_the_data_was_logged(file):
    assert read(file)["project"] == TrainConfig().project


@pytest.mark.parametrize("file", FILES)
def test_no_run_is_stopped_when_all_its_epochs_are_done(file):
    """It would be killed while it is evaluated: its costs unknown, and its model lost."""
    sweep = validate(read(file))
    given = {name: parameter.get("value") for name, parameter in sweep["parameters"].items()}
    judged = brackets(sweep["early_terminate"], longest=1000)
    if evaluations := given.get("evaluations"):
        assert judged[0] < evaluations not in judged
    else:
        assert 1 < judged[0] < given["epochs"]
        assert not {given["epochs"], given["epochs"] + TrainConfig().freeze_epochs} & set(judged)


@pytest.mark.parametrize("file", FILES)
def test_runs_with_a_time_budget_are_judged_by_their_share_of_it(file):
    given = read(file)["parameters"]
    assert ("max_minutes" in given) == ("evaluations" in given)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("metric", ["val/priority_dice", "val/object_f1", "val/miou", "val/foreground_acc"])
def test_one_line_changes_the_metric_and_what_the_best_checkpoint_is(file, metric):
    text = (ROOT / file).read_text()
    assert text.count("val/priority_dice") == 1
    sweep = yaml.safe_load(text.replace("val/priority_dice", metric))
    assert sweep["metric"]["name"] == metric
    assert f"val/{TrainConfig.from_dict({'monitor': sweep['parameters']['monitor']['value']}).monitor}" == metric


SMALL = {"epochs": 1, "backbone": "mobilenetv3_small_050", "batch_size": 2}


def run_sweep(tmp_path, sweep, *count):
    """What the agent said, and [state, summary, config] of each run, after `wandb sweep` and `wandb agent`."""
    data = tmp_path / "data"
    synth_once(data, frames=12, seed=2, layout="segnet", size=(96, 128))
    sweep["parameters"] |= {"data": {"value": str(data)}, "out": {"value": str(tmp_path / "runs")}}
    sweep |= {"program": str(ROOT / "train.py"), "command": [sys.executable, "${program}", "${args}"]}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(sweep))
    (tmp_path / "server").mkdir()
    with Server(tmp_path / "server") as server:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        environment = (
            kept | client_environment(server, tmp_path / "client") | {"PYTHONPATH": str(ROOT), "WANDB_SILENT": "false"}
        )
        made = command(["-m", "wandb", "sweep", "--project", "roads", "sweep.yaml"], tmp_path, environment)
        (agent,) = re.findall(r"wandb agent (\S+)", made.stdout + made.stderr)
        said = command(["-m", "wandb", "agent", *count, agent], tmp_path, environment)
        runs = json.loads(command(["-c", READ, agent], tmp_path, environment).stdout.splitlines()[-1])
        assert server.status()["unknown"] == []
    return said.stdout + said.stderr, runs


@pytest.mark.soak
def test_a_small_sweep_from_end_to_end(tmp_path):
    sweep = {key: SWEEP[key] for key in ("method", "metric", "early_terminate")} | {
        "parameters": {name: {"value": value} for name, value in SMALL.items()}
        | {name: SWEEP["parameters"][name] for name in ("lr", "loss", "crp")}
    }
    _, runs = run_sweep(tmp_path, sweep, "--count", "2")
    assert [state for state, _, _ in runs] == ["finished"] * 2
    assert all(0 <= summary["val/priority_dice"] <= 1 for _, summary, _ in runs)
    assert len({config["lr"] for _, _, config in runs}) == 2
    assert left_in_checkpoints(tmp_path) == [["history.json"]] * 2


def left_in_checkpoints(folder):
    return [sorted(path.name for path in run.iterdir()) for run in sorted(folder.glob("runs/*/checkpoints"))]


@pytest.mark.soak
def test_trials_that_fail_say_why_and_the_agent_goes_on(tmp_path):
    """Three failures in the first minute would make `wandb agent` leave if they had exit codes above 0."""
    fixed = SMALL | {"crop_max": 0.8, "weight_decay": 1.0, "batch_size": 1, "epochs": 4, "eval_every": 4, "fit": "flat"}
    grid = {"crop_min": {"values": [0.9, 0.3]}, "lr": {"values": [10.0, 0.001]}}  # not allowed; diverges
    sweep = {"method": "grid", "parameters": {name: {"value": value} for name, value in fixed.items()} | grid}
    said, runs = run_sweep(tmp_path, sweep)
    ended = {(config["crop_min"], config["lr"]): (state, summary) for state, summary, config in runs}
    assert {settings: state for settings, (state, _) in ended.items()} == {
        (0.9, 10.0): "failed",
        (0.9, 0.001): "failed",
        (0.3, 10.0): "failed",
        (0.3, 0.001): "finished",
    }, said
    for rate in (10.0, 0.001):
        reason = ended[0.9, rate][1]["error"]
        assert reason.startswith("ConfigError: command line: crop_min=0.9 is above crop_max=0.8")
    assert all("last.pt" not in names for names in left_in_checkpoints(tmp_path))
    assert ended[0.3, 10.0][1]["error"].startswith("TrainingDiverged: the loss is no longer finite (epoch ")
    assert "lower lr (now 10)" in ended[0.3, 10.0][1]["error"]
    summary = ended[0.3, 0.001][1]
    assert all(summary[key] > 0 for key in TRADE_OFFS), summary


def command(words, folder, environment):
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
