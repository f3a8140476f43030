"""Ctrl-C in our commands, at each stage: one line, no traceback, and no server that is left."""

import os
import signal
import sys

import pytest

from tests.interrupted import interrupt
from wandb_local.client import running_server
from wandb_local.store.folder import DataFolder

OURS = [sys.executable, "-X", "importtime", "-m", "wandb_local"]
ENDED = (130, -signal.SIGINT)  # a shell reports 130 for both
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}


def command(name, folder):
    words = [*OURS, name, "--port", "0", "--data", str(folder / "data")]
    return words if name == "serve" else [*words, "--", "touch", str(folder / "begun")]


def check(ended, folder):
    said = [line for line in ended.lines if not line.startswith("import time:")]
    assert ended.code in ENDED and said == ["interrupted"] and ended.left == []
    assert running_server(DataFolder(folder / "data")) is None


@pytest.mark.parametrize("delay", [0.0, 0.05])
@pytest.mark.parametrize("name", ["serve", "exec"])
def test_the_start(name, delay, tmp_path):
    words = command(name, tmp_path)
    check(interrupt(words, ENVIRONMENT, lambda said: "wandb_local.interrupts" in said, delay), tmp_path)


def test_while_exec_waits_for_its_server(tmp_path):
    starting = tmp_path / "data" / "server.log"
    check(interrupt(command("exec", tmp_path), ENVIRONMENT, lambda _: starting.exists()), tmp_path)
    assert not (tmp_path / "begun").exists()
