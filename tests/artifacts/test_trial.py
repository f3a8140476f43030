"""What `train.py` tells the run and the agent when a training of a sweep fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import wandb
from wandb.apis.public.sweeps import _agent_heartbeat, _register_agent

import train
from artifacts import end_failed_trial, faults_of_all, tracked
from artifacts.trial import ended_trials
from commands.experiments import free_ended_trials
from configs import ConfigError
from files.faults import CommonFault
from training.ended import has_ended


@pytest.fixture
def trial(tmp_path, monkeypatch):
    """The variables that an agent sets for a trial."""
    for name, value in {"SWEEP_ID": "s1", "RUN_ID": "trial1", "DIR": str(tmp_path), "MODE": "offline"}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    return tmp_path


def only_run(folder: Path) -> Path:
    (run,) = (folder / "wandb").glob("offline-run-*")
    return run


def test_a_combination_that_is_not_allowed_is_told_in_the_run_and_the_agent_goes_on(trial, read_run, capsys):
    assert train.cli(["--crop_min=0.9", "--crop_max=0.8"]) == 0
    written = read_run(only_run(trial))
    reason = "ConfigError: command line: crop_min=0.9 is above crop_max=0.8; lower crop_min or raise crop_max"
    assert written.summary["error"] == reason
    assert written.exit_code == 1
    assert only_run(trial).name.endswith("-trial1")
    assert "error: command line: crop_min=0.9" in capsys.readouterr().err


def test_data_that_is_not_there_is_told_in_the_run_and_counts_for_the_agent(trial, read_run):
    assert train.cli([f"--data={trial / 'nowhere'}", f"--out={trial / 'runs'}"]) == 2
    written = read_run(only_run(trial))
    assert str(trial / "nowhere") in written.summary["error"]
    assert written.exit_code == 1


@pytest.mark.parametrize(
    ("flags", "code", "reason"),
    [
        (["--backbone=resnet43"], 0, "ValueError: backbone: timm has no model 'resnet43'"),
        (["--architecture=segformer", "--crp=true"], 0, "ValueError: crp: True is not allowed here"),
        (["--taxonomy=own"], 2, "FileNotFoundError: "),
        (["--split=sequence", "--taxonomy=camvid32"], 2, "CommonFault: taxonomy 'camvid32' over the SegNet masks"),
    ],
)
def test_settings_that_cannot_work_end_as_a_failed_trial_of_one_run(trial, dataset, read_run, flags, code, reason):
    assert train.cli([f"--data={dataset.root}", f"--out={trial / 'runs'}", "--batch_size=1", *flags]) == code
    written = read_run(only_run(trial))
    assert written.summary["error"].startswith(reason)
    assert written.exit_code == 1
    assert not (trial / "runs").exists()


def test_a_run_that_is_not_to_be_overwritten_is_not_failed_either(trial, dataset, capsys):
    """The trial has its model; its run on the server is left as it is."""
    folder = trial / "runs" / "trial1"
    folder.mkdir(parents=True)
    for name in ("config.yaml", "model.safetensors"):
        (folder / name).touch()
    small = ["--architecture=plain_unet", "--batch_size=1", "--resize_factor=1"]
    assert train.cli([f"--data={dataset.root}", f"--out={trial / 'runs'}", *small]) == 0
    assert "runs/trial1: it holds the model of run trial1" in capsys.readouterr().err
    assert not (trial / "wandb").exists()


@pytest.mark.parametrize("flag", ["--learning_rate=0.1", "lr=0.1", "--config=nosuch.yaml"])
def test_a_mistake_that_all_trials_share_counts_for_the_agent(trial, read_run, flag):
    """Else an agent without a run cap starts trials that fail for ever."""
    assert train.cli([flag]) == 2
    assert read_run(only_run(trial)).summary["error"].startswith("CommonMistake: ")


def test_without_a_server_both_faults_are_said_and_the_agent_leaves(trial, monkeypatch, capsys):
    nowhere = {"MODE": "online", "BASE_URL": "http://127.0.0.1:9", "API_KEY": 40 * "a", "INIT_TIMEOUT": "1"}
    for name, value in nowhere.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    assert train.cli(["--crop_min=0.9", "--crop_max=0.8"]) == 2
    first, second = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert "crop_min=0.9" in first
    assert "W&B: the run could not be started" in second


def test_the_same_faults_outside_of_a_sweep_have_exit_code_2():
    assert train.cli(["--crop_min=0.9", "--crop_max=0.8"]) == 2


def test_faults_of_all_keep_their_words():
    with pytest.raises(CommonFault, match=r"^no frames$"), faults_of_all():
        raise ValueError("no frames")
    with pytest.raises(OSError, match="disk"), faults_of_all():
        raise OSError("disk")


def test_a_fault_of_all_says_so_by_its_class_and_not_as_an_error_of_the_system(trial):
    assert not issubclass(CommonFault, OSError)
    codes = [end_failed_trial(kind("x"), started=True) for kind in (CommonFault, OSError, ConfigError, ValueError)]
    assert codes == [2, 2, 0, 0]


def test_one_of_several_processes_ends_the_others(trial, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert end_failed_trial(ConfigError("x"), started=True) == 2


def start_and_kill(trial):
    """A process that starts the run of a trial and then dies."""
    code = "import time, wandb; wandb.init(project='roads'); print('on', flush=True); time.sleep(60)"
    environment = {**os.environ, "WANDB_RUN_ID": trial}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        process.kill()


@pytest.mark.usefixtures("online")
@pytest.mark.filterwarnings("ignore:Read the `app_url` setting:DeprecationWarning")  # the client's own, in wandb.sweep
@pytest.mark.soak
def test_trials_that_their_sweep_has_finished_or_stopped_are_known_by_the_server(new_run, tmp_path, monkeypatch):
    parameters = {"lr": {"min": 0.1, "max": 1.0}}
    sweep = wandb.sweep({"method": "random", "parameters": parameters}, project="roads")
    monkeypatch.setenv("WANDB_SWEEP_ID", sweep)
    out = tmp_path / "runs"

    def beat(agent, **running):
        return _agent_heartbeat(wandb.Api(), agent, {}, running)

    def hand_out():
        """An agent of its own, and the id of the trial that it is given and has started."""
        agent = _register_agent(wandb.Api(), "host", sweep_id=sweep, project="roads", entity="local")["id"]
        (command,) = beat(agent)
        last = out / command["run_id"] / "checkpoints" / "last.pt"
        last.parent.mkdir(parents=True)
        torch.save({"history": [{"epoch": 1.0}]}, last)
        return agent, command["run_id"]

    _, finished = hand_out()
    with tracked(new_run(resume_id=finished)):
        pass
    _, failed = hand_out()
    with pytest.raises(OSError, match="disk"), tracked(new_run(resume_id=failed)):
        raise OSError("disk full")
    crashing, crashed = hand_out()
    start_and_kill(crashed)
    beat(crashing, **{crashed: True})
    beat(crashing)  # it does not run any more, and has not said why
    stopping, stopped = hand_out()
    start_and_kill(stopped)
    beat(stopping, **{stopped: True})
    cancel = [sys.executable, "-m", "wandb", "sweep", "--cancel", f"local/roads/{sweep}"]
    subprocess.run(cancel, check=True, capture_output=True, timeout=60)
    assert beat(stopping, **{stopped: True}) == [{"type": "exit"}]
    states = {run.id: run.state for run in wandb.Api().sweep(f"local/roads/{sweep}").runs}
    assert [states[trial] for trial in (finished, failed, crashed, stopped)] == [
        "finished",
        "failed",
        "crashed",
        "killed",
    ]
    (out / "elsewhere" / "checkpoints").mkdir(parents=True)
    (out / "elsewhere" / "checkpoints" / "last.pt").touch()  # of no sweep
    with tracked(new_run()) as run:
        assert sorted(ended_trials(run, out)) == sorted([out / finished, out / stopped])
        free_ended_trials(run, out)
    left = {path.parents[1].name for path in out.glob("*/checkpoints/last.pt")}
    assert {failed, crashed, "elsewhere"} <= left
    assert not {finished, stopped} & left
    assert has_ended(out / stopped / "checkpoints")


def test_outside_of_a_sweep_no_other_run_is_asked_about(new_run, tmp_path):
    (tmp_path / "other" / "checkpoints").mkdir(parents=True)
    (tmp_path / "other" / "checkpoints" / "last.pt").touch()
    with tracked(new_run()) as run:
        assert ended_trials(run, tmp_path) == []
