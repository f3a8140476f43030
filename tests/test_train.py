"""The recipe as a user runs it: real processes, drawn scenes, W&B offline."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file

import train
from camvid.layouts import open_camvid
from camvid.synth import synth
from camvid.taxonomy import load_taxonomy
from eval.__main__ import main as eval_main
from models import ARCHITECTURES, load_model
from tests.client import teardown
from tests.wandb_local.process import Server

ROOT = Path(__file__).parents[1]
RESUMED = ["--epochs=4", "--ema=0.8", "--augment=color"]
SMALL = ["--backbone=mobilenetv3_small_050", "--resize_factor=0.67", "--batch_size=4", "--augment=crop", "--lr=0.003"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "camvid"
    synth(folder, frames=20, seed=3, layout="segnet", size=(96, 128))
    return folder


def variables(folder):
    """What a training is started with: W&B offline, all that it leaves in the folder."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    places = {name: str(folder / name) for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR")}
    ways = {"WANDB_MODE": "offline", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return kept | places | ways | {"XDG_CACHE_HOME": str(folder / "cache")}


@pytest.fixture
def environment(tmp_path):
    return variables(tmp_path)


@pytest.fixture
def here(environment, monkeypatch):
    """This process as the others are started: their variables, their folder, and a client that begins anew."""
    for name in os.environ.keys() - environment.keys():
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ROOT)
    teardown()
    yield
    teardown()


def command(data, out, *flags):
    return [sys.executable, "train.py", f"--data={data}", f"--out={out}", *SMALL, *flags]


def run(words, environment, code=0):
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def only(folder):
    (child,) = folder.iterdir()
    return child


def test_a_run_leaves_a_model_a_report_and_a_way_to_sync(data, tmp_path, here, capsys):
    flags = ["--epochs=3", "--ema=0.8", "--loss={focal: 1.0, dice: 1.0}"]
    assert train.cli(command(data, tmp_path / "runs", *flags)[2:]) == 0
    said = capsys.readouterr().out
    folder = only(tmp_path / "runs")
    lines = [line for line in said.splitlines() if line.startswith("epoch")]
    assert len(lines) == 3
    assert all("mIoU" in line and "priority Dice" in line for line in lines)
    pictures = ("report/index.html", "report/curves.png", "data/class_weights.png", "data/augmentation.png")
    for path in ("model.safetensors", "config.yaml", "taxonomy.yaml", "data.yaml", "metrics.json", *pictures):
        assert (folder / path).is_file(), path
    assert len(list((folder / "wandb").rglob("media/images/data/augmentation_*.png"))) == 1
    assert f"model:  {folder}/model.safetensors" in said
    assert "wandb sync" in said

    saved = load_model(folder)
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["history.json"]
    assert train.cli(["--resume", str(folder)]) == 2
    assert f"error: {folder} has ended and keeps no state of its optimiser" in capsys.readouterr().err
    assert len(list((folder / "wandb").glob("offline-run-*"))) == 1  # nothing was tracked
    assert yaml.safe_load((folder / "config.yaml").read_text())["loss"] == {"focal": 1.0, "dice": 1.0}
    assert len(saved.data["digest"]) >= 32

    # the metrics are those of these weights: evaluating the saved model gives them again
    out = tmp_path / "again"
    assert eval_main([str(folder), f"--data={data}", "--split=val", f"--out={out}"]) == 0
    again, first = (json.loads(path.read_text()) for path in (out / "metrics.json", folder / "metrics.json"))
    for key in ("miou", "priority_dice", "pixel_acc", "foreground_acc"):
        assert again[key] == pytest.approx(first[key], abs=1e-6)


def unlike(data, tmp_path):
    """The data with two frames of other shapes in each split, and its taxonomy without priority classes."""
    copy = tmp_path / "unlike"
    shutil.copytree(data, copy)
    for split in ("train", "val"):
        frames = open_camvid(copy).splits[split]
        for frame, size in ((frames[0], (64, 160)), (frames[-1], (300, 200))):  # the first is not as most are
            for path in (frame.image, frame.mask):
                with Image.open(path) as picture:
                    resized = picture.resize(size, Image.Resampling.NEAREST)
                resized.save(path)
    taxonomy = load_taxonomy("camvid11").to_dict()
    taxonomy["classes"] = [{k: v for k, v in spec.items() if k != "priority"} for spec in taxonomy["classes"]]
    (copy / "taxonomy.yaml").write_text(yaml.safe_dump(taxonomy))
    return copy


