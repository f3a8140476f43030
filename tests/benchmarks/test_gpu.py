"""The whole check as a process, on drawn frames and the CPU, in a copy of the code that is no git checkout."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.gpu import BEYOND, main, shares
from benchmarks.gpu_check import private
from tests.drawings import synth_once

ROOT = Path(__file__).parents[2]
CODE = ("artifacts", "benchmarks", "camvid", "commands", "configs", "eval", "files", "losses", "models", "training")
SMALL = ["--backbone=test_resnet", "--weights=none", "--resize_factor=0.5", "--batch_size=4", "--mirror=false"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "camvid"
    synth_once(folder, frames=12, seed=2, layout="segnet", size=(96, 128))
    return folder


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """The code without git."""
    copy = tmp_path_factory.mktemp("code")
    for folder in CODE:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("train.py", "flags.py"):
        shutil.copy(ROOT / file, copy)
    return copy


@pytest.fixture
def start(code, data, tmp_path):
    """Starts the command; all that it could leave outside of its folder is in `tmp_path`/elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "XDG_"))}
    variables = {"HOME": str(elsewhere), "TMPDIR": str(elsewhere), "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    variables |= {"PYTHONDONTWRITEBYTECODE": "1"}

    def start(*flags, data=data):
        words = [sys.executable, "-m", "benchmarks.gpu", f"--data={data}", f"--out={tmp_path / 'out'}", *flags]
        pipe = subprocess.PIPE
        return subprocess.Popen(words, cwd=code, env=kept | variables, stdout=pipe, stderr=pipe, text=True)

    return start


@pytest.fixture
def refused(data, tmp_path, capsys, monkeypatch):
    """Runs the command in this process, and gives the lines of the error with which it ends."""
    for name, value in private(tmp_path / "out").items():  # it sets them; afterwards they are as before
        monkeypatch.setenv(name, value)
    handler = signal.getsignal(signal.SIGTERM)

    def refused(*flags, data=data):
        with contextlib.suppress(SystemExit):
            assert main([f"--data={data}", f"--out={tmp_path / 'out'}", *flags]) == 2
        return capsys.readouterr().err.splitlines()

    yield refused
    signal.signal(signal.SIGTERM, handler)


def steps(folder):
    """The steps in gpu.json: what was measured, and the rest."""
    found = json.loads((folder / "gpu.json").read_text())["steps"]
    return {(each["step"], each["what"]): each for each in found}


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def kill_child(process, module):
    """Kill the process that runs the module, as soon as there is one."""
    while process.poll() is None:
        for child in psutil.Process(process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if module in child.cmdline():
                    child.kill()
                    return
        time.sleep(0.05)
    raise AssertionError(f"{module} was not started")


@pytest.mark.soak
@pytest.mark.timeout(450)
def test_all_steps(start, code, tmp_path):
    before = files(code)
    chosen = "environment,ours,ours-captured,loop,training,evaluation"
    with start("--device=cpu", "--minutes=2", "--epochs=2", f"--steps={chosen}", *SMALL) as process:
        said, errors = process.communicate(timeout=400)
    assert process.returncode == 0, said + errors
    found = steps(tmp_path / "out")
    assert len(found) == 6
    assert found["environment", "machine"]["figures"]["commit"] == "unknown"
    assert found["rates", "ours, unet test_resnet, captured"]["says"] == "no CUDA"
    bare = found["rates", "ours, unet test_resnet, eager"]["figures"]
    assert bare["images_per_second"] == pytest.approx(4000 / bare["milliseconds"])
    loop = found["loop", "unet test_resnet"]["figures"]
    assert loop["of_bare"] == pytest.approx(loop["images_per_second"] / bare["images_per_second"])
    assert len(loop["by_epoch"]) > 1
    trained = found["training", "train.py, 2 min"]["figures"]
    taken = trained["seconds"]
    assert 0 < taken["start to first step"] < taken["in all"]
    assert 0 < taken["last step to last printed line"] <= taken["last step to exit"] < taken["in all"]
    tested = found["evaluation", "python -m eval --split test"]["figures"]
    assert set(tested["scores"]) == set(trained["scores"]) >= {"mIoU", "priority Dice", "IoU of Bicyclist"}
    assert len([line for line in said.splitlines() if line.startswith("[")]) == 6
    page = (tmp_path / "out" / "gpu.md").read_text()
    assert page.count("Captured: the kernels of a step were recorded") == page.count("The loop also makes") == 1
    assert all(f"\n## {title}\n" in page for title in ("Steps", "Bare steps", "The loop of a training", "Scores"))
    assert files(tmp_path / "elsewhere") == []
    assert files(code) == before


@pytest.mark.soak
def test_a_step_that_fails_is_a_line_and_the_next_one_runs(start, tmp_path):
    with start("--device=cpu", "--steps=ours,smp,evaluation", *SMALL) as process:
        kill_child(process, "benchmarks.gpu_rates")
        said, errors = process.communicate(timeout=120)
    assert process.returncode == 1, said + errors
    found = steps(tmp_path / "out")
    assert found["rates", "ours, unet test_resnet, eager"]["error"] == "killed by signal 9"
    assert found["rates", "smp.Unet resnet50, eager"]["figures"]["images_per_second"] > 0
    assert "no model" in found["evaluation", "python -m eval --split test"]["error"]
    assert "rates: ours, unet test_resnet, eager: FAILED: killed by signal 9\n" in said


@pytest.mark.soak
def test_a_check_that_is_cut_off_has_told_what_it_found(start, tmp_path):
    with start("--device=cpu", "--steps=environment,ours", *SMALL) as process:
        while "environment: machine" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert list(steps(tmp_path / "out")) == [("environment", "machine")]
    assert "| environment |" in (tmp_path / "out" / "gpu.md").read_text()


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["--device=cpu", "--batch_sise=4"], "batch_size"),
        (["--device=cpu", "--seeds=0,1"], "error: --vary, --seeds and --resume: this checks one training; leave"),
        (["--device=cpu", "--steps=training,speed"], "'speed' is no step; choose from environment, rates, loop"),
    ],
)
def test_mistakes_are_one_line(refused, tmp_path, flags, line):
    assert line in refused(*flags, *SMALL)[-1]
    assert not (tmp_path / "out" / "gpu.json").exists()


def test_a_missing_card_is_one_line(start, tmp_path):
    with start(*SMALL) as process:
        errors = process.communicate(timeout=120)[1]
    assert process.returncode == 2
    fault = "this machine shows no CUDA device; --device cpu checks the same on the CPU"
    assert errors.splitlines() == [f"error: --device cuda: {fault}"]
    assert not (tmp_path / "out" / "gpu.json").exists()


def test_an_earlier_check_is_not_overwritten(refused, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "gpu.json").write_text("{}")
    assert refused("--device=cpu", "--steps=environment", *SMALL) == [
        f"error: {tmp_path / 'out'}: holds an earlier check; take another --out, or delete it"
    ]
    assert (tmp_path / "out" / "gpu.json").read_text() == "{}"


def test_missing_data_are_one_line(refused, tmp_path):
    (line,) = refused("--device=cpu", data=tmp_path / "nowhere")
    assert line.startswith(f"error: {tmp_path / 'nowhere'}: ")


@pytest.mark.parametrize("minutes", [0.5, 2, 4])
def test_all_steps_together_take_less_than_four_minutes_beyond_the_training(minutes):
    assert sum(share.seconds for share in shares(minutes).values()) == 60 * minutes + BEYOND < 60 * (minutes + 4)
    assert all(share.least <= share.seconds for share in shares(minutes).values())
