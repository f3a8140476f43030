"""Ctrl-C in our commands, at each stage: one line, exit code 130, no process left, and no file that is half written."""

import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from commands.run_folder import resume_command
from tests.drawings import synth_once
from tests.interrupted import interrupt
from tests.train.started import command, only, run, variables

MANY = 2500  # small frames, which keep a command busy for some seconds


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "camvid"
    synth_once(folder, frames=20, seed=3, layout="segnet", size=(96, 128))
    return folder


@pytest.fixture(scope="module")
def large(data, tmp_path_factory):
    """The frames of train under many names."""
    folder = tmp_path_factory.mktemp("large")
    for split in ("train", "val"):
        for kind in ("", "annot"):
            files = sorted((data / f"train{kind}").iterdir())
            (folder / f"{split}{kind}").mkdir()
            for number in range(MANY if split == "train" else 20):
                (folder / f"{split}{kind}" / f"{split}_{number:05d}.png").hardlink_to(files[number % len(files)])
    return folder


@pytest.fixture
def environment(tmp_path):
    """With a folder of its own for temporary files, whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="i") as folder:
        yield variables(tmp_path) | {"TMPDIR": folder}


def ours(program, *options):
    return [sys.executable, *options, *(["train.py"] if program == "train" else ["-m", program])]


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def temporary(environment):
    """What is left for temporary files, but not what torch leaves: folders of the user and of loader processes."""
    names = [path.name for path in Path(environment["TMPDIR"]).iterdir()]
    return [name for name in names if not name.startswith(("torchinductor_", "pymp-"))]


@pytest.mark.parametrize("delay", [0.05, 0.5, pytest.param(1.5, marks=pytest.mark.soak)])
@pytest.mark.parametrize("program", ["train", "eval", "artifacts", "camvid"])
def test_the_start(program, delay, data, environment, tmp_path):
    words = {
        "train": command(data, tmp_path / "runs", "--epochs=2")[2:],
        "eval": ["compare", "cpu", "gpu", f"--out={tmp_path / 'out'}"],
        "artifacts": ["dataset", str(data)],
        "camvid": ["synth", str(tmp_path / "out"), "--frames=400"],
    }
    whole = [*ours(program, "-X", "importtime"), *words[program]]
    ended = interrupt(whole, environment, lambda said: "files.interrupts" in said, delay)  # Python's start is over
    said = [line for line in ended.lines if not line.startswith("import time:")]  # a child's may come last
    assert (ended.code, said[-1:], ended.left) == (130, ["interrupted"], [])
    assert "Traceback" not in ended.stderr
    assert files_in(tmp_path) == []
    assert temporary(environment) == []


@pytest.mark.parametrize(("name", "bar"), [("check", "checking"), ("stats", "train:"), ("convert", "converting")])
def test_commands_that_read_a_data_set(name, bar, large, environment, tmp_path):
    out = {"stats": [f"--out={tmp_path / 'out'}"], "convert": [str(tmp_path / "out")]}.get(name, [])
    ended = interrupt([*ours("camvid"), name, str(large), *out], environment, lambda said: bar in said)
    assert (ended.code, ended.lines[-1], ended.left, ended.stdout) == (130, "interrupted", [], "")
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.soak
@pytest.mark.parametrize(
    ("flags", "sign"),
    [
        (["--cache_gb=0.0001", "--workers=2", "--augment=color"], "step"),
        (["--workers=0"], "epoch   1/"),
    ],
    ids=["decoding workers", "after an epoch"],
)
def test_a_training_says_how_it_goes_on(flags, sign, data, environment, tmp_path):
    words = command(data, tmp_path / "runs", "--epochs=300", *flags)
    ended = interrupt(words, environment, lambda said: "training:" in said and sign in said.rpartition("training:")[2])
    folder = only(tmp_path / "runs")
    advice = f"`{resume_command(folder)}` continues the training"
    assert (ended.code, ended.lines[-1], ended.left) == (130, f"interrupted; {advice}", [])
    assert "Traceback" not in ended.stderr
    assert not list(folder.rglob(".*.tmp*"))
    assert temporary(environment) == []


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    run(command(data, folder / "runs", "--epochs=1"), variables(folder))
    return only(folder / "runs")


@pytest.mark.soak
@pytest.mark.parametrize("sign", ["evaluate: ", "100%|"])
def test_an_evaluation(sign, model, large, environment, tmp_path):
    words = [*ours("eval"), str(model), f"--data={large}", "--split=train", f"--out={tmp_path / 'out'}"]
    ended = interrupt(words, environment, lambda said: sign in said, delay=0.5)
    assert (ended.code, ended.lines[-1], ended.left) == (130, "interrupted", [])
    assert "Traceback" not in ended.stderr
    for path in (tmp_path / "out").glob("[!.]*.png"):
        Image.open(path).verify()
    assert temporary(environment) == []


@pytest.mark.soak
def test_several_trainings_end_together(data, environment, tmp_path):
    words = command(data, tmp_path / "runs", "--epochs=300", "--seeds=0,1")
    ended = interrupt(words, environment, lambda said: "training:" in said)
    (folder,) = (path.parent for path in tmp_path.glob("runs/*/*/config.yaml"))
    assert (ended.code, ended.left) == (130, [])
    assert f"interrupted; `{resume_command(folder)}` continues the training" in ended.lines
    assert ended.lines[-1] == "interrupted; the same command continues the trainings"
    assert "Traceback" not in ended.stderr
