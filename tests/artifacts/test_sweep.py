"""Reading a sweep from a real server, and the report that the command line makes of it."""

import os
import sys
from pathlib import Path

import pytest
import wandb

from artifacts.sweep import SweepError, best_settings, read_sweep
from tests.client import run_process

pytestmark = [pytest.mark.usefixtures("online"), pytest.mark.timeout(200)]

ROOT = Path(__file__).parents[2]
CONFIG = {
    "method": "grid",
    "metric": {"name": "val/priority_dice", "goal": "maximize"},
    "parameters": {
        "backbone": {"values": ["resnet18", "resnet34"]},
        "lr": {"values": [0.001, 0.01, 0.1]},
        "momentum": {"values": [0.9]},
        "epochs": {"value": 3},
        "monitor": {"value": "val/priority_dice"},
    },
}
TRAIN = """
import sys, wandb
SCORES = {"resnet18": 0.2, "resnet34": 0.3}

def train():
    with wandb.init() as run:
        if run.config.lr == 0.1 and run.config.backbone == "resnet18":
            run.summary["error"] = "OutOfMemory: try batch_size=2"
            run.finish(exit_code=1)
            return
        run.log({"val/priority_dice": SCORES[run.config.backbone] + run.config.lr, "epoch": 3})
        run.summary.update({"model/latency_ms": 10 * run.config.lr, "model/mb": 5.0, "model/device": "cpu"})

place = {"project": "swept", "entity": "local"}
sweep = wandb.sweep(eval(sys.argv[1]), **place)
wandb.agent(sweep, function=train, count=6, **place)
print(sweep)
"""


@pytest.fixture(scope="module")
def made(server, tmp_path_factory):
    """A grid of six runs, one of which fails; its path."""
    home = tmp_path_factory.mktemp("agent")
    folders = {f"WANDB_{name}": str(home) for name in ("DIR", "CACHE_DIR", "DATA_DIR", "CONFIG_DIR", "ARTIFACT_DIR")}
    environment = {**os.environ, **folders, **server, "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}
    identity = python(environment, home, "-c", TRAIN, repr(CONFIG)).split()[-1]
    return f"local/swept/{identity}"


def python(environment, folder, *words):
    done = run_process([sys.executable, *words], 100, {**environment, "PYTHONPATH": str(ROOT)}, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.soak
def test_a_sweep_is_read_with_all_its_runs(made):
    sweep = read_sweep(made)
    assert (sweep.path, sweep.method, sweep.metric, sweep.maximise) == (made, "grid", "val/priority_dice", True)
    assert sweep.parameters == ("backbone", "lr")
    assert sorted(run.state for run in sweep.runs) == ["failed"] + ["finished"] * 5
    (failed,) = [run for run in sweep.runs if run.state == "failed"]
    assert (failed.settings["backbone"], failed.reason) == ("resnet18", "OutOfMemory: try batch_size=2")
    assert {(run.settings["backbone"], run.settings["lr"]) for run in sweep.runs} == {
        (backbone, lr) for backbone in ("resnet18", "resnet34") for lr in (0.001, 0.01, 0.1)
    }
    best = sweep.best()
    assert best.metrics["val/priority_dice"] == pytest.approx(0.4)
    assert best.metrics["model/latency_ms"] == pytest.approx(1.0)
    assert best.settings["epochs"] == 3
    assert "model/device" not in best.metrics


@pytest.mark.soak
@pytest.mark.parametrize(("backbone", "lr"), [(None, 0.1), ("resnet34", 0.1), ("resnet18", 0.01)])
def test_the_best_settings_are_those_that_were_varied_and_the_monitor(made, backbone, lr):
    words, settings = best_settings(made, backbone)
    assert settings == {"backbone": backbone or "resnet34", "lr": lr, "monitor": "val/priority_dice"}
    assert made in words
    assert "val/priority_dice" in words


@pytest.mark.soak
def test_a_backbone_that_no_run_had_and_a_sweep_that_is_not_there_are_named(made):
    with pytest.raises(SweepError, match=r"no finished run with backbone=vgg19_bn .* have resnet18, resnet34"):
        best_settings(made, "vgg19_bn")
    with pytest.raises(SweepError, match=r"sweep 'local/swept/nosuch' cannot be read: .* give ENTITY/PROJECT/ID"):
        read_sweep("local/swept/nosuch")


def test_offline_there_is_nothing_to_read(monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY")
    monkeypatch.delenv("WANDB_BASE_URL")
    with pytest.raises(SweepError, match=r"cannot be read offline; log in"):
        read_sweep("e/p/1")


@pytest.mark.parametrize(
    ("path", "why"),
    [("nope", "the project is missing"), *((path, "no such sweep") for path in ("a/b/c/d", "", "a//c"))],
)
def test_what_names_no_sweep_is_said_before_a_key_or_a_server_is_asked_for(path, why, monkeypatch):
    for variable in ("WANDB_API_KEY", "WANDB_BASE_URL"):
        monkeypatch.delenv(variable)
    with pytest.raises(SweepError, match=f"sweep '{path}': .*{why}; give ENTITY/PROJECT/ID"):
        read_sweep(path)


@pytest.mark.soak
def test_the_command_line_writes_a_report_and_logs_its_tables(made, tmp_path, capsys):
    said = python(os.environ, tmp_path, "-m", "eval", "sweep", made, "--out", str(tmp_path / "sweeps"))
    folder = tmp_path / "sweeps" / made.rpartition("/")[2]
    page = (folder / "sweep.md").read_text()
    assert "- 6 runs: 5 finished, 1 failed." in said
    assert "OutOfMemory: try batch_size=2" in page
    assert (folder / "tradeoff.png").is_file()
    (run,) = wandb.Api().runs("local/swept", filters={"jobType": "sweep-report"})
    assert run.config["sweep"] == made
    assert {"sweep/runs", "sweep/backbones", "sweep/failed", "sweep/tradeoff_chart"} <= set(run.summary.keys())
    assert "sweep/stopped_early" not in run.summary
