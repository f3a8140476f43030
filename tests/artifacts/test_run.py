import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import wandb

from artifacts import start_run, sync_hint, tracked
from artifacts.run import ROOT, code_version, tracking_mode

EARLY = """
import os, signal, sys
from pathlib import Path
from files.interrupts import end_at_once, run_program, unwinding
signal.signal(signal.SIGINT, signal.default_int_handler)
end_at_once()
from artifacts import start_run

def main():
    with {block}:
        start_run({{}}, project="roads", folder=Path(sys.argv[1]))
        {end}

run_program(main)
"""
AT_ITS_LAST_LINES = """
import os, signal, sys
from pathlib import Path
from files.interrupts import advising, end_at_once, run_program
signal.signal(signal.SIGINT, signal.default_int_handler)
end_at_once()
from artifacts import start_run, tracked

class Watched:
    def __init__(self, stream):
        self.stream = stream
    def __getattr__(self, name):
        return getattr(self.stream, name)
    def write(self, text):
        count = self.stream.write(text)
        if "Run summary" in text:
            os.kill(os.getpid(), signal.SIGINT)
        return count

def main():
    last = []
    run = start_run({}, project="roads", folder=Path(sys.argv[1]))
    with advising("start again"), tracked(run, last):
        run.log({"epoch": 1, "train/loss": 0.5})
        last += ["model: here", "report: there"]
        sys.stderr = Watched(sys.stderr)
    print("not reached")

run_program(main)
"""
ENDS = {
    "at once": ("open(os.devnull)", "os.kill(os.getpid(), signal.SIGINT)", 130),
    "in a block": ("unwinding()", "os.kill(os.getpid(), signal.SIGINT)", 130),
    "by an error": ("open(os.devnull)", "return 2", 2),
}


def test_offline_by_default_in_the_run_folder(new_run, read_run, tmp_path):
    with tracked(new_run(tags=("a", "b"), job_type="evaluate", name="first")) as run:
        assert run.offline
        run.log({"epoch": 1, "train/loss": 0.5})
    written = read_run(Path(run.sync_dir))
    assert Path(run.sync_dir).parent == tmp_path / "run" / "wandb"
    assert written.config["lr"] == 0.1
    assert (written.job_type, sorted(written.tags)) == ("evaluate", ["a", "b"])
    assert written.history[0]["train/loss"] == 0.5
    assert written.exit_code == 0


def test_curves_are_over_epochs(new_run, read_run):
    with tracked(new_run()) as run:
        pass
    steps = read_run(Path(run.sync_dir)).step_metrics
    assert {name for name, step in steps.items() if step == "epoch"} == {"train/*", "val/*", "lr", "throughput"}


def test_the_id_that_a_job_sets_is_its_training_s_alone(new_run, monkeypatch):
    """A promotion after the training, in the same job, is a run of its own."""
    monkeypatch.setenv("WANDB_RUN_ID", "training1")
    with tracked(new_run()) as run:
        pass
    assert run.id != "training1"