def test_data_unlike_most_is_said_at_the_start_and_each_frame_evaluated_at_its_size(
    data, tmp_path, here, capsys, monkeypatch
):
    """Frames of several shapes, no priority classes, and a model without a backbone that may be trained plainly."""
    monkeypatch.setitem(ARCHITECTURES, "mine", lambda num_classes, *_: torch.nn.Conv2d(3, num_classes, 1))
    root = unlike(data, tmp_path)
    flags = ["--epochs=1", "--architecture=mine", "--taxonomy=own", "--class_weights=inverse"]
    assert train.cli(command(root, tmp_path / "runs", *flags)[2:]) == 0
    said = capsys.readouterr().err.splitlines()
    assert sum("has no priority class: priority Dice is undefined" in line for line in said) == 1
    (sizes,) = [line for line in said if "the train frames have 3 sizes" in line]
    assert "each is fitted into 128x96 with its aspect kept and the rest is void" in sizes

    folder, out = only(tmp_path / "runs"), tmp_path / "report"
    assert eval_main([str(folder), f"--data={root}", "--split=val", f"--out={out}"]) == 0
    done = capsys.readouterr()
    assert done.err.count("has no priority class") == 1
    assert "predicted at 64x96 and 1 other size, " in done.out  # 300x200 is fitted into 128x96
    again, first = (json.loads(path.read_text()) for path in (out / "metrics.json", folder / "metrics.json"))
    for key in ("miou", "pixel_acc", "foreground_acc"):
        assert again[key] == pytest.approx(first[key], abs=1e-6)
    assert again["priority_dice"] is None
    val = open_camvid(root, "own").splits["val"]
    masks = [np.asarray(Image.open(frame.mask)) for frame in val]
    table = pd.read_csv(out / "per_image.csv").set_index("name")
    for frame, mask in zip(val, masks, strict=True):
        assert table.loc[frame.name, "pixels/Road/true"] == (mask == 3).sum()  # at the mask's own size


def weights(folder):
    return load_file(folder / "model.safetensors")


def killed(words, environment, epochs, delay):
    """Starts a run and kills it `delay` seconds after its line of that many epochs, of 0 epochs after its start."""
    process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + 200
    assert process.stdout is not None
    for line in process.stdout if epochs else ():
        if line.startswith(f"epoch {epochs:3d}/") or time.monotonic() > end:
            break
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The weights of a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    run(command(data, folder / "runs", *RESUMED), variables(folder))
    return weights(only(folder / "runs"))


@pytest.mark.soak
@pytest.mark.parametrize(("epochs", "delay"), [(1, 0.0), (1, 0.15), (1, 0.7), (2, 0.05), (2, 0.3), (3, 0.0)])
def test_a_run_killed_at_any_moment_resumes_to_the_same_weights(whole, data, tmp_path, environment, epochs, delay):
    killed(command(data, tmp_path / "cut", *RESUMED), environment, epochs, delay)
    folder = only(tmp_path / "cut")
    assert not (folder / "model.safetensors").exists()
    run([sys.executable, "train.py", "--resume", str(folder)], environment)
    resumed = weights(folder)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(value, resumed[key]) for key, value in whole.items())


