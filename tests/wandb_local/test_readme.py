"""What the README of `wandb_local` shows runs as it stands, against a server of its own."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.client import run_process
from tests.wandb_local.process import ROOT

README = (ROOT / "wandb_local" / "README.md").read_text()
# As pip writes it.
INSTALLED = f"#!{sys.executable}\nimport sys\nfrom wandb_local.__main__ import main\nsys.exit(main())\n"


def block(text):
    """The code block that holds a text."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    (found,) = [block for block in blocks if text in block]
    return found


@pytest.fixture
def follow(tmp_path):
    """Runs the commands of a block in a new user's home, where `wandb-local` is on PATH; what they print."""
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    (programs / "wandb-local").write_text(INSTALLED)
    (programs / "wandb-local").chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "XDG_"))}
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**inherited, "HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT)}
    environment["WANDB_ERROR_REPORTING"] = "false"
    (home / "track.py").write_text(block("wandb.init"))
    (home / "sweep.yaml").write_text(block("method: bayes"))

    def run(commands):
        done = run_process(["sh", "-ec", commands], 200, environment, home)
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    return run


@pytest.mark.soak
def test_tracking_with_the_server_and_offline(follow):
    online, offline = re.split("^wandb-local serve.*\n", block("wandb-local serve"), flags=re.MULTILINE)
    assert re.search(r"to browse the tracked runs at http://\S+, start: wandb-local serve", follow(online))
    assert "imported local/demo/" in follow(offline)


@pytest.mark.soak
def test_searching(follow):
    make, try_out = block("wandb sweep").splitlines()
    (sweep,) = re.findall(r"local/demo/(\w+)$", follow(make), re.MULTILINE)
    said = follow(try_out.replace("ID", sweep))
    lrs = re.findall(r"lr: (0\.\d+)", said)
    assert len(set(lrs)) == 3