def test_config_says_which_code_ran(new_run, read_run):
    with tracked(new_run()) as run:
        pass
    head = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    assert read_run(Path(run.sync_dir)).config["code"] == code_version()
    assert code_version()["commit"] == (head.stdout.strip() or None)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "file").write_text("one")
    who = ["-c", "user.name=n", "-c", "user.email=e@e"]
    for command in (["init", "-q"], ["add", "file"], [*who, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", root, *command], check=True)
    return root


def test_code_version_sees_changes(checkout):
    clean = code_version(checkout)
    assert len(str(clean["commit"])) == 40
    assert clean["dirty"] is False
    (checkout / "untracked").write_text("does not count")
    assert code_version(checkout) == clean
    (checkout / "file").write_text("two")
    assert code_version(checkout)["dirty"] is True


def test_code_version_without_a_checkout_of_its_own(checkout, tmp_path):
    inside = checkout / "site-packages"
    inside.mkdir()
    nothing = {"commit": None, "dirty": None, "program": Path(sys.argv[0]).name}
    assert code_version(inside) == nothing
    assert code_version(tmp_path / "missing") == nothing


@pytest.mark.parametrize("variable", ["WANDB_MODE", "WANDB_BASE_URL", "WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"])
def test_a_variable_decides_the_mode(variable, monkeypatch):
    assert tracking_mode() == "offline"
    monkeypatch.setenv(variable, "x")
    assert tracking_mode() is None


def test_stored_credentials_decide_the_mode(monkeypatch):
    netrc = Path(os.environ["NETRC"])
    netrc.write_text("machine elsewhere.example login user password " + "1" * 40)
    assert tracking_mode() == "offline"
    netrc.write_text("machine api.wandb.ai login user password " + "1" * 40)
    assert tracking_mode() is None


def test_a_server_that_is_not_there_is_an_error_with_ways_out(new_run, monkeypatch):
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_API_KEY", "1" * 40)
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "2")
    with pytest.raises(ConnectionError, match="WANDB_MODE=offline"):
        new_run()


def test_a_crash_fails_the_run_and_says_why(new_run, read_run):
    run = new_run()
    with pytest.raises(ZeroDivisionError), tracked(run):
        _ = 1 / 0
    written = read_run(Path(run.sync_dir))
    assert written.exit_code == 1
    assert written.summary["error"] == "ZeroDivisionError: division by zero"


def test_an_interrupted_run_fails_too(new_run, read_run):
    run = new_run()
    with pytest.raises(KeyboardInterrupt), tracked(run):
        raise KeyboardInterrupt
    assert read_run(Path(run.sync_dir)).exit_code == 1


@pytest.mark.parametrize("how", ENDS)
def test_a_run_that_ends_before_it_is_tracked_fails(how, read_run, tmp_path):
    block, end, code = ENDS[how]
    words = [sys.executable, "-c", EARLY.format(block=block, end=end), tmp_path / "run"]
    done = subprocess.run(words, env=os.environ | {"WANDB_MODE": "offline"}, cwd=ROOT, timeout=100, check=False)
    assert done.returncode == code
    (folder,) = tmp_path.glob("run/wandb/offline-run-*")
    assert read_run(folder).exit_code == code


def test_the_last_lines_are_printed_if_ctrl_c_comes_while_the_client_prints_its_own(tmp_path):
    words = [sys.executable, "-c", AT_ITS_LAST_LINES, tmp_path / "run"]
    ways = {"WANDB_MODE": "offline", "WANDB_SILENT": "false"}
    done = subprocess.run(words, env=os.environ | ways, cwd=ROOT, timeout=100, capture_output=True, text=True)
    assert done.returncode == 130 and "Run summary" in done.stderr and "Traceback" not in done.stderr
    said = "interrupted; the run is complete, but W&B's client may not have sent all of it"
    assert done.stderr.splitlines()[-1] == said
    assert "model: here\nreport: there\n" in done.stdout and "not reached" not in done.stdout


def test_sync_hint_names_every_part_of_a_resumed_run(new_run, tmp_path):
    folder = tmp_path / "with space"
    with tracked(new_run(folder=folder)) as first:
        pass
    with tracked(new_run(folder=folder, resume_id=first.id)) as second:
        pass
    assert second.id == first.id
    words = shlex.split(sync_hint(second).splitlines()[-1])
    assert words[-4:] == ["wandb", "sync", first.sync_dir, second.sync_dir]
    assert all(Path(word).is_dir() for word in words[-2:])


def test_disabled_tracks_nothing(new_run, monkeypatch, tmp_path):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    with tracked(new_run()) as run:
        run.log({"train/loss": 1.0})
    assert "disabled" in sync_hint(run)
    assert not list((tmp_path / "run").iterdir())


def test_start_run_makes_its_folder(tmp_path):
    folder = tmp_path / "a" / "b"
    with tracked(start_run({}, project="roads", folder=folder)) as run:
        assert Path(run.sync_dir).is_relative_to(folder)
    assert wandb.run is None