def way_to(server):
    """Variables that send a client to a server."""
    return {"WANDB_MODE": "online", "WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.key}


def epochs_on(server, run_id):
    """The epochs of the rows that a server has of a run, in their order; those of the tables stand at the last one."""
    with contextlib.closing(sqlite3.connect(server.data / "records.sqlite3")) as database:
        sql = "SELECT line FROM history JOIN runs ON runs.id = run_id WHERE name = ? ORDER BY number"
        rows = [json.loads(line) for (line,) in database.execute(sql, (run_id,))]
    assert {row["epoch"] for row in rows if "val/edge_cases" in row} == {8}
    return [row["epoch"] for row in rows if "train/loss" in row]


STORM = [(1, 0.0), (2, 0.1), (0, 8.0), (4, 0.02), (6, 0.3), (8, 1.0)]  # the last one while it evaluates


def storm(data, folder, environment):
    """A training of 8 epochs that is killed again and again; its folder, and what the last process printed."""
    words = command(data, folder / "runs", "--epochs=8", "--crp=true")
    for epochs, delay in STORM:
        killed(words, environment, epochs, delay)
        words = [sys.executable, "train.py", "--resume", str(only(folder / "runs"))]
    return only(folder / "runs"), run(words, environment).stdout


@pytest.mark.soak
def test_a_server_has_every_epoch_of_a_run_that_was_killed_once_and_in_order(data, tmp_path, environment):
    with Server(tmp_path) as server:
        folder, _ = storm(data, tmp_path, environment | way_to(server))
        assert epochs_on(server, folder.name) == list(range(1, 9))


@pytest.mark.soak
def test_a_run_that_was_killed_offline_comes_whole_by_sync_and_by_import(data, tmp_path, environment):
    folder, said = storm(data, tmp_path, environment)
    with Server(tmp_path) as server:
        online = environment | way_to(server) | {"WANDB_DIR": str(tmp_path)}
        words = shlex.split(said.partition("to send it to a server: wandb ")[2].splitlines()[0])
        for _ in range(2):
            done = run([sys.executable, "-m", "wandb", *words], online)
            assert "ERROR" not in done.stdout + done.stderr
            assert epochs_on(server, folder.name) == list(range(1, 9))
            for mark in folder.glob("wandb/*/*.synced"):
                mark.unlink()
    (tmp_path / "other").mkdir()
    with Server(tmp_path / "other") as server:
        for verb in ("imported local/camvid/{}", "local/camvid/{} was imported before"):
            words = ["-m", "wandb_local", "import", "--data", str(server.data), str(tmp_path / "runs")]
            done = run([sys.executable, *words], environment)
            assert (done.stdout, done.stderr) == (verb.format(folder.name) + "\n", "")
            assert epochs_on(server, folder.name) == list(range(1, 9))


LAUNCH = [str(Path(sys.executable).parent / "accelerate"), "launch", "--multi_gpu", "--num_processes=2"]
LAUNCH += ["--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0", "train.py"]


@pytest.mark.soak
def test_two_processes_train_what_one_does(data, tmp_path, environment):
    flags = ["--epochs=3", "--augment=flip", "--ema=0.5", "--lr=0.001", "--precision=fp32", "--device=cpu"]
    run(command(data, tmp_path / "one", *flags), environment)
    done = run([*LAUNCH, *command(data, tmp_path / "two", *flags)[2:]], environment)
    folder = only(tmp_path / "two")
    assert len(list((folder / "wandb").glob("offline-run-*"))) == 1
    assert not list((folder / "checkpoints").glob(".*"))
    lines = [line for line in done.stdout.splitlines() if line.startswith(("epoch", "model:", "report:"))]
    assert [line.split()[0] for line in lines] == ["epoch"] * 3 + ["model:", "report:"]
    one, two = (json.loads((only(tmp_path / name) / "metrics.json").read_text()) for name in ("one", "two"))
    # shares of a batch are normalised by themselves on a CPU, so the weights differ a little
    for key, near in {"miou": 0.06, "pixel_acc": 0.06, "priority_dice": 0.1}.items():
        assert two[key] == pytest.approx(one[key], abs=near), key

    # the metrics are those of the whole split: evaluating the saved model in one process gives them again
    out = tmp_path / "again"
    run([sys.executable, "-m", "eval", str(folder), f"--data={data}", "--split=val", f"--out={out}"], environment)
    again = json.loads((out / "metrics.json").read_text())
    assert {key: again[key] for key in ("miou", "pixel_acc")} == pytest.approx(
        {key: two[key] for key in ("miou", "pixel_acc")}, abs=1e-6
    )


@pytest.mark.soak
def test_an_error_of_one_of_two_processes_ends_both(data, tmp_path, environment):
    done = run([*LAUNCH, *command(data, tmp_path / "two", "--batch_size=3", "--device=cpu")[2:]], environment, code=1)
    assert done.stderr.count("error: batch_size=3 cannot be shared by 2 processes: make it a multiple of 2") >= 1
    assert not (tmp_path / "two").exists()  # refused before there is a run


def damaged(data, tmp_path, change):
    copy = tmp_path / "damaged"
    shutil.copytree(data, copy)
    change(copy)
    return copy


def truncate_frame(root):
    frame = sorted((root / "train").iterdir())[2]
    os.truncate(frame, frame.stat().st_size // 2)


def label_outside(root):
    from PIL import Image

    mask = sorted((root / "trainannot").iterdir())[2]
    picture = Image.open(mask).copy()
    picture.putpixel((0, 0), 77)
    picture.save(mask)


def empty_val(root):
    for folder in ("val", "valannot"):
        for file in (root / folder).iterdir():
            file.unlink()


def nested(root):
    for folder in ("train", "val", "test"):
        (root / folder).rename(root / "city")
        (root / folder).mkdir()
        (root / "city").rename(root / folder / "city")


def remove_mask(root):
    sorted((root / "valannot").iterdir())[0].unlink()


@pytest.mark.parametrize(
    ("flags", "change", "message"),
    [
        (["--lrr=1"], None, "unknown key 'lrr'; did you mean 'lr'?"),
        (["--epochs=many"], None, "epochs='many': Input should be a valid integer"),
        (["--batch_size=500"], None, "batch_size=500 is larger than the train split"),
        (["--backbone=resnet43"], None, "resnet34"),
        (["--loss=hinge"], None, "hinge"),
        (["--device=cuda"], None, "this machine shows no CUDA device"),
        (["--taxonomy=camvid13"], None, "camvid13"),
        ([], label_outside, "77"),
        ([], remove_mask, "damaged/val/"),
        ([], empty_val, "the val split has no frames"),
        ([], nested, "layout segnet, and no frame with its label: train/ holds no picture, but train/city/ has"),
    ],
)
def test_mistakes_are_named_in_one_line_with_exit_code_2(data, tmp_path, here, capsys, flags, change, message):
    if flags == ["--device=cuda"] and torch.cuda.is_available():
        flags, message = ["--lr=-1"], "lr=-1"  # this machine has one
    root = damaged(data, tmp_path, change) if change else data
    assert train.cli(command(root, tmp_path / "runs", "--epochs=1", *flags)[2:]) == 2
    said = capsys.readouterr().err
    error = [line for line in said.splitlines() if line.startswith("error: ")]
    assert len(error) == 1, said
    assert message in error[0]
    assert "Traceback" not in said
    assert (tmp_path / "runs").exists() == (change is label_outside)  # found when the frames are decoded, in the run


@pytest.mark.parametrize("flags", ["--mirror=true", "--fit=fine_tune"])
def test_a_model_of_ones_own_is_refused_what_it_cannot_do(data, tmp_path, here, capsys, monkeypatch, flags):
    monkeypatch.setitem(ARCHITECTURES, "mine", lambda num_classes, *_: torch.nn.Conv2d(3, num_classes, 1))
    words = command(data, tmp_path / "runs", "--epochs=1", "--architecture=mine", flags)[2:]
    assert train.cli(words) == 2
    (error,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert flags[2:].split("=")[0] in error
    assert "Conv2d" in error
    assert not list((tmp_path / "runs").glob("*/checkpoints/*"))


@pytest.mark.soak
def test_a_damaged_frame_is_named_by_a_process_that_ends_with_2(data, tmp_path, environment):
    done = run(command(damaged(data, tmp_path, truncate_frame), tmp_path / "runs", "--epochs=1"), environment, code=2)
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "damaged/train/" in error
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("root", "flags", "message"),
    [
        ("nowhere", [], "nowhere: no such folder"),
        (".", [], "no layout of CamVid recognised"),
        ("camvid", ["--taxonomy=camvid13"], "neither one of camvid11, camvid12, camvid32 nor a YAML file"),
        ("camvid", ["--project=a/b"], "project='a/b'"),
    ],
)
def test_what_is_quickly_known_is_told_before_torch_is_imported(data, tmp_path, environment, root, flags, message):
    words = command(data.parent / root, tmp_path / "runs", *flags)
    done = run([words[0], "-X", "importtime", *words[1:]], environment, code=2)
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert message in error
    assert "Traceback" not in done.stderr
    assert not re.search(r"\| +torch$", done.stderr, re.MULTILINE)  # which takes seconds to import
    assert re.search(r"\| +yaml$", done.stderr, re.MULTILINE)
    assert not (tmp_path / "runs").exists()


def test_debug_shows_the_traceback(tmp_path, environment):
    done = run(command(tmp_path / "nowhere", tmp_path / "runs", "--debug"), environment, code=2)
    assert "Traceback" in done.stderr


def test_importing_the_recipe_does_nothing(tmp_path):
    code = "import sys; sys.path.insert(0, sys.argv[1]); import train; print(sorted(vars(train)) and 'quiet')"
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "quiet"
    assert not done.stderr
    assert not list(tmp_path.iterdir())
