"""Several processes that draw: the same bytes, and none of them is left."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from camvid.__main__ import main
from camvid.synth.drawing import FEW
from tests.camvid.commands import CHECKOUT
from tests.interrupted import interrupt

SMALL = ("--size", 32, 32)
LONG = [sys.executable, "-m", "camvid", "synth", "--frames=3000", "--size", "64", "64", "--processes=2"]
PATIENCE = 240  # seconds


def contents(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def await_frames(process, folder):
    """Its processes, once they have written frames."""
    deadline = time.monotonic() + PATIENCE
    while not list(folder.glob(".set.part/**/*.png")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return psutil.Process(process.pid).children(recursive=True)


def drawing(family):
    return [each for each in family if "spawn_main" in " ".join(each.cmdline())]


@pytest.mark.parametrize("options", [("--depth", "--one-camera"), ("--layout", "composites")])
def test_the_bytes_are_those_of_one_process(options, tmp_path):
    for count in (1, 2):
        words = ("--frames", FEW + 1, "--seed", 3, *SMALL, *options, "--processes", count)
        assert main(["synth", str(tmp_path / str(count)), *map(str, words)]) == 0
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_a_script_without_a_guard_draws(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"from camvid.synth import synth\nsynth({str(tmp_path / 'set')!r}, {FEW}, 0, size=(32, 32))\n")
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    subprocess.run([sys.executable, script], env=environment, check=True, timeout=PATIENCE)
    assert len(list(tmp_path.glob("set/LabeledApproved_full/*.png"))) == FEW


@pytest.mark.parametrize("layout", ["segnet", "composites"])
def test_no_process_is_refused_before_anything_is_drawn(layout, tmp_path, capsys):
    assert main(["synth", str(tmp_path / "set"), "--processes=0", "--layout", layout]) == 2
    assert capsys.readouterr().err == "error: processes must be 1 or more, got 0\n"
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("sign", ["drawing:   0%", "frame/s"], ids=["while they start", "while they draw"])
def test_ctrl_c_ends_all_with_one_line(sign, tmp_path):
    ended = interrupt([*LONG, str(tmp_path / "set")], os.environ, lambda said: sign in said)
    assert (ended.code, ended.lines[-1], ended.left, ended.stdout) == (130, "interrupted", [], "")
    assert all(line.startswith("drawing: ") for line in ended.lines[:-1])
    assert not any(tmp_path.iterdir())


@pytest.mark.soak
def test_a_killed_process_is_one_line_that_says_how_to_go_on(tmp_path):
    with subprocess.Popen([*LONG, tmp_path / "set"], cwd=CHECKOUT, stderr=subprocess.PIPE, text=True) as process:
        family = await_frames(process, tmp_path)
        drawing(family)[0].kill()
        _, said = process.communicate(timeout=PATIENCE)
    fix = "free memory, or give fewer --processes"
    line = f"error: a process that draws was killed, as by a system without free memory; {fix}\n"
    assert (process.returncode, said) == (2, line)
    assert psutil.wait_procs(family, timeout=PATIENCE)[1] == []
    assert not any(tmp_path.iterdir())


@pytest.mark.soak
def test_processes_end_with_a_command_that_is_killed(tmp_path):
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*LONG, tmp_path / "set"], cwd=CHECKOUT, stderr=quiet) as process:
        family = await_frames(process, tmp_path)
        assert len(drawing(family)) == 2
        process.kill()
    assert psutil.wait_procs(family, timeout=PATIENCE)[1] == []


@pytest.mark.soak
def test_a_full_disk_names_the_folder(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    words = " ".join(map(str, [*LONG, disk / "set"]))
    script = f"mount -t tmpfs -o size=200k tmpfs {disk} && {words}; code=$?; ls -A {disk}; exit $code"
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=PATIENCE)
    fault = "cannot be written (No space left on device); make room on that disk"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {disk / 'set'}: {fault}\n")
