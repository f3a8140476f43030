"""Several trainings, a process each: what ends well stays, what is cut off goes on, what fails is told."""

import sys
from pathlib import Path

import pytest
import yaml

from training.processes import Order, run_all

# A recipe that leaves what train.py leaves: a folder with its config, metrics at the end, a note of each call.
RECIPE = """
import json, os, signal, sys
from pathlib import Path
import yaml
how, path = sys.argv[1], Path(sys.argv[2])
config = yaml.safe_load((path / "config.yaml" if how == "--resume" else path).read_text())
run = path if how == "--resume" else Path(config["out"]) / "run"
run.mkdir(parents=True, exist_ok=True)
with (Path(config["out"]) / "calls").open("a") as calls:
    calls.write(how + " ")
(run / "config.yaml").write_text(yaml.safe_dump(config))
act = config["act"] if how == "--config" else "train"
print("a bar\\rerror: lr=9: too high" if act == "err" else "epoch 1", file=sys.stderr)
if act == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if act != "train":
    sys.exit(2 if act == "err" else 3)
(run / "metrics.json").write_text(json.dumps({"miou": config["miou"], "iou/Sky": None}))
"""


@pytest.fixture
def start(tmp_path):
    (tmp_path / "recipe.py").write_text(RECIPE)

    def run(*settings):
        orders = [
            Order(f"t{number}", yaml.safe_dump({"out": str(tmp_path / "out" / f"t{number}"), "miou": 0.5, **setting}))
            for number, setting in enumerate(settings)
        ]
        return list(run_all(orders, tmp_path / "out", [sys.executable, str(tmp_path / "recipe.py")]))

    return run


def calls(tmp_path: Path, number: int) -> list[str]:
    return (tmp_path / "out" / f"t{number}" / "calls").read_text().split()


def test_a_failure_leaves_the_others_and_is_told(start, capfd):
    outcomes = start({"act": "train"}, {"act": "err"}, {"act": "kill"}, {"act": "exit"}, {"act": "train", "miou": 0.75})
    assert [outcome.metrics.get("miou") for outcome in outcomes] == [0.5, None, None, None, 0.75]
    assert [outcome.reason for outcome in outcomes] == ["", "lr=9: too high", "killed by signal 9", "epoch 1", ""]
    shown = capfd.readouterr()
    assert "[5/5] t4" in shown.out
    assert "error: lr=9: too high" in shown.err


def test_what_is_done_is_not_done_again_and_what_was_cut_off_is_resumed(start, tmp_path):
    settings = {"act": "train"}, {"act": "kill"}
    assert [outcome.reason for outcome in start(*settings)] == ["", "killed by signal 9"]
    again = start(*settings)
    assert [outcome.metrics["miou"] for outcome in again] == [0.5, 0.5]
    assert calls(tmp_path, 0) == ["--config"]
    assert calls(tmp_path, 1) == ["--config", "--resume"]
    assert start(*settings) == again


def test_what_ended_before_its_result_was_noted_is_not_done_again(start, tmp_path):
    first = start({"act": "train"})
    (tmp_path / "out" / "t0" / "result.json").unlink()
    checkpoints = tmp_path / "out" / "t0" / "run" / "checkpoints"
    checkpoints.mkdir()
    (checkpoints / "history.json").write_text("[]")
    assert start({"act": "train"}) == first
    assert calls(tmp_path, 0) == ["--config"]
    assert (tmp_path / "out" / "t0" / "result.json").is_file()


def test_other_settings_in_the_same_folder_are_refused_before_anything_runs(start, tmp_path):
    start({"act": "train"})
    with pytest.raises(ValueError, match=r"t0/settings\.yaml: this training was started with other settings"):
        start({"act": "train", "miou": 0.75}, {"act": "train"})
    assert not (tmp_path / "out" / "t1").exists()


def test_under_a_launcher_nothing_runs(start, tmp_path, monkeypatch):
    """Each of its processes would start them all."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="leave out the launcher"):
        start({"act": "train"})
    assert not (tmp_path / "out").exists()
