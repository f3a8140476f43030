"""Several ``exec`` at once on one data folder, and signals to them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.wandb_local.process import ROOT, Server, run_command
from wandb_local.client import running_server
from wandb_local.store.folder import DataFolder

# Says that it has begun, waits for a file, then asks its server.
WORK = """
import os, pathlib, sys, time, urllib.request
name = pathlib.Path(sys.argv[1])
name.with_suffix(".begun").write_text(os.environ["WANDB_BASE_URL"])
while not name.with_suffix(".go").exists():
    time.sleep(0.02)
print(urllib.request.urlopen(os.environ["WANDB_BASE_URL"] + "/healthz", timeout=10).status)
"""
CAREFUL = """
import pathlib, signal, sys, time
def stop(number, _):
    pathlib.Path(sys.argv[1]).with_suffix(".ended").write_text(str(number))
    sys.exit(3)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1]).with_suffix(".begun").touch()
time.sleep(60)
"""


def wait_for(path):
    deadline = time.monotonic() + 60
    while not path.exists() or (path.suffix == ".begun" and not path.stat().st_size and "careful" not in path.name):
        assert time.monotonic() < deadline, path
        time.sleep(0.02)
    return path.read_text()


@pytest.fixture
def start(tmp_path):
    """Starts ``exec`` with Python code that is given a name to leave files under."""
    running = []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}

    def begin(name, code=WORK):
        command = [sys.executable, "-m", "wandb_local", "exec", "--port", "0", "--data", str(tmp_path / "data"), "--"]
        command += [sys.executable, "-c", code, str(tmp_path / name)]
        variables = environment | {"PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(command, env=variables, stdout=pipe, stderr=pipe, text=True))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate(timeout=30)


def ended(process):
    """Its output and exit code."""
    out, err = process.communicate(timeout=60)
    return out, process.returncode, err


@pytest.mark.soak
def test_the_last_of_several_stops_the_server(start, tmp_path):
    """They start at the same moment, and leave one after the other; one of them is killed."""
    folder = DataFolder(tmp_path / "data")
    names = ("first", "second", "third", "killed")
    users = {name: start(name) for name in names}
    urls = {wait_for(tmp_path / f"{name}.begun") for name in names}
    assert len(urls) == 1
    users["killed"].kill()
    (tmp_path / "killed.go").touch()
    for name in ("first", "second"):
        (tmp_path / f"{name}.go").touch()
        out, code, err = ended(users[name])
        assert (out, code) == ("200\n", 0), err
        assert "to browse" not in err and running_server(folder) in urls
    (tmp_path / "third.go").touch()
    out, code, err = ended(users["third"])
    assert (out, code) == ("200\n", 0) and "to browse the tracked runs" in err
    assert running_server(folder) is None
    with Server(tmp_path):  # the folder is free at once
        pass


def test_a_server_that_was_started_by_hand_stays(start, tmp_path):
    (tmp_path / "only.go").touch()
    with Server(tmp_path) as server:
        assert ended(start("only"))[1] == 0
        assert running_server(DataFolder(server.data)) == server.url


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_exec_reaches_the_command_and_the_server_is_stopped(start, tmp_path, number):
    code = CAREFUL.replace("signal.SIGTERM", f"signal.{number.name}")
    process = start("careful", code)
    wait_for(tmp_path / "careful.begun")
    process.send_signal(number)
    _, code, err = ended(process)
    assert (code, (tmp_path / "careful.ended").read_text()) == (3, str(int(number))), err
    assert running_server(DataFolder(tmp_path / "data")) is None


def test_a_signal_before_the_command_runs_leaves_no_server(start, tmp_path):
    process = start("early")
    deadline = time.monotonic() + 60
    while not (tmp_path / "data" / "starting").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.terminate()
    assert ended(process)[1] == 128 + signal.SIGTERM
    assert not (tmp_path / "early.begun").exists()
    left = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"]]
    assert not [command for command in left if str(tmp_path / "data") in command]  # one may not have announced itself


def test_a_signal_that_comes_as_the_command_starts_reaches_it(tmp_path):
    words = ["sh", "-c", "kill -HUP $PPID; exec sleep 100"]  # before the other process knows its number, now and then
    done = run_command("exec", "--port", "0", "--data", tmp_path / "d", "--", *words, check=False)
    assert done.returncode == 128 + signal.SIGHUP


def test_a_command_that_a_signal_ended_says_so(tmp_path):
    done = run_command("exec", "--port", "0", "--data", tmp_path / "d", "--", "sh", "-c", "kill -9 $$", check=False)
    assert done.returncode == 128 + 9


def test_the_command_for_later_is_a_path_where_python_is_another_one(tmp_path):
    (tmp_path / "python").symlink_to("/bin/true")
    done = run_command("exec", "--data", tmp_path / "data", "--", "/bin/true", PATH=str(tmp_path))
    own = Path(sys.executable)
    shown = own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own
    assert f": {shown} -m wandb_local serve --" in done.stderr
