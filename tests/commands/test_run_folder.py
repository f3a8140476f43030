"""The command that continues a training. What `run_folder` refuses is tested in `tests/test_preflight.py`."""

import shlex
import sys
from pathlib import Path

from commands.run_folder import resume_command
from tests.wandb_local.process import run_command

ASK = "from pathlib import Path; from commands.run_folder import resume_command; print(resume_command(Path('a b')))"


def test_a_training_that_exec_started_goes_on_through_exec(tmp_path):
    words = ("exec", "--port", "0", "--data", tmp_path / "own data", "--")
    done = run_command(*words, sys.executable, "-c", ASK)
    shown = shlex.join(["python", "-m", "wandb_local", *map(str, words)])
    assert done.stdout == f"{shown} python train.py --resume 'a b'\n"


def test_what_exec_takes_anyway_is_not_said(tmp_path):
    done = run_command("exec", "--", sys.executable, "-c", ASK, XDG_DATA_HOME=str(tmp_path))
    assert done.stdout == "python -m wandb_local exec -- python train.py --resume 'a b'\n"


def test_without_exec_it_is_the_training_alone_by_the_same_python(monkeypatch, tmp_path):
    monkeypatch.delenv("WANDB_LOCAL_EXEC", raising=False)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert resume_command(Path("runs/1")) == "python train.py --resume runs/1"
    (tmp_path / "python").symlink_to("/bin/sh")
    for other in (str(tmp_path), ""):
        monkeypatch.setenv("PATH", other)
        started = shlex.split(resume_command(Path("runs/1")))
        assert Path(started[0]).absolute() == Path(sys.executable)
        assert started[1:] == ["train.py", "--resume", "runs/1"]
